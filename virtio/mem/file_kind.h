/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Finds out what kind of file a front end's descriptor refers to, without
 * asking the file system. A file system in user space (FUSE) can block
 * fstat(2), fstatfs(2), close(2) and page faults for ever.
 */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include <stdio.h>

enum file_kind {
	FILE_EVENTFD,
	FILE_PIPE,
	FILE_SOCKET,
	FILE_MEMORY, /* tmpfs, memfd, huge pages */
	FILE_DISK,   /* a regular file in a file system of the kernel */
	FILE_DEVICE, /* a character device, as DAX memory is */
	FILE_OTHER,  /* what may block, and what the daemon cannot use */
};

/*
 * Returns the kind of @fd, or -EBADF. Without /proc, each kernel object
 * without a name counts as an eventfd, and each file in a file system without
 * a block device as FILE_OTHER. Before Linux 5.8, so does one whose device
 * number is not that of its mount, as on btrfs.
 */
int file_kind(int fd);

/*
 * Has @open called to read a file of /proc, for a process that may not: it
 * returns NULL if it fails. Call it before threads are made.
 */
void file_kind_read_by(FILE *(*open)(const char *path));

#endif
