// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* An EEPROM on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

struct sim_eeprom {
	struct byte_chip bytes;
	struct eeprom_chip chip;
};

static struct eeprom_chip *chip_of(struct byte_chip *bytes)
{
	return &((struct sim_eeprom *)(void *)bytes)->chip;
}

static void announce(struct byte_chip *bytes, uint32_t count)
{
	eeprom_chip_announce(chip_of(bytes), count);
}

static uint8_t clock_byte(struct byte_chip *bytes, uint8_t in)
{
	return eeprom_chip_clock(chip_of(bytes), in);
}

static void drop_command(struct byte_chip *bytes)
{
	eeprom_chip_drop_command(chip_of(bytes));
}

static void deselect(struct byte_chip *bytes)
{
	eeprom_chip_deselect(chip_of(bytes));
}

static int error_of(struct byte_chip *bytes)
{
	return eeprom_chip_error(chip_of(bytes));
}

static void close_chip(struct byte_chip *bytes)
{
	eeprom_chip_close(chip_of(bytes));
	free(bytes);
}

static const struct byte_chip_ops eeprom_pins = {
	.announce = announce,
	.clock = clock_byte,
	.drop = drop_command,
	.deselect = deselect,
	.error = error_of,
	.close = close_chip,
};

size_t sim_eeprom_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_eeprom_open(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out)
{
	struct sim_eeprom *eeprom = malloc(sizeof(*eeprom));
	int ret;

	if (!eeprom)
		return -ENOMEM;
	byte_chip_init(&eeprom->bytes, &eeprom_pins, timing);
	ret = eeprom_chip_open(&eeprom->chip, config, timing);
	if (ret) {
		free(eeprom);
		return ret;
	}
	eeprom->bytes.file = eeprom->chip.store.image.path;
	*out = &eeprom->bytes.dev;
	return 0;
}
