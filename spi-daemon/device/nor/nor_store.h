/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The contents of a simulated NOR flash: in memory, or in an image file. */
#ifndef NOR_STORE_H
#define NOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/nor/nor_image.h"

struct nor_store {
	size_t size; /* bytes */
	/* Each byte xor FFh, so that fresh memory means erased; NULL: a file */
	uint8_t *memory;
	bool shared;		/* ->memory is somebody else's */
	struct nor_image image; /* unless ->memory */
};

/*
 * Opens the image @file, which nor_image_open() makes if need be; with @file
 * NULL, takes memory that costs nothing until it is programmed. @size is a
 * multiple of 64 KiB.
 * Returns 0; or what nor_image_open() and mmap(2) give.
 */
int nor_store_open(struct nor_store *store, size_t size, const char *file);

/*
 * Keeps the contents in @memory, @size bytes of pages that are mapped shared
 * and stay the caller's. Zeros are an erased chip.
 */
void nor_store_use(struct nor_store *store, size_t size, uint8_t *memory);

/* Frees its own memory. What was written stays in the file. */
void nor_store_close(struct nor_store *store);

/* Returns 0; or what nor_image_read() gives. */
int nor_store_read(const struct nor_store *store, uint32_t addr, uint8_t *bytes,
		   size_t len);

#define NOR_PROGRAM_MAX 256

/*
 * Clears the bits that are 0 in @bytes. @len is up to NOR_PROGRAM_MAX.
 * Returns 0; or what nor_image_read() and nor_image_write() give.
 */
int nor_store_program(struct nor_store *store, uint32_t addr,
		      const uint8_t *bytes, size_t len);

/*
 * Makes @len bytes FFh: a power of two, and @addr a multiple of it.
 * Returns 0; or what nor_image_erase() gives.
 */
int nor_store_erase(struct nor_store *store, uint32_t addr, size_t len);

#endif
