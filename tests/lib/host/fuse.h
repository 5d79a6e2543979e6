/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A file system in user space whose only file is its root, and whose server
 * answers what is needed to open it, and then nothing any more: whoever asks
 * for its attributes, pages or a flush waits for ever. Needs root and
 * /dev/fuse.
 */
#ifndef TEST_FUSE_H
#define TEST_FUSE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fuse_file {
	char path[64]; /* where it is mounted */
	int device;
	int fd; /* the file, read and write */
	pthread_t server;
	atomic_uint unanswered; /* requests that were left waiting */
	atomic_bool silent;
	atomic_bool foreign; /* the kernel orders bytes in another way */
};

/* Mounts and opens it. Returns false, and leaves nothing, if it cannot be. */
bool fuse_file_open(struct fuse_file *file);

/* Ends the connection, so that all who wait get an error; and unmounts. */
void fuse_file_close(struct fuse_file *file);

#endif
