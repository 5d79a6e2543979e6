// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A chip of registers on the simulated bus */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spi-daemon/device/regs/regs_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

static const struct byte_chip_ops regs_pins = {
	.clock = regs_chip_clock,
	.drop = regs_chip_drop_command,
	.deselect = regs_chip_deselect,
	.close = regs_chip_close,
};

size_t sim_regs_memory_size(const struct sim_chip_config *config)
{
	(void)config;
	return REGS_MEMORY_SIZE;
}

int sim_regs_open(const struct sim_chip_config *config, enum sim_timing timing,
		  struct spi_device **out, char *error, size_t error_size)
{
	struct regs_chip *chip = malloc(sizeof(*chip));
	int ret;

	if (!chip) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	ret = regs_chip_open(chip, config->file, config->memory, error,
			     error_size);
	if (ret) {
		free(chip);
		return ret;
	}
	byte_chip_init(&chip->bytes, &regs_pins, timing);
	chip->bytes.modes = chip->map.modes;
	*out = &chip->bytes.dev;
	return 0;
}
