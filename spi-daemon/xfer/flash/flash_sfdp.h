/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a NOR flash chip says of itself: its size, what it erases, and which
 * commands have addresses of 4 bytes (SFDP, JEDEC JESD216).
 */
#ifndef FLASH_SFDP_H
#define FLASH_SFDP_H

#include <stdbool.h>
#include <stdint.h>

#define FLASH_ERASE_TYPES 4
#define FLASH_3_BYTE_SIZE (UINT64_C(16) << 20) /* reached with 3 bytes */

struct flash_erase {
	uint32_t size; /* bytes, a power of two */
	uint8_t opcode;
};

struct flash_geometry {
	uint64_t size;	    /* bytes */
	uint32_t page_size; /* bytes, a power of two */
	uint8_t addr_len;   /* bytes of an address: 3 or 4 */
	uint8_t read;	    /* the command, which has one dummy byte */
	uint8_t program;
	struct flash_erase erase[FLASH_ERASE_TYPES]; /* the smallest first */
	unsigned int erase_count;
	bool sfdp; /* the chip has one, of this version: */
	uint8_t major, minor;
};

/*
 * Reads the chip's SFDP with @read, which stores @len bytes from @addr and
 * returns 0 or an error, and fills @geometry.
 * Returns 0; what @read returned, if it is not 0; -ENOENT if the chip has no
 * SFDP; -EINVAL if that makes no sense; -ENOTSUP if the chip is larger than
 * 16 MiB and lacks commands with addresses of 4 bytes, or larger than 4 GiB.
 */
int flash_sfdp_read(int (*read)(void *chip, uint32_t addr, uint8_t *bytes,
				uint32_t len),
		    void *chip, struct flash_geometry *geometry);

/*
 * Guesses the geometry of a chip without SFDP by its id. Returns 0, or -ENOENT
 * if the id does not tell the size.
 */
int flash_geometry_guess(const uint8_t id[3], struct flash_geometry *geometry);

/* The largest erase size that fits at @addr, with @len bytes from there. */
const struct flash_erase *
flash_geometry_erase(const struct flash_geometry *geometry, uint64_t addr,
		     uint64_t len);

#endif
