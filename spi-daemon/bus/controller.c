/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spi-daemon/bus/controller.h"

#define ALL_WORD_SIZES UINT32_MAX

static void limit_caps(struct spi_caps *caps, const struct device_spec *spec)
{
	if (spec->max_speed_hz &&
	    (!caps->max_speed_hz || spec->max_speed_hz < caps->max_speed_hz))
		caps->max_speed_hz = spec->max_speed_hz;
	if (spec->cs_high == CS_HIGH_NO)
		caps->modes &= ~VIRTIO_SPI_CAN_CS_HIGH;
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
static void make_config(struct controller *controller)
{
	struct spi_config *c = &controller->config;
	uint32_t words = ALL_WORD_SIZES;

	*c = (struct spi_config){
		.cs_max_number = (uint8_t)controller->chip_count,
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
	for (unsigned int i = 0; i < controller->chip_count; i++) {
		const struct spi_caps *caps = &controller->chips[i].caps;

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
		if (caps->max_piece > controller->max_piece)
			controller->max_piece = caps->max_piece;
	}
	c->bits_per_word_mask = words == ALL_WORD_SIZES ? 0 : words;
}

/* Chips that no setting suits, all together, cannot be one controller. */
static int check_config(const struct controller *controller, char *error,
			size_t error_size)
{
	uint32_t modes = controller->config.mode_func_supported;
	bool phase = modes & (VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1);
	bool polarity = modes & (VIRTIO_SPI_CAN_CPOL_0 | VIRTIO_SPI_CAN_CPOL_1);
	uint32_t words = ALL_WORD_SIZES;

	for (unsigned int i = 0; i < controller->chip_count; i++)
		words &= word_sizes(&controller->chips[i].caps);
	if (phase && polarity && words)
		return 0;
	snprintf(error, error_size, "there is no SPI %s that all devices have",
		 words ? "mode" : "word size");
	return -EINVAL;
}

static int add_chip(struct controller *controller, struct pool *pool,
		    struct device_list *devices, char *error, size_t error_size)
{
	unsigned int index = controller->chip_count;
	struct chip *chip = &controller->chips[index];
	int ret;

	chip->spec = &devices->specs[index];
	ret = pool_get(pool, chip->spec, devices->owner, index, &chip->handle,
		       error, error_size);
	if (ret)
		return ret;
	chip->caps = chip->handle->dev->caps;
	chip->caps.max_setup_ns = spi_device_max_setup_ns(chip->handle->dev);
	limit_caps(&chip->caps, chip->spec);
	if (pool->follows)
		chip->own.state = OPERATION_FOUND;
	controller->chip_count++;
	return 0;
}

int controller_open(struct controller *controller, struct pool *pool,
		    struct device_list *devices, char *error, size_t error_size)
{
	int ret = 0;

	*controller = (struct controller){
		.pool = pool,
		.number = ++pool->controllers,
		.chips = calloc(devices->count, sizeof(struct chip)),
	};
	if (!controller->chips) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	for (unsigned int i = 0; !ret && i < devices->count; i++)
		ret = add_chip(controller, pool, devices, error, error_size);
	if (!ret) {
		make_config(controller);
		ret = check_config(controller, error, error_size);
	}
	if (ret)
		controller_close(controller);
	return ret;
}

bool controller_refresh(struct controller *controller)
{
	bool changed = false;

	for (unsigned int i = 0; i < controller->chip_count; i++) {
		struct chip *chip = &controller->chips[i];
		uint32_t ns = spi_device_max_setup_ns(chip->handle->dev);

		changed |= ns != chip->caps.max_setup_ns;
		chip->caps.max_setup_ns = ns;
	}
	if (changed)
		make_config(controller);
	return changed;
}

void controller_close(struct controller *controller)
{
	for (unsigned int i = 0; i < controller->chip_count; i++)
		pool_put(controller->pool, controller->chips[i].handle);
	free(controller->chips);
}

int controller_check(const struct guest_spec *guest, char *error,
		     size_t error_size)
{
	char reason[400];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < guest->devices->count; i++)
		ret = pool_check(&guest->devices->specs[i], reason,
				 sizeof(reason));
	if (ret)
		snprintf(error, error_size, "guest %s: %s", guest->name,
			 reason);
	return ret;
}
