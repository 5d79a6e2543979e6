// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Memory chips on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "spi-daemon/device/nand/nand_chip.h"
#include "spi-daemon/device/nor/nor_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

static const struct byte_chip_ops memory_pins = {
	.announce = memory_chip_announce,
	.clock = memory_chip_clock,
	.drop = memory_chip_drop,
	.deselect = memory_chip_deselect,
	.error = memory_chip_error,
	.close = memory_chip_close,
};

/* Puts @chip, which is the first member of what was allocated, on the bus. */
static void connect_chip(struct memory_chip *chip, enum sim_timing timing,
			 struct spi_device **out)
{
	byte_chip_init(&chip->bytes, &memory_pins, timing);
	chip->bytes.file = chip->store.image.path;
	*out = &chip->bytes.dev;
}

size_t sim_nor_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_nor_open(const struct sim_chip_config *config, enum sim_timing timing,
		 struct spi_device **out)
{
	struct nor_chip *chip = malloc(sizeof(*chip));
	int ret = chip ? nor_chip_open(chip, config) : -ENOMEM;

	if (ret)
		free(chip);
	else
		connect_chip(&chip->memory, timing, out);
	return ret;
}

size_t sim_eeprom_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_eeprom_open(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out)
{
	struct eeprom_chip *chip = malloc(sizeof(*chip));
	int ret = chip ? eeprom_chip_open(chip, config, timing) : -ENOMEM;

	if (ret)
		free(chip);
	else
		connect_chip(&chip->memory, timing, out);
	return ret;
}

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
	int ret = chip ? nand_chip_open(chip, config, timing) : -ENOMEM;

	if (ret)
		free(chip);
	else
		connect_chip(&chip->memory, timing, out);
	return ret;
}
