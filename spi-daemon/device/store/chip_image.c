// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/store/chip_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"

#define ERASED	   0xff
#define FILL_CHUNK (16 * 1024) /* on a worker's stack */

static int lock(int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int write_all(int fd, size_t at, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int fill(int fd, size_t at, size_t len)
{
	uint8_t erased[FILL_CHUNK];
	int ret = 0;

	memset(erased, ERASED, sizeof(erased));
	while (!ret && len) {
		size_t n = len < sizeof(erased) ? len : sizeof(erased);

		ret = write_all(fd, at, erased, n);
		at += n;
		len -= n;
	}
	return ret;
}

/*
 * Makes a new image. It gets its name when it is complete and locked, so that
 * no process can open an incomplete one. Returns the descriptor; -EEXIST if
 * another process made the file meanwhile; or another negative errno.
 */
static int create(const char *path, size_t size)
{
	char *temp;
	int fd, ret;

	fd = files_make_temp(path, &temp);
	if (fd < 0)
		return fd;
	ret = lock(fd);
	if (!ret)
		ret = fill(fd, 0, size);
	if (!ret)
		ret = files_link(temp, path);
	files_unlink(temp);
	if (ret)
		close(fd);
	free(temp);
	return ret ? ret : fd;
}

/*
 * Opens an image that exists. Allocates its blocks, so that a full disk is an
 * error now, not when a guest writes. Returns the descriptor or a negative
 * errno.
 */
static int open_existing(const char *path, size_t size)
{
	struct stat st;
	int fd, ret;

	fd = files_open(path, O_RDWR, 0);
	if (fd < 0)
		return fd;
	ret = lock(fd);
	if (!ret && fstat(fd, &st))
		ret = -errno;
	if (!ret && (!S_ISREG(st.st_mode) || (size_t)st.st_size != size))
		ret = -EFBIG;
	if (!ret)
		ret = -posix_fallocate(fd, 0, (off_t)size);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Stores what check_writable() compares. */
static int identify(struct chip_image *image, const char *path)
{
	struct stat st;

	if (fstat(image->fd, &st) < 0)
		return -errno;
	image->dev = st.st_dev;
	image->inode = st.st_ino;
	/* The daemon may change its directory. */
	image->path = files_real(path);
	return image->path ? 0 : -errno;
}

int chip_image_open(struct chip_image *image, const char *path, size_t size)
{
	int ret;

	image->fd = open_existing(path, size);
	if (image->fd == -ENOENT)
		image->fd = create(path, size);
	if (image->fd == -EEXIST)
		image->fd = open_existing(path, size);
	if (image->fd < 0)
		return image->fd;
	ret = identify(image, path);
	if (ret)
		close(image->fd);
	return ret;
}

void chip_image_close(struct chip_image *image)
{
	close(image->fd);
	free(image->path);
}

int chip_image_read(const struct chip_image *image, size_t at, uint8_t *bytes,
		    size_t len)
{
	while (len) {
		ssize_t n = pread(image->fd, bytes, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		bytes += n;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Returns 0 if the path names the file and the file has @end bytes. */
static int check_writable(const struct chip_image *image, size_t end)
{
	struct stat st;
	int ret = files_stat(image->path, &st);

	if (!ret) {
		if (st.st_dev != image->dev || st.st_ino != image->inode)
			return -ESTALE;
	} else if (ret == -ENOENT || ret == -ENOTDIR) {
		return -ESTALE;
	} else if (fstat(image->fd, &st) < 0) {
		/* The daemon's user may not be allowed to follow the path. */
		return -errno;
	}
	return (size_t)st.st_size < end ? -ENODATA : 0;
}

int chip_image_write(const struct chip_image *image, size_t at,
		     const uint8_t *bytes, size_t len)
{
	int ret = check_writable(image, at + len);

	return ret ? ret : write_all(image->fd, at, bytes, len);
}

int chip_image_erase(const struct chip_image *image, size_t at, size_t len)
{
	int ret = check_writable(image, at + len);

	return ret ? ret : fill(image->fd, at, len);
}
