/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The contents of a simulated NOR flash: in memory, or in an image file. */
#ifndef NOR_STORE_H
#define NOR_STORE_H

#include <stddef.h>
#include <stdint.h>

struct nor_store {
	uint8_t *map;	/* the image file, or anonymous memory */
	size_t size;	/* bytes */
	uint8_t invert; /* xor of a byte in @map: FFh in memory, 0 in a file */
	int fd;		/* holds the lock on the file; -1: in memory */
};

/*
 * Opens @file and locks it, or makes it, erased, when it does not exist; with
 * @file NULL, takes memory that costs nothing until it is programmed.
 * @size is a multiple of 64 KiB.
 * Returns 0; -EFBIG when the file's size is not @size; -EBUSY when somebody
 * else uses it; or what open(2), posix_fallocate(3) and mmap(2) give. The
 * file's blocks are allocated here, because a full disk later on would be a
 * SIGBUS.
 */
int nor_store_open(struct nor_store *store, size_t size, const char *file);

/* Gives all of it back. What was written stays in the file. */
void nor_store_close(struct nor_store *store);

uint8_t nor_store_read(const struct nor_store *store, uint32_t addr);

/* Clears the bits that are 0 in @byte. */
void nor_store_program(struct nor_store *store, uint32_t addr, uint8_t byte);

/* Makes @len bytes FFh: a power of two, and @addr a multiple of it. */
void nor_store_erase(struct nor_store *store, uint32_t addr, size_t len);

#endif
