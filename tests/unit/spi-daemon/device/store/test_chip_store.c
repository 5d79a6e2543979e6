// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/device/store/chip_store.h"
#include "tests/lib/test.h"

#define KIB  1024u
#define MIB  (1024 * KIB)
#define SIZE (64 * KIB)

struct fixture {
	char dir[32];
	char file[48]; /* in @dir; does not exist yet */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/chip_store.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/image", f->dir);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->file);
	if (rmdir(f->dir)) /* fails if a file was left there */
		return -1;
	free(f);
	return 0;
}

static void make_file(const struct fixture *f, off_t size)
{
	int fd = open(f->file, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static uint8_t read_byte(const struct chip_store *store, uint32_t addr)
{
	uint8_t byte = 0;

	assert_int_equal(chip_store_read(store, addr, &byte, 1), 0);
	return byte;
}

static void program_byte(struct chip_store *store, uint32_t addr, uint8_t byte)
{
	assert_int_equal(chip_store_program(store, addr, &byte, 1), 0);
}

static void erase(struct chip_store *store, uint32_t addr, size_t len)
{
	assert_int_equal(chip_store_erase(store, addr, len), 0);
}

static void assert_erased(const struct chip_store *store, uint32_t start,
			  uint32_t end)
{
	for (; start < end; start++) {
		if (read_byte(store, start) != 0xff)
			fail_msg("%#x is not erased", start);
	}
}

/* What stores in memory and in a file have in common */
static void check_contents(struct chip_store *store)
{
	assert_erased(store, 0, SIZE);
	program_byte(store, 5000, 0xf0);
	assert_int_equal(read_byte(store, 5000), 0xf0);
	program_byte(store, 5000, 0x3c);
	assert_int_equal(read_byte(store, 5000), 0x30);
	program_byte(store, 5000, 0xff);
	assert_int_equal(read_byte(store, 5000), 0x30);
	program_byte(store, 4095, 0x11);
	program_byte(store, 8192, 0x22);
	erase(store, 4096, 4096);
	assert_int_equal(read_byte(store, 4095), 0x11);
	assert_int_equal(read_byte(store, 8192), 0x22);
	assert_erased(store, 4096, 8192);
	erase(store, 0, SIZE);
	assert_erased(store, 0, SIZE);
}

static void check_overwrite(struct chip_store *store)
{
	uint8_t bytes[3000], read[sizeof(bytes)];

	memset(bytes, 0x0f, sizeof(bytes));
	program_byte(store, 100, 0);
	assert_int_equal(chip_store_write(store, 90, bytes, sizeof(bytes)), 0);
	assert_int_equal(chip_store_read(store, 90, read, sizeof(read)), 0);
	assert_memory_equal(read, bytes, sizeof(bytes));
	memset(bytes, 0xf3, sizeof(bytes));
	/* Longer than a chunk. */
	assert_int_equal(chip_store_program(store, 90, bytes, sizeof(bytes)),
			 0);
	assert_int_equal(read_byte(store, 90), 0x03);
	assert_int_equal(read_byte(store, 90 + sizeof(bytes) - 1), 0x03);
	assert_erased(store, 80, 90);
	erase(store, 91, 5);
	assert_int_equal(read_byte(store, 90), 0x03);
	assert_erased(store, 91, 96);
	assert_int_equal(read_byte(store, 96), 0x03);
}

TEST(test_memory_is_overwritten)
{
	struct chip_store store;

	assert_int_equal(chip_store_open(&store, SIZE, NULL, NULL), 0);
	check_overwrite(&store);
	chip_store_close(&store);
}

TEST_WITH(test_file_is_overwritten, const struct fixture *f)
{
	struct chip_store store;

	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	check_overwrite(&store);
	chip_store_close(&store);
}

/* An erase takes whole pages, and no byte of its neighbours. */
TEST(test_odd_erase_leaves_its_neighbours)
{
	const uint32_t len = (uint32_t)sysconf(_SC_PAGESIZE);
	struct chip_store store;

	assert_int_equal(chip_store_open(&store, 4 * len, NULL, NULL), 0);
	for (uint32_t i = 0; i < 4 * len; i++)
		program_byte(&store, i, 0);
	erase(&store, 10, len);
	erase(&store, 2 * len, len + 1);
	assert_int_equal(read_byte(&store, 9), 0);
	assert_erased(&store, 10, len + 10);
	assert_int_equal(read_byte(&store, len + 10), 0);
	assert_int_equal(read_byte(&store, 2 * len - 1), 0);
	assert_erased(&store, 2 * len, 3 * len + 1);
	assert_int_equal(read_byte(&store, 3 * len + 1), 0);
	chip_store_close(&store);
}

TEST(test_kept_memory_has_room_for_state_and_contents)
{
	assert_int_equal(chip_store_kept_size(SIZE, "f"), 64 * KIB);
	assert_int_equal(chip_store_kept_size(SIZE, NULL), 128 * KIB);
	assert_int_equal(chip_store_kept_size(SIZE + 1, NULL), 192 * KIB);
	assert_int_equal(chip_store_kept_size(128, NULL), 128 * KIB);
}

TEST(test_memory_programs_and_erases)
{
	struct chip_store store;

	assert_int_equal(chip_store_open(&store, SIZE, NULL, NULL), 0);
	check_contents(&store);
	chip_store_close(&store);
}

TEST_WITH(test_file_programs_and_erases, const struct fixture *f)
{
	struct chip_store store;

	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	check_contents(&store);
	chip_store_close(&store);
}

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total, resident;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
	fclose(file);
	return resident;
}

TEST(test_large_memory_costs_nothing_until_programmed)
{
	struct chip_store store;
	long before = resident_pages();
	long limit = 8 * (long)MIB / sysconf(_SC_PAGESIZE);

	assert_int_equal(chip_store_open(&store, 256 * MIB, NULL, NULL), 0);
	erase(&store, 0, 256 * MIB);
	program_byte(&store, 255 * MIB, 0xff);
	program_byte(&store, 128 * MIB, 0);
	assert_int_equal(read_byte(&store, 256 * MIB - 1), 0xff);
	assert_true(resident_pages() - before < limit);
	chip_store_close(&store);
}

TEST_WITH(test_new_file_is_full_size_and_erased, const struct fixture *f)
{
	uint8_t bytes[4096];
	struct chip_store store;
	struct stat st;
	size_t i;
	int fd;

	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	chip_store_close(&store);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_int_equal(st.st_nlink, 1);
	fd = open(f->file, O_RDONLY);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0xff);
	close(fd);
}

