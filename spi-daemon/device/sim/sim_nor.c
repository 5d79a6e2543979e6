// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NOR flash on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/nor/nor_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

static const struct byte_chip_ops nor_pins = {
	.announce = nor_chip_announce,
	.clock = nor_chip_clock,
	.drop = nor_chip_drop_command,
	.deselect = nor_chip_deselect,
	.error = nor_chip_error,
	.close = nor_chip_close,
};

size_t sim_nor_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_nor_open(const struct sim_chip_config *config, enum sim_timing timing,
		 struct spi_device **out)
{
	struct nor_chip *chip = malloc(sizeof(*chip));
	int ret;

	if (!chip)
		return -ENOMEM;
	ret = nor_chip_open(chip, config);
	if (ret) {
		free(chip);
		return ret;
	}
	byte_chip_init(&chip->bytes, &nor_pins, timing);
	chip->bytes.file = chip->store.image.path;
	*out = &chip->bytes.dev;
	return 0;
}
