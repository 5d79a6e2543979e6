/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Block protection of the simulated NOR flash: what its status bits lock. */
#ifndef NOR_PROTECT_H
#define NOR_PROTECT_H

#include <stdbool.h>
#include <stdint.h>

/* The bits of status 2 that can be written: QE and CMP. */
#define NOR_STATUS2_MASK ((1u << 1) | (1u << 6))

/* The bits of status 1 that can be written: SRP, which does nothing, TB, BP. */
uint8_t nor_status1_mask(uint64_t size);

/* Returns true if any of the @len bytes at @start is locked. */
bool nor_protected(uint64_t size, uint8_t status1, uint8_t status2,
		   uint64_t start, uint64_t len);

#endif
