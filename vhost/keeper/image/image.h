/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a process remembers, as bytes and descriptors for the process that takes
 * its place. One function describes both directions: what an image_...() is
 * given is added to an image that is being written, and filled in from one that
 * is being read.
 *
 *	void image_point(struct image *image, struct point *point)
 *	{
 *		image_u32(image, &point->x, MAX_X);
 *		image_u32(image, &point->y, MAX_Y);
 *	}
 *
 * After the first error nothing is written, and what is read is zero; a
 * descriptor is -1. So whatever was filled in can be freed.
 */
#ifndef KEEPER_IMAGE_H
#define KEEPER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts changes of what is in an image. Only this one is read. */
#define IMAGE_VERSION 9

/* An image that is larger is refused. */
#define IMAGE_BYTES_MAX (64u << 20)
#define IMAGE_FDS_MAX	65536u

struct image {
	bool reads;
	int error; /* 0, or a negative errno: the first error */
	uint8_t *bytes;
	size_t size; /* of ->bytes */
	size_t at;   /* where the next goes, or is */
	int *fds;    /* written: somebody's; read: owned until they are taken */
	unsigned int fd_count;
	unsigned int fd_at;
};

/* Begins to write. */
void image_init(struct image *image);

/* Frees the memory; closes descriptors that were read, and not taken. */
void image_fini(struct image *image);

/*
 * Ends it. Returns 0; or the first error: -ENOMEM; -EBADMSG: it has a value
 * that cannot be, or one that was read ends too early or is too long.
 */
int image_end(struct image *image);

/* Notes that what is written or read cannot be. */
void image_reject(struct image *image);

void image_data(struct image *image, void *data, size_t size);

/* A number from 0 to @most */
void image_u32(struct image *image, uint32_t *value, uint32_t most);
void image_u64(struct image *image, uint64_t *value);
void image_int(struct image *image, int *value);
void image_flag(struct image *image, bool *flag);

/* A descriptor, or -1. One that is read is the caller's. */
void image_fd(struct image *image, int *fd);

/* A string, or NULL. One that is read is the caller's, to be freed. */
void image_text(struct image *image, char **text);

/* A string in an array of @size bytes */
void image_name(struct image *image, char *name, size_t size);

#endif
