/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How the simulated NOR flash identifies itself: id and SFDP (JESD216B). */
#ifndef NOR_SFDP_H
#define NOR_SFDP_H

#include <stddef.h>
#include <stdint.h>

#define NOR_SFDP_SIZE 104

/* The largest chip that 3-byte addresses reach, bytes */
#define NOR_3BYTE_MAX (16u << 20)

/* Fills @table for a chip of @size bytes (64 KiB..256 MiB). */
void nor_sfdp_fill(uint32_t size, uint8_t table[NOR_SFDP_SIZE]);

/*
 * Stores in @id the id of a real chip of @size bytes. Linux's spi-nor knows
 * nothing about that chip that contradicts the SFDP. Returns the id's length.
 */
size_t nor_default_id(uint32_t size, uint8_t *id);

#endif
