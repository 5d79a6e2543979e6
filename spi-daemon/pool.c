/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spi-daemon/device/sim.h"
#include "spi-daemon/device/spidev.h"
#include "spi-daemon/pool.h"

#define ALL_WORD_SIZES UINT32_MAX

static int open_device(const struct device_spec *spec, struct spi_device **dev)
{
	switch (spec->kind) {
	case DEVICE_SPIDEV:
		return spidev_open(spec->path, spec->cs_high, dev);
	case DEVICE_SIM_LOOPBACK:
		return sim_loopback_open(dev);
	case DEVICE_SIM_NOR:
		return sim_nor_open(&spec->nor, dev);
	}
	return -EINVAL;
}

static void explain(const struct device_spec *spec, int ret, char *error,
		    size_t error_size)
{
	const char *file = spec->nor.file ? spec->nor.file : "";

	if (spec->kind == DEVICE_SPIDEV && ret == -ENOTTY)
		snprintf(error, error_size,
			 "--device=%s: is not a SPI character device",
			 spec->path);
	else if (spec->kind == DEVICE_SIM_NOR && ret == -EFBIG)
		snprintf(error, error_size,
			 "--device=%s: file=%s is not %llu bytes long",
			 spec->path, file, (unsigned long long)spec->nor.size);
	else if (spec->kind == DEVICE_SIM_NOR && ret == -EBUSY)
		snprintf(error, error_size,
			 "--device=%s: file=%s is in use by another chip",
			 spec->path, file);
	else
		snprintf(error, error_size, "--device=%s%s%s: %s", spec->path,
			 *file ? ",file=" : "", file, strerror(-ret));
}

/* One host device cannot be two chips of a guest. */
static bool is_same_device(const struct device_spec *a,
			   const struct device_spec *b)
{
	struct stat st_a, st_b;

	return a->kind == DEVICE_SPIDEV && b->kind == DEVICE_SPIDEV &&
	       !stat(a->path, &st_a) && !stat(b->path, &st_b) &&
	       st_a.st_rdev == st_b.st_rdev;
}

/* A simulated chip has a bus of its own. */
static struct bus *find_bus(struct pool *pool, const struct device_spec *spec)
{
	struct pool_bus *bus = &pool->buses[pool->bus_count];

	if (spec->kind == DEVICE_SPIDEV) {
		spidev_bus_name(spec->path, bus->name, sizeof(bus->name));
		for (unsigned int i = 0; i < pool->bus_count; i++)
			if (!strcmp(pool->buses[i].name, bus->name))
				return &pool->buses[i].bus;
	}
	bus_init(&bus->bus);
	pool->bus_count++;
	return &bus->bus;
}

static void limit_caps(struct spi_caps *caps, const struct device_spec *spec)
{
	if (spec->max_speed_hz &&
	    (!caps->max_speed_hz || spec->max_speed_hz < caps->max_speed_hz))
		caps->max_speed_hz = spec->max_speed_hz;
	if (spec->cs_high == CS_HIGH_NO)
		caps->modes &= ~VIRTIO_SPI_CAN_CS_HIGH;
}

