// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NAND flash on the simulated bus */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/nand/nand_chip.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

struct sim_nand {
	struct byte_chip bytes;
	struct nand_chip chip;
};

static struct nand_chip *chip_of(struct byte_chip *bytes)
{
	return &((struct sim_nand *)(void *)bytes)->chip;
}

static uint8_t clock_byte(struct byte_chip *bytes, uint8_t in)
{
	return nand_chip_clock(chip_of(bytes), in);
}

static void drop_command(struct byte_chip *bytes)
{
	nand_chip_drop_command(chip_of(bytes));
}

static void deselect(struct byte_chip *bytes)
{
	nand_chip_deselect(chip_of(bytes));
}

static int error_of(struct byte_chip *bytes)
{
	return nand_chip_error(chip_of(bytes));
}

static void close_chip(struct byte_chip *bytes)
{
	nand_chip_close(chip_of(bytes));
	free(bytes);
}

static const struct byte_chip_ops nand_pins = {
	.clock = clock_byte,
	.drop = drop_command,
	.deselect = deselect,
	.error = error_of,
	.close = close_chip,
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
	struct sim_nand *nand = malloc(sizeof(*nand));
	int ret;

	if (!nand)
		return -ENOMEM;
	byte_chip_init(&nand->bytes, &nand_pins, timing);
	ret = nand_chip_open(&nand->chip, config, timing);
	if (ret) {
		free(nand);
		return ret;
	}
	nand->bytes.file = nand->chip.store.image.path;
	*out = &nand->bytes.dev;
	return 0;
}
