/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Maps a part of a file that a front end shares. */
#ifndef FILE_MAP_H
#define FILE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_map {
	uint8_t *at;  /* first byte of the part */
	void *pages;  /* the mapping: whole pages of the file */
	size_t bytes; /* its size, for munmap(2) */
};

/*
 * Maps @size bytes at @offset of @fd, shared and writable. The caller keeps
 * @fd. @offset + @size must not overflow.
 * Returns 0; -EINVAL if the file is shorter; -EREMOTE if access to its pages
 * may block, as in FUSE; or a negative errno of mmap(2).
 */
int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size);

/*
 * Replaces a mapping whose file was truncated by private memory of zeros.
 * Returns false if there is no memory. Safe in a signal handler: mmap(2) is a
 * plain system call.
 */
bool file_map_zero(void *pages, size_t bytes);

#endif
