// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/regs/regs_line.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"

struct output {
	char *text;
	size_t size;
};

#define MISTAKE(error, ...) \
	(snprintf((error)->text, (error)->size, __VA_ARGS__), -EBADMSG)

/* Decimal, or hexadecimal with 0x */
static int parse_number(const char *text, uint32_t max, uint32_t *number)
{
	uintmax_t value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL; /* strtoumax() accepts blanks and signs */
	value = strtoumax(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
	if (*end || value > max)
		return -EINVAL;
	*number = (uint32_t)value;
	return 0;
}

/* A word with a number */
struct setting {
	const char *name;
	size_t offset; /* of the uint8_t in struct regs_map */
	uint8_t min;
	uint8_t max;
};

#define SETTING(name_, field, min_, max_)                                  \
	{                                                                  \
		.name = name_, .offset = offsetof(struct regs_map, field), \
		.min = min_, .max = max_                                   \
	}

static const struct setting settings[] = {
	SETTING("command-bytes", command_bytes, 1, 4),
	SETTING("address-bits", address_bits, 1, 16),
	SETTING("address-shift", address_shift, 0, 31),
	SETTING("read-bit", read_bit, 0, 7),
	SETTING("write-bit", write_bit, 0, 7),
	SETTING("increment-bit", increment_bit, 0, 7),
	SETTING("dummy-bytes", dummy_bytes, 0, 4),
	SETTING("value-bytes", value_bytes, 1, 4),
};

/* A word with one of two words */
static const struct choice {
	const char *name;
	size_t offset; /* of the bool in struct regs_map */
	const char *off;
	const char *on;
} choices[] = {
	{ "increment", offsetof(struct regs_map, increment), "no", "yes" },
	{ "value-order", offsetof(struct regs_map, little_endian), "big",
	  "little" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int parse_setting(struct regs_map *map, const struct setting *setting,
			 const char *value, struct output *error)
{
	uint32_t number;

	if (!value || parse_number(value, setting->max, &number) ||
	    number < setting->min)
		return MISTAKE(error, "%s takes a number from %d to %d",
			       setting->name, setting->min, setting->max);
	((uint8_t *)map)[setting->offset] = (uint8_t)number;
	return 0;
}

static int parse_choice(struct regs_map *map, const struct choice *choice,
			const char *value, struct output *error)
{
	bool on = value && !strcmp(value, choice->on);

	if (!on && (!value || strcmp(value, choice->off) != 0))
		return MISTAKE(error, "%s takes %s or %s", choice->name,
			       choice->on, choice->off);
	*(bool *)((uint8_t *)map + choice->offset) = on;
	return 0;
}

static int parse_modes(struct regs_map *map, char *rest, struct output *error)
{
	uint32_t mode;
	char *item;

	map->modes = 0;
	while ((item = strtok_r(NULL, BLANKS, &rest))) {
		if (parse_number(item, 3, &mode))
			return MISTAKE(error,
				       "\"%.32s\" is not a SPI mode: "
				       "0, 1, 2 or 3",
				       item);
		map->modes |= (uint8_t)(1u << mode);
	}
	return map->modes ? 0 : MISTAKE(error, "modes takes 0, 1, 2 or 3");
}

/* A line that begins with a word */
static int parse_word(struct regs_map *map, const char *name, char *rest,
		      struct output *error)
{
	const char *value, *more;
	int ret = 1;

	if (map->count)
		return MISTAKE(error, "\"%.32s\" comes after a register", name);
	if (!strcmp(name, "modes"))
		return parse_modes(map, rest, error);
	value = strtok_r(NULL, BLANKS, &rest);
	more = strtok_r(NULL, BLANKS, &rest);
	for (size_t i = 0; i < COUNT(settings); i++)
		if (!strcmp(name, settings[i].name))
			ret = parse_setting(map, &settings[i], value, error);
	for (size_t i = 0; i < COUNT(choices); i++)
		if (!strcmp(name, choices[i].name))
			ret = parse_choice(map, &choices[i], value, error);
	if (ret > 0)
		return MISTAKE(error,
			       "\"%.32s\" is neither a register nor a "
			       "known word",
			       name);
	if (!ret && more)
		return MISTAKE(error, "\"%.32s\" is more than %s takes", more,
			       name);
	return ret;
}

static const struct flag {
	const char *name;
	uint8_t flag;
} flags[] = {
	{ "read-only", REG_READ_ONLY },
	{ "write-only", REG_WRITE_ONLY },
	{ "clear-on-read", REG_CLEAR_ON_READ },
	{ "write-1-clears", REG_WRITE_1_CLEARS },
};

static int parse_flag(struct reg *reg, bool *masked, const char *item,
		      struct output *error)
{
	uint32_t number;

	for (size_t i = 0; i < COUNT(flags); i++)
		if (!strcmp(item, flags[i].name)) {
			reg->flags |= flags[i].flag;
			return 0;
		}
	if (!strncmp(item, "bytes=", 6)) {
		if (parse_number(item + 6, 4, &number) || !number)
			return MISTAKE(error,
				       "bytes= takes a number from 1 to 4");
		reg->bytes = (uint8_t)number;
		return 0;
	}
	if (!strncmp(item, "writable=", 9)) {
		*masked = true;
		if (!parse_number(item + 9, UINT32_MAX, &reg->writable))
			return 0;
		return MISTAKE(error, "writable= takes the bits that can be "
				      "written");
	}
	return MISTAKE(error, "\"%.32s\" is not a flag of a register", item);
}

static int check_register(struct reg *reg, bool masked, struct output *error)
{
	uint32_t mask = regs_value_mask(reg->bytes);

	if (!masked)
		reg->writable = mask;
	if (reg->reset & ~mask)
		return MISTAKE(error, "0x%" PRIx32 " does not fit in %d byte%s",
			       reg->reset, reg->bytes,
			       reg->bytes == 1 ? "" : "s");
	if (reg->writable & ~mask)
		return MISTAKE(
			error,
			"writable=0x%" PRIx32 " does not fit in %d byte%s",
			reg->writable, reg->bytes, reg->bytes == 1 ? "" : "s");
	if (reg->flags & REG_READ_ONLY && reg->flags & REG_WRITE_ONLY)
		return MISTAKE(error, "a register is not both read-only and "
				      "write-only");
	if (reg->flags & REG_READ_ONLY)
		reg->writable = 0;
	return 0;
}

/* "ADDRESS", or "FIRST-LAST" */
static int parse_range(const struct regs_map *map, char *text, uint32_t *first,
		       uint32_t *last, struct output *error)
{
	uint32_t max = UINT32_MAX >> (32 - map->address_bits);
	char *to = text;
	const char *from = strsep(&to, "-");

	if (parse_number(from, UINT32_MAX, first) ||
	    parse_number(to ? to : from, UINT32_MAX, last) || *last < *first)
		return MISTAKE(error, "the address is not a number, nor two "
				      "with a - between them");
	if (*last > max)
		return MISTAKE(error,
			       "address 0x%" PRIx32 " has more than %d bits",
			       *last, map->address_bits);
	return 0;
}

static int append(struct regs_map *map, size_t room, struct reg reg,
		  uint32_t last, struct output *error)
{
	for (; reg.addr <= last; reg.addr++) {
		for (size_t i = 0; i < map->count; i++)
			if (map->regs[i].addr == reg.addr)
				return MISTAKE(error,
					       "register 0x%" PRIx32
					       " was described before",
					       reg.addr);
		if (map->count == room)
			return MISTAKE(error,
				       "these are more than %zu "
				       "registers",
				       room);
		map->regs[map->count++] = reg;
	}
	return 0;
}

/* "ADDRESS RESET [FLAG...]" */
static int parse_register(struct regs_map *map, size_t room, char *range,
			  char *rest, struct output *error)
{
	struct reg reg = { .bytes = map->value_bytes };
	const char *reset = strtok_r(NULL, BLANKS, &rest);
	bool masked = false;
	const char *item;
	uint32_t last = 0;
	int ret = parse_range(map, range, &reg.addr, &last, error);

	if (!ret && (!reset || parse_number(reset, UINT32_MAX, &reg.reset)))
		return MISTAKE(error, "the register has no reset value");
	while (!ret && (item = strtok_r(NULL, BLANKS, &rest)))
		ret = parse_flag(&reg, &masked, item, error);
	if (!ret)
		ret = check_register(&reg, masked, error);
	return ret ? ret : append(map, room, reg, last, error);
}

int regs_line_parse(struct regs_map *map, size_t room, char *line, char *error,
		    size_t error_size)
{
	struct output output = { error, error_size };
	char *rest, *first;

	line[strcspn(line, "#")] = '\0';
	first = strtok_r(line, BLANKS, &rest);
	if (!first)
		return 0;
	if (isdigit((unsigned char)*first))
		return parse_register(map, room, first, rest, &output);
	return parse_word(map, first, rest, &output);
}
