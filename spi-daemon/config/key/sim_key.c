// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/config/key/sim_key.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "spi-daemon/config/key/scaled.h"

#define NOR_SIZE_MIN	(64u << 10)
#define NOR_SIZE_MAX	(256u << 20)
#define ID_MIN		3

#define NAND_SIZE_MIN	(64u << 20)
#define NAND_BLOCK_SIZE (128u << 10)

#define HEX_DIGITS	"0123456789abcdefABCDEF"
#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

int sim_key_nor_size(struct device_spec *spec, const char *value)
{
	uint64_t size;

	if (scaled_parse(value, SCALED_SIZE, NOR_SIZE_MIN, NOR_SIZE_MAX,
			 &size) ||
	    size & (size - 1))
		return -EINVAL;
	spec->chip.size = size;
	return 0;
}

int sim_key_file(struct device_spec *spec, const char *value)
{
	spec->chip_file = strdup(value);
	spec->chip.file = spec->chip_file;
	return spec->chip_file ? 0 : -ENOMEM;
}

int sim_key_id(struct device_spec *spec, const char *value)
{
	size_t digits = strspn(value, HEX_DIGITS);

	if (value[digits] || digits % 2 || digits < 2 * ID_MIN ||
	    digits > 2 * SIM_ID_MAX)
		return -EINVAL;
	spec->chip.id_len = digits / 2;
	for (size_t i = 0; i < spec->chip.id_len; i++)
		sscanf(value + 2 * i, "%2hhx", &spec->chip.id[i]);
	return 0;
}

int sim_key_bus(struct device_spec *spec, const char *value)
{
	size_t len = strspn(value, NAME_CHARS);

	if (value[len] || len > DEVICE_SIM_BUS_MAX)
		return -EINVAL;
	spec->sim_bus = strdup(value);
	return spec->sim_bus ? 0 : -ENOMEM;
}

int sim_key_timing(struct device_spec *spec, const char *value)
{
	if (!strcmp(value, "none"))
		spec->timing = SIM_TIMING_NONE;
	else if (!strcmp(value, "real"))
		spec->timing = SIM_TIMING_REAL;
	else
		return -EINVAL;
	return 0;
}

int sim_key_timeout(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->socket.timeout_ms =
		(uint32_t)strtonum(value, 1, DEVICE_TIMEOUT_MS_MAX, &problem);
	return problem ? -EINVAL : 0;
}

/* Makers name a chip by its kilobits, or by its megabits with an M. */
static const struct eeprom_name {
	const char *name;
	uint32_t size; /* bytes */
} eeprom_names[] = {
	{ "010", 128 },	      { "020", 256 },	     { "040", 512 },
	{ "080", 1 << 10 },   { "160", 2 << 10 },    { "320", 4 << 10 },
	{ "640", 8 << 10 },   { "128", 16 << 10 },   { "256", 32 << 10 },
	{ "512", 64 << 10 },  { "1024", 128 << 10 }, { "m01", 128 << 10 },
	{ "m02", 256 << 10 },
};

/* Returns the size of the chip that is called @name, or 0. */
static uint32_t eeprom_size(const char *name)
{
	static const char *const makers[] = { "25aa", "25lc", "25c", "m95",
					      "at25" };

	for (size_t m = 0; m < sizeof(makers) / sizeof(*makers); m++) {
		size_t len = strlen(makers[m]);

		if (strncasecmp(name, makers[m], len) != 0)
			continue;
		for (size_t i = 0;
		     i < sizeof(eeprom_names) / sizeof(*eeprom_names); i++)
			if (!strcasecmp(name + len, eeprom_names[i].name))
				return eeprom_names[i].size;
	}
	return 0;
}

int sim_key_eeprom_size(struct device_spec *spec, const char *value)
{
	spec->chip.size = eeprom_size(value);
	if (spec->chip.size)
		return 0;
	if (scaled_parse(value, SCALED_SIZE, SIM_EEPROM_SIZE_MIN,
			 SIM_EEPROM_SIZE_MAX, &spec->chip.size) ||
	    spec->chip.size & (spec->chip.size - 1))
		return -EINVAL;
	return 0;
}

int sim_key_nand_size(struct device_spec *spec, const char *value)
{
	uint64_t *size = &spec->chip.size;

	if (scaled_parse(value, SCALED_SIZE, NAND_SIZE_MIN, SIM_NAND_SIZE_MAX,
			 size))
		return -EINVAL;
	return *size == NAND_SIZE_MIN || *size == SIM_NAND_SIZE_MAX ? 0
								    : -EINVAL;
}

/* Numbers with a : between them. The first block is never bad. */
int sim_key_bad(struct device_spec *spec, const char *value)
{
	struct sim_chip_config *chip = &spec->chip;
	uint64_t max = SIM_NAND_SIZE_MAX / NAND_BLOCK_SIZE - 1;
	char number[8];

	for (;;) {
		size_t len = strcspn(value, ":");
		uint64_t block;

		if (len >= sizeof(number) ||
		    chip->bad_count == SIM_NAND_BAD_MAX)
			return -EINVAL;
		memcpy(number, value, len);
		number[len] = '\0';
		if (scaled_parse(number, 1, 1, max, &block))
			return -EINVAL;
		chip->bad[chip->bad_count++] = (uint16_t)block;
		if (!value[len])
			return 0;
		value += len + 1;
	}
}

int sim_key_locked(struct device_spec *spec, const char *value)
{
	spec->chip.unlocked = !strcmp(value, "no");
	return spec->chip.unlocked || !strcmp(value, "yes") ? 0 : -EINVAL;
}

int sim_key_page(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->chip.page =
		(uint32_t)strtonum(value, 1, SIM_EEPROM_PAGE_MAX, &problem);
	return problem || spec->chip.page & (spec->chip.page - 1) ? -EINVAL : 0;
}

/* What most chips of @size bytes have */
static uint32_t eeprom_page(uint64_t size)
{
	if (size <= 512)
		return 16;
	if (size <= 8 << 10)
		return 32;
	if (size <= 32 << 10)
		return 64;
	return size <= 64 << 10 ? 128 : 256;
}

static int finish_eeprom(struct device_spec *spec, char *error,
			 size_t error_size)
{
	struct sim_chip_config *chip = &spec->chip;

	if (!chip->page)
		chip->page = eeprom_page(chip->size);
	if (chip->page <= chip->size)
		return 0;
	snprintf(error, error_size,
		 "page=%" PRIu32 " is more than size=%" PRIu64, chip->page,
		 chip->size);
	return -EINVAL;
}

static int finish_nand(struct device_spec *spec, char *error, size_t error_size)
{
	const struct sim_chip_config *chip = &spec->chip;
	uint64_t blocks = chip->size / NAND_BLOCK_SIZE;

	for (size_t i = 0; i < chip->bad_count; i++) {
		if (chip->bad[i] < blocks)
			continue;
		snprintf(error, error_size,
			 "bad=%d is no block: there are %" PRIu64, chip->bad[i],
			 blocks);
		return -EINVAL;
	}
	return 0;
}

int sim_key_finish(struct device_spec *spec, char *error, size_t error_size)
{
	if (spec->kind == DEVICE_SIM_EEPROM)
		return finish_eeprom(spec, error, error_size);
	if (spec->kind == DEVICE_SIM_NAND)
		return finish_nand(spec, error, error_size);
	if (spec->kind == DEVICE_SIM_REGS && !spec->chip.file) {
		snprintf(error, error_size, "sim:regs needs file=");
		return -EINVAL;
	}
	return 0;
}
