// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NAND flash on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/nand/nand_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

static const struct byte_chip_ops nand_pins = {
	.clock = nand_chip_clock,
	.drop = nand_chip_drop_command,
	.deselect = nand_chip_deselect,
	.error = nand_chip_error,
	.close = nand_chip_close,
};

size_t sim_nand_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(nand_chip_contents(config->size),
				    config->file);
}

size_t sim_nand_file_size(const struct sim_chip_config *config)
{
	return nand_chip_contents(config->size);
}

int sim_nand_open(const struct sim_chip_config *config, enum sim_timing timing,
		  struct spi_device **out)
{
	struct nand_chip *chip = malloc(sizeof(*chip));
	int ret;

	if (!chip)
		return -ENOMEM;
	ret = nand_chip_open(chip, config, timing);
	if (ret) {
		free(chip);
		return ret;
	}
	byte_chip_init(&chip->bytes, &nand_pins, timing);
	chip->bytes.file = chip->store.image.path;
	*out = &chip->bytes.dev;
	return 0;
}
