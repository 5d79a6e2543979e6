/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a descriptor that a front end sent is, told without asking whoever
 * serves the file. A file system in user space (FUSE) can let even fstat(2),
 * fstatfs(2) and close(2) wait for ever, and a touch of its pages most of all.
 */
#ifndef FILE_KIND_H
#define FILE_KIND_H

enum file_kind {
	FILE_EVENTFD,
	FILE_PIPE,
	FILE_SOCKET,
	FILE_MEMORY, /* tmpfs, memfd, huge pages */
	FILE_DISK,   /* a regular file in a file system of this kernel's */
	FILE_DEVICE, /* a character device, as DAX memory is */
	FILE_OTHER,  /* all that may wait for others, and what is of no use */
};

/*
 * Returns the kind of @fd, or -EBADF. Where /proc is not mounted it is less
 * sure: kernel objects without a name are taken for eventfds, and files in a
 * file system without a block device are FILE_OTHER.
 */
int file_kind(int fd);

#endif
