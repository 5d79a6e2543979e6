/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The error correction of the simulated NAND flash: of each 512 bytes, and of 4
 * bytes of their spare area, it corrects one bit and detects two.
 *
 * Of the spare area's 64 bytes each 16 belong to 512 bytes of data:
 * 0..1 bad block marker, 2..3 free, 4..7 free and protected, 8..10 parity of
 * the data, 11..13 unused, 14..15 parity of bytes 4..7. Parity is stored
 * inverted: an erased page, all FFh, has no error.
 */
#ifndef NAND_ECC_H
#define NAND_ECC_H

#include <stdint.h>

#define NAND_DATA_SIZE	2048
#define NAND_SPARE_SIZE 64
#define NAND_PAGE_SIZE	(NAND_DATA_SIZE + NAND_SPARE_SIZE)

/* From the best to the worst */
enum nand_ecc_result {
	NAND_ECC_CLEAN,
	NAND_ECC_CORRECTED,
	NAND_ECC_FAILED, /* two bits in one place */
};

/* Stores the parity of @page in its spare area. */
void nand_ecc_encode(uint8_t page[NAND_PAGE_SIZE]);

/* Corrects @page. Returns the worst result of its parts. */
enum nand_ecc_result nand_ecc_correct(uint8_t page[NAND_PAGE_SIZE]);

#endif
