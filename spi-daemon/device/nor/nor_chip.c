// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_chip.h"

#include <errno.h>
#include <string.h>

#include "spi-daemon/device/nor/nor_ops.h"

#define KIB	 1024u
#define CHIP_MIN (64 * KIB)
#define CHIP_MAX (256 * 1024 * KIB)

int nor_chip_open(struct nor_chip *chip, const struct sim_chip_config *config)
{
	uint64_t size = config->size;

	if (size < CHIP_MIN || size > CHIP_MAX || size & (size - 1) ||
	    config->id_len > sizeof(chip->id))
		return -EINVAL;
	memset(chip, 0, sizeof(*chip));
	nor_sfdp_fill((uint32_t)size, chip->sfdp);
	memcpy(chip->id, config->id, config->id_len);
	chip->id_len = config->id_len;
	if (!chip->id_len)
		chip->id_len = nor_default_id((uint32_t)size, chip->id);
	chip->memory.takes_time = true;
	chip->memory.page_size = NOR_PAGE_SIZE;
	return memory_chip_open(&chip->memory, &nor_kind, size, config,
				&chip->own_state.common);
}
