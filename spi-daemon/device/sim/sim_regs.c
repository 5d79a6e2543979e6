// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A chip of registers on the simulated bus */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spi-daemon/device/regs/regs_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

struct sim_regs {
	struct byte_chip bytes;
	struct regs_chip chip;
};

static struct regs_chip *chip_of(struct byte_chip *bytes)
{
	return &((struct sim_regs *)(void *)bytes)->chip;
}

static uint8_t clock_byte(struct byte_chip *bytes, uint8_t in)
{
	return regs_chip_clock(chip_of(bytes), in);
}

static void drop_command(struct byte_chip *bytes)
{
	regs_chip_drop_command(chip_of(bytes));
}

static void deselect(struct byte_chip *bytes)
{
	regs_chip_deselect(chip_of(bytes));
}

static void close_chip(struct byte_chip *bytes)
{
	regs_chip_close(chip_of(bytes));
	free(bytes);
}

static const struct byte_chip_ops regs_pins = {
	.clock = clock_byte,
	.drop = drop_command,
	.deselect = deselect,
	.close = close_chip,
};

size_t sim_regs_memory_size(const struct sim_chip_config *config)
{
	(void)config;
	return REGS_MEMORY_SIZE;
}

int sim_regs_open(const struct sim_chip_config *config, enum sim_timing timing,
		  struct spi_device **out, char *error, size_t error_size)
{
	struct sim_regs *regs = malloc(sizeof(*regs));
	int ret;

	if (!regs) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	byte_chip_init(&regs->bytes, &regs_pins, timing);
	ret = regs_chip_open(&regs->chip, config->file, config->memory, error,
			     error_size);
	if (ret) {
		free(regs);
		return ret;
	}
	regs->bytes.modes = regs->chip.map.modes;
	*out = &regs->bytes.dev;
	return 0;
}
