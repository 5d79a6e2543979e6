// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERASED	   0xff
#define FILL_CHUNK (64 * 1024)

static int image_lock(int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int image_fill(int fd, size_t size)
{
	uint8_t erased[FILL_CHUNK];
	ssize_t n;

	memset(erased, ERASED, sizeof(erased));
	while (size) {
		n = write(fd, erased, sizeof(erased));
		if (n != sizeof(erased))
			return n < 0 ? -errno : -ENOSPC;
		size -= sizeof(erased);
	}
	return 0;
}

/*
 * A new image gets its name when it is complete and locked, so nobody ever
 * finds a part of one. Returns the descriptor, or -EEXIST when somebody else
 * was faster.
 */
static int image_create(const char *file, size_t size)
{
	char *temp;
	int fd, ret;

	if (asprintf(&temp, "%s.XXXXXX", file) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		goto free_temp;
	}
	ret = image_lock(fd);
	if (!ret)
		ret = image_fill(fd, size);
	if (!ret && link(temp, file))
		ret = -errno;
	unlink(temp);
	if (ret)
		close(fd);
free_temp:
	free(temp);
	return ret ? ret : fd;
}

/* Returns the descriptor of the image, locked and of the right size. */
static int image_open(const char *file, size_t size)
{
	struct stat st;
	int fd, ret;

	fd = open(file, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = image_lock(fd);
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

int nor_store_open(struct nor_store *store, size_t size, const char *file)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int fd = -1, ret;

	if (file) {
		flags = MAP_SHARED;
		fd = image_open(file, size);
		if (fd == -ENOENT)
			fd = image_create(file, size);
		if (fd == -EEXIST)
			fd = image_open(file, size);
		if (fd < 0)
			return fd;
	}
	store->map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (store->map == MAP_FAILED) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	store->size = size;
	store->fd = fd;
	/* Fresh memory is zero, and has to mean erased. */
	store->invert = file ? 0 : ERASED;
	return 0;
}

void nor_store_close(struct nor_store *store)
{
	munmap(store->map, store->size);
	if (store->fd >= 0)
		close(store->fd);
}

uint8_t nor_store_read(const struct nor_store *store, uint32_t addr)
{
	return store->map[addr] ^ store->invert;
}

void nor_store_program(struct nor_store *store, uint32_t addr, uint8_t byte)
{
	uint8_t old = nor_store_read(store, addr);

	/* Only a change is worth a page of memory. */
	if (old & ~byte)
		store->map[addr] = (old & byte) ^ store->invert;
}

void nor_store_erase(struct nor_store *store, uint32_t addr, size_t len)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

	/* Whole pages of memory go back to the system, and read as zero. */
	if (store->fd < 0 && len >= page_size &&
	    !madvise(store->map + addr, len, MADV_DONTNEED))
		return;
	memset(store->map + addr, ERASED ^ store->invert, len);
}
