// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_protect.h"

#include <stddef.h>

#include "spi-daemon/device/nor/nor_sfdp.h"

#define BP_SHIFT    2
#define STATUS1_SRP (1u << 7)
#define STATUS2_CMP (1u << 6)
#define UNIT_MIN    (64u * 1024)

/* Chips above 16 MiB have a fourth BP bit in the place of TB. */
static const struct layout {
	uint8_t bp;
	uint8_t tb;
	uint8_t steps; /* values of BP between nothing and everything */
} layouts[] = {
	{ 0x7 << BP_SHIFT, 1u << 5, 6 },
	{ 0xf << BP_SHIFT, 1u << 6, 14 },
};

static const struct layout *find_layout(uint64_t size)
{
	return &layouts[size > NOR_3BYTE_MAX];
}

uint8_t nor_status1_mask(uint64_t size)
{
	const struct layout *layout = find_layout(size);

	return STATUS1_SRP | layout->tb | layout->bp;
}

/*
 * BP locks nothing (0), a power of two at the top of the chip, or all of it
 * (all ones). TB locks at the bottom instead. CMP locks the rest of the chip
 * instead.
 */
bool nor_protected(uint64_t size, uint8_t status1, uint8_t status2,
		   uint64_t start, uint64_t len)
{
	const struct layout *layout = find_layout(size);
	uint8_t bp = (status1 & layout->bp) >> BP_SHIFT;
	uint64_t unit = size >> layout->steps;
	bool bottom = status1 & layout->tb;
	uint64_t locked = 0;

	if (unit < UNIT_MIN)
		unit = UNIT_MIN;
	if (bp)
		locked = unit << (bp - 1);
	if (locked > size)
		locked = size;
	if (status2 & STATUS2_CMP) {
		locked = size - locked;
		bottom = !bottom;
	}
	return bottom ? start < locked : start + len > size - locked;
}
