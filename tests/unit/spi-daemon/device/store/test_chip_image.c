// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* What becomes of an image file while it is open. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/device/store/chip_image.h"
#include "tests/lib/skip.h"
#include "tests/lib/host/small_fs.h"
#include "tests/lib/test.h"

#define SIZE (64 * 1024u)

struct fixture {
	struct chip_image image; /* open, erased, SIZE bytes */
	char dir[32];
	char path[48];
	char other[48];
	char fs[48];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/chip_image.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/image", f->dir);
	snprintf(f->other, sizeof(f->other), "%s/other", f->dir);
	snprintf(f->fs, sizeof(f->fs), "%s/fs", f->dir);
	return chip_image_open(&f->image, f->path, SIZE);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	chip_image_close(&f->image);
	small_fs_remove(f->fs);
	unlink(f->path);
	unlink(f->other);
	if (rmdir(f->dir)) /* fails when something was left there */
		return -1;
	free(f);
	return 0;
}

static int read_byte(const struct fixture *f, size_t at)
{
	uint8_t byte;
	int ret = chip_image_read(&f->image, at, &byte, 1);

	return ret ? ret : byte;
}

static int write_bytes(const struct fixture *f, size_t at, size_t len)
{
	static const uint8_t bytes[256] = { 0x12, 0x34, 0x56 };

	return chip_image_write(&f->image, at, bytes, len);
}

static int erase(const struct fixture *f, size_t at, size_t len)
{
	return chip_image_erase(&f->image, at, len);
}

static void make_file(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

TEST_WITH(test_bytes_are_written_read_and_erased, const struct fixture *f)
{
	assert_int_equal(read_byte(f, SIZE - 1), 0xff);
	assert_int_equal(write_bytes(f, SIZE - 3, 3), 0);
	assert_int_equal(read_byte(f, SIZE - 4), 0xff);
	assert_int_equal(read_byte(f, SIZE - 3), 0x12);
	assert_int_equal(read_byte(f, SIZE - 1), 0x56);
	assert_int_equal(write_bytes(f, 0, 1), 0);
	assert_int_equal(erase(f, 1, SIZE - 1), 0);
	assert_int_equal(read_byte(f, SIZE - 3), 0xff);
	assert_int_equal(read_byte(f, 0), 0x12);
}

/* What lies in the file works, what does not gives ENODATA. */
TEST_WITH(test_truncated_file_does_not_grow, const struct fixture *f)
{
	static const size_t lengths[] = { 0, 1, 4095, SIZE / 2, SIZE - 1 };
	uint8_t bytes[2];
	struct stat st;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t end = lengths[i];

		assert_int_equal(truncate(f->path, (off_t)end), 0);
		assert_int_equal(read_byte(f, end), -ENODATA);
		assert_int_equal(write_bytes(f, end, 1), -ENODATA);
		assert_int_equal(erase(f, 0, SIZE), -ENODATA);
		if (end) {
			assert_int_equal(
				chip_image_read(&f->image, end - 1, bytes, 2),
				-ENODATA);
			assert_int_equal(write_bytes(f, end - 1, 2), -ENODATA);
			assert_int_equal(write_bytes(f, end - 1, 1), 0);
			assert_int_equal(read_byte(f, end - 1), 0x12);
			assert_int_equal(erase(f, 0, end), 0);
			assert_int_equal(read_byte(f, end - 1), 0xff);
		}
		assert_int_equal(stat(f->path, &st), 0);
		assert_int_equal(st.st_size, end);
	}
	assert_int_equal(truncate(f->path, SIZE), 0);
	assert_int_equal(write_bytes(f, SIZE - 1, 1), 0);
}

/* The chip that is open has a file, and the path does not lead to it. */
static void check_lost(const struct fixture *f)
{
	assert_int_equal(read_byte(f, 0), 0xff);
	assert_int_equal(write_bytes(f, 0, 1), -ESTALE);
	assert_int_equal(erase(f, 0, SIZE), -ESTALE);
	assert_int_equal(read_byte(f, 0), 0xff);
}

TEST_WITH(test_moved_file_is_read_only_until_it_is_back,
	  const struct fixture *f)
{
	assert_int_equal(rename(f->path, f->other), 0);
	check_lost(f);
	make_file(f->path, SIZE);
	check_lost(f);
	assert_int_equal(rename(f->other, f->path), 0);
	assert_int_equal(write_bytes(f, 0, 1), 0);
	assert_int_equal(read_byte(f, 0), 0x12);
}

TEST_WITH(test_replaced_file_is_read_only, const struct fixture *f)
{
	make_file(f->other, SIZE);
	assert_int_equal(rename(f->other, f->path), 0);
	check_lost(f);
}

TEST_WITH(test_deleted_file_is_read_only, const struct fixture *f)
{
	assert_int_equal(unlink(f->path), 0);
	check_lost(f);
}

/* A second name does no harm. */
TEST_WITH(test_linked_file_is_written, const struct fixture *f)
{
	assert_int_equal(link(f->path, f->other), 0);
	assert_int_equal(write_bytes(f, 0, 1), 0);
}

TEST_WITH(test_relative_path_outlives_its_directory, struct fixture *f)
{
	char *old = getcwd(NULL, 0);

	chip_image_close(&f->image);
	assert_int_equal(chdir(f->dir), 0);
	assert_int_equal(chip_image_open(&f->image, "image", SIZE), 0);
	assert_int_equal(chdir(old), 0);
	free(old);
	assert_int_equal(write_bytes(f, 0, 1), 0);
}

TEST_WITH(test_symbolic_link_is_followed_once, struct fixture *f)
{
	chip_image_close(&f->image);
	assert_int_equal(symlink("image", f->other), 0);
	assert_int_equal(chip_image_open(&f->image, f->other, SIZE), 0);
	assert_int_equal(write_bytes(f, 0, 1), 0);
	assert_int_equal(unlink(f->other), 0);
	assert_int_equal(write_bytes(f, 0, 1), 0);
}

TEST_WITH(test_size_limit_gives_its_errno, const struct fixture *f)
{
	struct rlimit old, small;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret = write_bytes(f, 4096, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, -EFBIG);
}

/* Opens a new image on a small file system instead. */
static void open_on_small_fs(struct fixture *f)
{
	char path[64];

	if (!small_fs_mount(f->fs, 2 * SIZE))
		skip_because("no small file system: mounting takes root");
	chip_image_close(&f->image);
	snprintf(path, sizeof(path), "%s/image", f->fs);
	assert_int_equal(chip_image_open(&f->image, path, SIZE), 0);
}

TEST_WITH(test_sparse_file_on_a_full_disk_gives_its_errno, struct fixture *f)
{
	open_on_small_fs(f);
	assert_int_equal(ftruncate(f->image.fd, 0), 0);
	assert_int_equal(ftruncate(f->image.fd, SIZE), 0);
	assert_int_equal(write_bytes(f, 0, 1), 0);
	small_fs_fill(f->fs);
	assert_int_equal(write_bytes(f, 4096, 1), -ENOSPC);
	assert_int_equal(erase(f, 0, SIZE), -ENOSPC);
	assert_int_equal(read_byte(f, 4096), 0);
	assert_int_equal(write_bytes(f, 1, 1), 0);
	small_fs_drain(f->fs);
	assert_int_equal(erase(f, 0, SIZE), 0);
	assert_int_equal(read_byte(f, SIZE - 1), 0xff);
}

TEST_WITH(test_file_system_that_is_gone_is_read_only, struct fixture *f)
{
	open_on_small_fs(f);
	small_fs_detach(f->fs);
	check_lost(f);
}

TEST_MAIN(setup, teardown)
