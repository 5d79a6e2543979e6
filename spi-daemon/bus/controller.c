/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/system/clock.h"

#define ALL_WORD_SIZES UINT32_MAX

/* Bytes of kept memory: a counter for each chip that a guest can have */
#define SHOWN_SIZE 4096
static_assert(GUEST_MAX_DEVICES * sizeof(struct counter) <= SHOWN_SIZE,
	      "there is one for each chip");

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
	if (controller->shown && chip->spec->framing == CS_AUTO)
		chip->shown = &controller->shown[index];
	chip->caps = chip->handle->dev->caps;
	chip->caps.max_setup_ns = spi_device_max_setup_ns(chip->handle->dev);
	limit_caps(&chip->caps, chip->spec);
	if (pool->follows)
		chip->own.state = OPERATION_FOUND;
	controller->chip_count++;
	return 0;
}

/* Returns true if a chip of @devices has cs=auto. */
static bool has_auto(const struct device_list *devices)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->specs[i].framing == CS_AUTO)
			return true;
	return false;
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
	if (has_auto(devices))
		controller->shown =
			calloc(devices->count, sizeof(struct counter));
	if (!controller->chips || (has_auto(devices) && !controller->shown)) {
		free(controller->chips);
		free(controller->shown);
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

static void free_shown(struct controller *controller)
{
	if (controller->shown_is_kept)
		munmap(controller->shown, SHOWN_SIZE);
	else
		free(controller->shown);
	controller->shown = NULL;
}

void controller_close(struct controller *controller)
{
	for (unsigned int i = 0; i < controller->chip_count; i++)
		pool_put(controller->pool, controller->chips[i].handle);
	free(controller->chips);
	free_shown(controller);
}

const char *chip_shown_name(const struct chip *chip)
{
	switch ((enum auto_framing)counter_get(chip->shown)) {
	case AUTO_NOR:
		return "nor";
	case AUTO_NAND:
		return "nand";
	case AUTO_AT45:
		return "at45";
	case AUTO_SPEC:
		return "spec";
	case AUTO_TPM:
		return "transfer";
	case AUTO_NOTHING:
	case AUTO_WAS_SPEC:
		break;
	}
	return "linux";
}

/* A chip that may work when this process begins: see OPERATION_LEFT. */
static void follow_flash(const struct chip *chip)
{
	struct operation *operation = &chip->handle->operation;

	if (chip->shown && chip_table(chip) &&
	    operation->state == OPERATION_NONE)
		*operation = (struct operation){
			.state = OPERATION_LEFT,
			.since = clock_now(),
		};
}

int controller_keep_shown(struct controller *controller, const char *name)
{
	const struct pool *pool = controller->pool;
	char text[NAME_MAX];
	void *kept;
	int fd;

	if (!controller->shown || !pool->memory.get)
		return 0;
	snprintf(text, sizeof(text), "cs=auto %s", name);
	fd = pool->memory.get(pool->memory.link, text, SHOWN_SIZE);
	if (fd < 0)
		return fd;
	kept = mmap(NULL, SHOWN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	close(fd);
	if (kept == MAP_FAILED)
		return -errno;
	free(controller->shown);
	controller->shown = kept;
	controller->shown_is_kept = true;
	for (unsigned int i = 0; i < controller->chip_count; i++) {
		struct chip *chip = &controller->chips[i];

		if (!chip->shown)
			continue;
		chip->shown = &controller->shown[i];
		if (pool->follows)
			follow_flash(chip);
	}
	return 0;
}

void controller_begin_driver(struct controller *controller, bool new_guest)
{
	for (unsigned int i = 0; i < controller->chip_count; i++) {
		struct chip *chip = &controller->chips[i];

		chip->trial = TRIAL_NOTHING;
		if (!chip->shown)
			continue;
		if (new_guest)
			counter_set(chip->shown, AUTO_NOTHING);
		else if (counter_get(chip->shown) == AUTO_SPEC)
			counter_set(chip->shown, AUTO_WAS_SPEC);
	}
}

void controller_resume_driver(struct controller *controller)
{
	for (unsigned int i = 0; i < controller->chip_count; i++)
		controller->chips[i].trial = TRIAL_OVER;
}

/* Checks all devices of @guest with @check. */
static int check_all(const struct guest_spec *guest,
		     int (*check)(const struct device_spec *spec, char *error,
				  size_t error_size),
		     char *error, size_t error_size)
{
	char reason[400];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < guest->devices->count; i++)
		ret = check(&guest->devices->specs[i], reason, sizeof(reason));
	if (ret)
		snprintf(error, error_size, "guest %s: %s", guest->name,
			 reason);
	return ret;
}

int controller_check(const struct guest_spec *guest, char *error,
		     size_t error_size)
{
	return check_all(guest, pool_check, error, error_size);
}

int controller_check_files(const struct guest_spec *guest, char *error,
			   size_t error_size)
{
	return check_all(guest, pool_check_file, error, error_size);
}
