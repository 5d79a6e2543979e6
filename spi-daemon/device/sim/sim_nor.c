// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NOR flash on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/nor/nor_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

struct sim_nor {
	struct byte_chip bytes;
	struct nor_chip chip;
};

static struct nor_chip *chip_of(struct byte_chip *bytes)
{
	return &((struct sim_nor *)(void *)bytes)->chip;
}

static void announce(struct byte_chip *bytes, uint32_t count)
{
	nor_chip_announce(chip_of(bytes), count);
}

static uint8_t clock_byte(struct byte_chip *bytes, uint8_t in)
{
	return nor_chip_clock(chip_of(bytes), in);
}

static void drop_command(struct byte_chip *bytes)
{
	nor_chip_drop_command(chip_of(bytes));
}

static void deselect(struct byte_chip *bytes)
{
	nor_chip_deselect(chip_of(bytes));
}

static int error_of(struct byte_chip *bytes)
{
	return nor_chip_error(chip_of(bytes));
}

static void close_chip(struct byte_chip *bytes)
{
	nor_chip_close(chip_of(bytes));
	free(bytes);
}

static const struct byte_chip_ops nor_pins = {
	.announce = announce,
	.clock = clock_byte,
	.drop = drop_command,
	.deselect = deselect,
	.error = error_of,
	.close = close_chip,
};

size_t sim_nor_memory_size(const struct sim_chip_config *config)
{
	return chip_store_kept_size(config->size, config->file);
}

int sim_nor_open(const struct sim_chip_config *config, enum sim_timing timing,
		 struct spi_device **out)
{
	struct sim_nor *nor = malloc(sizeof(*nor));
	int ret;

	if (!nor)
		return -ENOMEM;
	byte_chip_init(&nor->bytes, &nor_pins, timing);
	ret = nor_chip_open(&nor->chip, config);
	if (ret) {
		free(nor);
		return ret;
	}
	nor->bytes.file = nor->chip.store.image.path;
	*out = &nor->bytes.dev;
	return 0;
}
