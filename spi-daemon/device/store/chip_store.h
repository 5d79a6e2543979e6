/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The contents of a simulated memory chip: in memory, or in an image file. */
#ifndef CHIP_STORE_H
#define CHIP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/store/chip_image.h"

/*
 * Of kept memory, before the contents, bytes: the chip's state has them, and
 * they are whole pages, however large those are.
 */
#define CHIP_STATE_SIZE (64 * 1024u)

struct chip_store {
	size_t size; /* bytes */
	/* Each byte xor FFh, so that fresh memory means erased; NULL: a file */
	uint8_t *memory;
	struct chip_image image; /* unless ->memory */
	void *kept;		 /* memory that outlives the process; or NULL */
};

/*
 * Returns how many bytes a chip of @size bytes keeps in memory that outlives
 * the process: CHIP_STATE_SIZE, and the contents if they are in no file. It is
 * a multiple of CHIP_STATE_SIZE.
 */
size_t chip_store_kept_size(size_t size, const char *file);

/*
 * Opens the contents: the image @file, which chip_image_open() makes if need
 * be; with @file NULL, memory that costs nothing until it is programmed. @kept
 * is chip_store_kept_size() bytes that are mapped shared, zeros or what the
 * last process left there, which the store unmaps; or NULL.
 * Returns 0; or what chip_image_open() and mmap(2) give. Then @kept is the
 * caller's.
 */
int chip_store_open(struct chip_store *store, size_t size, const char *file,
		    void *kept);

/* Frees the memory, which stays as it is where it is kept, as a file does. */
void chip_store_close(struct chip_store *store);

/* Erases contents that were kept in memory. */
void chip_store_discard(struct chip_store *store);

/* Returns 0; or what chip_image_read() gives. */
int chip_store_read(const struct chip_store *store, uint32_t addr,
		    uint8_t *bytes, size_t len);

/*
 * Clears the bits that are 0 in @bytes.
 * Returns 0; or what chip_image_read() and chip_image_write() give.
 */
int chip_store_program(struct chip_store *store, uint32_t addr,
		       const uint8_t *bytes, size_t len);

/* Overwrites. Returns 0; or what chip_image_write() gives. */
int chip_store_write(struct chip_store *store, uint32_t addr,
		     const uint8_t *bytes, size_t len);

/*
 * Makes @len bytes FFh. Returns 0; or what chip_image_erase() gives.
 */
int chip_store_erase(struct chip_store *store, uint32_t addr, size_t len);

#endif
