// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nand/nand_chip.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/device/nand/nand_ops.h"

#define SIZE_MIN (1u << 20)

static_assert(SIM_NAND_SIZE_MAX / NAND_DATA_SIZE / NAND_BLOCK_PAGES ==
		      NAND_BLOCKS_MAX,
	      "the largest chip");

size_t nand_chip_contents(uint64_t size)
{
	return size / NAND_DATA_SIZE * NAND_PAGE_SIZE;
}

static void set_id(struct nand_chip *chip, const struct sim_chip_config *config)
{
	static const uint8_t w25n01gv[] = { 0xef, 0xaa, 0x21 };
	static const uint8_t w25n512gw[] = { 0xef, 0xba, 0x20 };

	chip->id_len = config->id_len ? config->id_len : sizeof(w25n01gv);
	if (config->id_len)
		memcpy(chip->id, config->id, config->id_len);
	else if (config->size == SIM_NAND_SIZE_MAX)
		memcpy(chip->id, w25n01gv, sizeof(w25n01gv));
	else
		memcpy(chip->id, w25n512gw, sizeof(w25n512gw));
}

static int check(const struct sim_chip_config *config)
{
	uint64_t size = config->size;

	if (size < SIZE_MIN || size > SIM_NAND_SIZE_MAX || size & (size - 1) ||
	    config->id_len > SIM_ID_MAX || config->bad_count > SIM_NAND_BAD_MAX)
		return -EINVAL;
	for (size_t i = 0; i < config->bad_count; i++)
		if (config->bad[i] >= size / NAND_DATA_SIZE / NAND_BLOCK_PAGES)
			return -EINVAL;
	return 0;
}

int nand_chip_open(struct nand_chip *chip, const struct sim_chip_config *config,
		   enum sim_timing timing)
{
	int ret = check(config);

	if (ret)
		return ret;
	memset(chip, 0, sizeof(*chip));
	chip->pages = (uint32_t)(config->size / NAND_DATA_SIZE);
	chip->locked = !config->unlocked;
	set_id(chip, config);
	for (size_t i = 0; i < config->bad_count; i++)
		chip->bad[config->bad[i] / 8] |=
			(uint8_t)(1u << config->bad[i] % 8);
	chip->memory.takes_time = timing == SIM_TIMING_REAL;
	chip->memory.page_size = 1;
	return memory_chip_open(&chip->memory, &nand_kind,
				nand_chip_contents(config->size), config,
				&chip->own_state.common);
}
