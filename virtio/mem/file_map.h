/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A part of a file that a front end shares, mapped. */
#ifndef FILE_MAP_H
#define FILE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_map {
	uint8_t *at;  /* where the part begins */
	void *pages;  /* what to unmap: whole pages of the file */
	size_t bytes; /* of them */
};

/*
 * Maps @size bytes at @offset of @fd, which stays the caller's, shared and
 * writable. Returns 0; -EINVAL when they are not wholly inside the file;
 * -EREMOTE for a file whose pages may have to be waited for, as in FUSE; or
 * what mmap(2) gives. The sum must not overflow.
 */
int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size);

/*
 * Puts zeros, of memory of our own, in place of a mapping whose file has
 * ended. For signal handlers: mmap(2) is a plain system call.
 */
bool file_map_cover(void *pages, size_t bytes);

#endif
