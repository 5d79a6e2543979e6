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

#include "spi-daemon/device/nor/nor_store.h"
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
	strcpy(f->dir, "/tmp/nor_store.XXXXXX");
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

static uint8_t read_byte(const struct nor_store *store, uint32_t addr)
{
	uint8_t byte = 0;

	assert_int_equal(nor_store_read(store, addr, &byte, 1), 0);
	return byte;
}

static void program_byte(struct nor_store *store, uint32_t addr, uint8_t byte)
{
	assert_int_equal(nor_store_program(store, addr, &byte, 1), 0);
}

static void erase(struct nor_store *store, uint32_t addr, size_t len)
{
	assert_int_equal(nor_store_erase(store, addr, len), 0);
}

static void assert_erased(const struct nor_store *store, uint32_t start,
			  uint32_t end)
{
	for (; start < end; start++) {
		if (read_byte(store, start) != 0xff)
			fail_msg("%#x is not erased", start);
	}
}

/* What stores in memory and in a file have in common */
static void check_contents(struct nor_store *store)
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

TEST(test_memory_programs_and_erases)
{
	struct nor_store store;

	assert_int_equal(nor_store_open(&store, SIZE, NULL), 0);
	check_contents(&store);
	nor_store_close(&store);
}

TEST_WITH(test_file_programs_and_erases, const struct fixture *f)
{
	struct nor_store store;

	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	check_contents(&store);
	nor_store_close(&store);
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
	struct nor_store store;
	long before = resident_pages();
	long limit = 8 * (long)MIB / sysconf(_SC_PAGESIZE);

	assert_int_equal(nor_store_open(&store, 256 * MIB, NULL), 0);
	erase(&store, 0, 256 * MIB);
	program_byte(&store, 255 * MIB, 0xff);
	program_byte(&store, 128 * MIB, 0);
	assert_int_equal(read_byte(&store, 256 * MIB - 1), 0xff);
	assert_true(resident_pages() - before < limit);
	nor_store_close(&store);
}

TEST_WITH(test_new_file_is_full_size_and_erased, const struct fixture *f)
{
	uint8_t bytes[4096];
	struct nor_store store;
	struct stat st;
	size_t i;
	int fd;

	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	nor_store_close(&store);
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
	struct nor_store store;
	uint8_t byte;
	int fd;

	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	program_byte(&store, 1234, 0x5a);
	nor_store_close(&store);
	fd = open(f->file, O_RDONLY);
	assert_int_equal(pread(fd, &byte, 1, 1234), 1);
	assert_int_equal(byte, 0x5a);
	close(fd);
	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	assert_int_equal(read_byte(&store, 1234), 0x5a);
	assert_int_equal(read_byte(&store, 1235), 0xff);
	nor_store_close(&store);
}

TEST_WITH(test_contents_survive_a_crash, const struct fixture *f)
{
	struct nor_store store;
	pid_t child = fork();

	if (!child) {
		if (!nor_store_open(&store, SIZE, f->file))
			program_byte(&store, 77, 0x12);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	assert_int_equal(read_byte(&store, 77), 0x12);
	nor_store_close(&store);
}

TEST_WITH(test_file_of_another_size_is_refused_and_kept,
	  const struct fixture *f)
{
	static const off_t sizes[] = { 0, SIZE - 1, SIZE + 1, 2 * SIZE };
	struct nor_store store;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		make_file(f, sizes[i]);
		assert_int_equal(nor_store_open(&store, SIZE, f->file), -EFBIG);
		assert_int_equal(stat(f->file, &st), 0);
		assert_int_equal(st.st_size, sizes[i]);
		unlink(f->file);
	}
}

TEST_WITH(test_file_in_use_is_refused_until_closed, const struct fixture *f)
{
	struct nor_store first, second;

	assert_int_equal(nor_store_open(&first, SIZE, f->file), 0);
	assert_int_equal(nor_store_open(&second, SIZE, f->file), -EBUSY);
	program_byte(&first, 0, 0);
	assert_int_equal(read_byte(&first, 0), 0);
	nor_store_close(&first);
	assert_int_equal(nor_store_open(&second, SIZE, f->file), 0);
	nor_store_close(&second);
}

TEST_WITH(test_sparse_file_gets_its_blocks, const struct fixture *f)
{
	struct nor_store store;
	struct stat st;

	make_file(f, SIZE);
	assert_int_equal(nor_store_open(&store, SIZE, f->file), 0);
	assert_int_equal(read_byte(&store, 100), 0);
	nor_store_close(&store);
	assert_int_equal(stat(f->file, &st), 0);
	assert_true(st.st_blocks * 512 >= SIZE);
}

/* teardown() fails if a file is left in the directory. */
TEST_WITH(test_failed_creation_leaves_nothing, const struct fixture *f)
{
	struct rlimit old, small;
	struct nor_store store;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = SIZE + 1000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret = nor_store_open(&store, 2 * SIZE, f->file);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, -EFBIG);
	assert_int_equal(access(f->file, F_OK), -1);
}

TEST_WITH(test_bad_paths_give_their_errno, const struct fixture *f)
{
	struct nor_store store;
	char path[64];

	snprintf(path, sizeof(path), "%s/no/image", f->dir);
	assert_int_equal(nor_store_open(&store, SIZE, path), -ENOENT);
	assert_int_equal(nor_store_open(&store, SIZE, f->dir), -EISDIR);
	assert_int_equal(nor_store_open(&store, SIZE, "/dev/null"), -EFBIG);
	/* A dangling link is neither followed for ever nor replaced. */
	assert_int_equal(symlink("nowhere", f->file), 0);
	assert_int_equal(nor_store_open(&store, SIZE, f->file), -ENOENT);
}

TEST_MAIN(setup, teardown)
