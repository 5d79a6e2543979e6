// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* An EEPROM on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

static const struct byte_chip_ops eeprom_pins = {
	.announce = eeprom_chip_announce,
	.clock = eeprom_chip_clock,
	.drop = eeprom_chip_drop_command,
	.deselect = eeprom_chip_deselect,
	.error = eeprom_chip_error,
	.close = eeprom_chip_close,
};

size_t sim_eeprom_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_eeprom_open(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out)
{
	struct eeprom_chip *chip = malloc(sizeof(*chip));
	int ret;

	if (!chip)
		return -ENOMEM;
	ret = eeprom_chip_open(chip, config, timing);
	if (ret) {
		free(chip);
		return ret;
	}
	byte_chip_init(&chip->bytes, &eeprom_pins, timing);
	chip->bytes.file = chip->store.image.path;
	*out = &chip->bytes.dev;
	return 0;
}