static int add_chip(struct pool *pool, const struct device_spec *spec,
		    char *error, size_t error_size)
{
	struct chip *chip = &pool->chips[pool->chip_count];
	int ret;

	for (unsigned int i = 0; i < pool->chip_count; i++)
		if (is_same_device(pool->chips[i].spec, spec)) {
			snprintf(error, error_size,
				 "--device=%s: is the same device as "
				 "--device=%s",
				 spec->path, pool->chips[i].spec->path);
			return -EEXIST;
		}

	ret = open_device(spec, &chip->dev);
	if (ret < 0) {
		explain(spec, ret, error, error_size);
		return ret;
	}
	limit_caps(&chip->dev->caps, spec);
	chip->spec = spec;
	chip->bus = find_bus(pool, spec);
	pool->chip_count++;
	return 0;
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t word_sizes(const struct spi_caps *caps)
{
	return caps->bits_per_word_mask ? caps->bits_per_word_mask
					: ALL_WORD_SIZES;
}

/*
 * What the controller offers is what all its chips can do. The clock is an
 * exception: the fastest chip may have its speed, the others stay below
 * theirs whatever is asked (see spi_service).
 */
static void make_config(struct pool *pool)
{
	struct spi_config *c = &pool->config;
	uint32_t words = ALL_WORD_SIZES;

	*c = (struct spi_config){
		.cs_max_number = (uint8_t)pool->chip_count,
		.cs_change_supported = 1,
		.tx_nbits_supported = UINT8_MAX,
		.rx_nbits_supported = UINT8_MAX,
		.mode_func_supported = UINT32_MAX,
		.max_freq_hz = 1,
		.max_word_delay_ns = UINT32_MAX,
		.max_cs_setup_ns = UINT32_MAX,
		.max_cs_hold_ns = UINT32_MAX,
		.max_cs_inactive_ns = UINT32_MAX,
	};
	for (unsigned int i = 0; i < pool->chip_count; i++) {
		const struct spi_caps *caps = &pool->chips[i].dev->caps;

		c->tx_nbits_supported &= caps->tx_nbits;
		c->rx_nbits_supported &= caps->rx_nbits;
		words &= word_sizes(caps);
		c->mode_func_supported &= caps->modes;
		if (!caps->max_speed_hz || !c->max_freq_hz)
			c->max_freq_hz = 0;
		else if (caps->max_speed_hz > c->max_freq_hz)
			c->max_freq_hz = caps->max_speed_hz;
		c->max_word_delay_ns =
			min(c->max_word_delay_ns, caps->max_word_delay_ns);
		c->max_cs_setup_ns =
			min(c->max_cs_setup_ns, caps->max_setup_ns);
		c->max_cs_hold_ns = min(c->max_cs_hold_ns, caps->max_hold_ns);
		c->max_cs_inactive_ns =
			min(c->max_cs_inactive_ns, caps->max_inactive_ns);
		if (caps->max_piece > pool->max_piece)
			pool->max_piece = caps->max_piece;
	}
	c->bits_per_word_mask = words == ALL_WORD_SIZES ? 0 : words;
}

/* Chips that no setting suits, all together, cannot be one controller. */
static int check_config(const struct pool *pool, char *error, size_t error_size)
{
	uint32_t modes = pool->config.mode_func_supported;
	bool phase = modes & (VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1);
	bool polarity = modes & (VIRTIO_SPI_CAN_CPOL_0 | VIRTIO_SPI_CAN_CPOL_1);
	uint32_t words = ALL_WORD_SIZES;

	for (unsigned int i = 0; i < pool->chip_count; i++)
		words &= word_sizes(&pool->chips[i].dev->caps);
	if (phase && polarity && words)
		return 0;
	snprintf(error, error_size,
		 "--device: there is no SPI %s that all devices have",
		 words ? "mode" : "word size");
	return -EINVAL;
}

int pool_open(struct pool *pool, const struct device_spec *specs,
	      unsigned int count, char *error, size_t error_size)
{
	int ret = -ENOMEM;

	*pool = (struct pool){
		.chips = calloc(count, sizeof(*pool->chips)),
		.buses = calloc(count, sizeof(*pool->buses)),
	};
	if (!pool->chips || !pool->buses) {
		strlcpy(error, strerror(ENOMEM), error_size);
		goto close_pool;
	}
	for (unsigned int i = 0; i < count; i++) {
		ret = add_chip(pool, &specs[i], error, error_size);
		if (ret < 0)
			goto close_pool;
	}
	make_config(pool);
	ret = check_config(pool, error, error_size);
	if (ret < 0)
		goto close_pool;
	return 0;

close_pool:
	pool_close(pool);
	return ret;
}

void pool_close(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->chip_count; i++)
		spi_device_close(pool->chips[i].dev);
	for (unsigned int i = 0; i < pool->bus_count; i++)
		bus_fini(&pool->buses[i].bus);
	free(pool->chips);
	free(pool->buses);
}