TEST_WITH(test_file_holds_the_true_bytes_after_reopen, const struct fixture *f)
{
	struct chip_store store;
	uint8_t byte;
	int fd;

	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	program_byte(&store, 1234, 0x5a);
	chip_store_close(&store);
	fd = open(f->file, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, 1234), 1);
	assert_int_equal(byte, 0x5a);
	close(fd);
	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	assert_int_equal(read_byte(&store, 1234), 0x5a);
	assert_int_equal(read_byte(&store, 1235), 0xff);
	chip_store_close(&store);
}

TEST_WITH(test_contents_survive_a_crash, const struct fixture *f)
{
	struct chip_store store;
	pid_t child = fork();

	if (!child) {
		if (!chip_store_open(&store, SIZE, f->file, NULL))
			program_byte(&store, 77, 0x12);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	assert_int_equal(read_byte(&store, 77), 0x12);
	chip_store_close(&store);
}

TEST_WITH(test_file_of_another_size_is_refused_and_kept,
	  const struct fixture *f)
{
	static const off_t sizes[] = { 0, SIZE - 1, SIZE + 1, 2 * SIZE };
	struct chip_store store;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		make_file(f, sizes[i]);
		assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL),
				 -EFBIG);
		assert_int_equal(stat(f->file, &st), 0);
		assert_int_equal(st.st_size, sizes[i]);
		unlink(f->file);
	}
}

TEST_WITH(test_file_in_use_is_refused_until_closed, const struct fixture *f)
{
	struct chip_store first, second;

	assert_int_equal(chip_store_open(&first, SIZE, f->file, NULL), 0);
	assert_int_equal(chip_store_open(&second, SIZE, f->file, NULL), -EBUSY);
	program_byte(&first, 0, 0);
	assert_int_equal(read_byte(&first, 0), 0);
	chip_store_close(&first);
	assert_int_equal(chip_store_open(&second, SIZE, f->file, NULL), 0);
	chip_store_close(&second);
}

TEST_WITH(test_sparse_file_gets_its_blocks, const struct fixture *f)
{
	struct chip_store store;
	struct stat st;

	make_file(f, SIZE);
	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), 0);
	assert_int_equal(read_byte(&store, 100), 0);
	chip_store_close(&store);
	assert_int_equal(stat(f->file, &st), 0);
	assert_true(st.st_blocks * 512 >= SIZE);
}

/* teardown() fails if a file is left in the directory. */
TEST_WITH(test_failed_creation_leaves_nothing, const struct fixture *f)
{
	struct rlimit old, small;
	struct chip_store store;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = SIZE + 1000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret = chip_store_open(&store, 2 * SIZE, f->file, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, -EFBIG);
	assert_int_equal(access(f->file, F_OK), -1);
}

TEST_WITH(test_bad_paths_give_their_errno, const struct fixture *f)
{
	struct chip_store store;
	char path[64];

	snprintf(path, sizeof(path), "%s/no/image", f->dir);
	assert_int_equal(chip_store_open(&store, SIZE, path, NULL), -ENOENT);
	assert_int_equal(chip_store_open(&store, SIZE, f->dir, NULL), -EISDIR);
	assert_int_equal(chip_store_open(&store, SIZE, "/dev/null", NULL),
			 -EFBIG);
	/* A dangling link is neither followed for ever nor replaced. */
	assert_int_equal(symlink("nowhere", f->file), 0);
	assert_int_equal(chip_store_open(&store, SIZE, f->file, NULL), -ENOENT);
}

TEST_MAIN(setup, teardown)
