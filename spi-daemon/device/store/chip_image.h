/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The image file of a simulated memory chip. It is read and written, and not
 * mapped: whatever happens to the file is an errno of the access.
 *
 * The image stays the file that was opened. When the path names another file
 * by now, or none, the image can still be read, but not be written: nobody
 * would find what was written.
 */
#ifndef CHIP_IMAGE_H
#define CHIP_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct chip_image {
	char *path; /* absolute */
	int fd;	    /* holds the lock */
	dev_t dev;  /* which file it is */
	ino_t inode;
};

/*
 * Opens and locks the file @path of @size bytes. Makes it, erased (all FFh),
 * when it does not exist. Its blocks are allocated.
 * Returns 0; -EFBIG when the file's size is not @size; -EBUSY when it is
 * locked already; or what open(2) and posix_fallocate(3) give.
 */
int chip_image_open(struct chip_image *image, const char *path, size_t size);

/* What was written stays in the file. */
void chip_image_close(struct chip_image *image);

/*
 * Reads @len bytes at offset @at. Returns 0; -ENODATA when the file ends
 * before the last of them; or what pread(2) gives.
 */
int chip_image_read(const struct chip_image *image, size_t at, uint8_t *bytes,
		    size_t len);

/*
 * Writes @len bytes at offset @at. On success they are in the page cache, as
 * after any write(2). After an error some of them may be in the file.
 * Returns 0; -ESTALE when the path does not name the file any more; -ENODATA
 * when the file ends before the last byte, and it does not grow; or what
 * pwrite(2) gives.
 */
int chip_image_write(const struct chip_image *image, size_t at,
		     const uint8_t *bytes, size_t len);

/* The same, with FFh for each byte. */
int chip_image_erase(const struct chip_image *image, size_t at, size_t len);

#endif
