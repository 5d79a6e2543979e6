/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/device_key.h"

#define SIZE_UNIT    1024
#define SPEED_UNIT   1000

#define NOR_SIZE_MIN (64u << 10)
#define NOR_SIZE_MAX (256u << 20)
#define NOR_ID_MIN   3

#define HEX_DIGITS   "0123456789abcdefABCDEF"

#define SPIDEV_KIND  (1u << DEVICE_SPIDEV)
#define NOR_KIND     (1u << DEVICE_SIM_NOR)
#define SOCKET_KIND  (1u << DEVICE_SIM_SOCKET)
#define SIM_KINDS    (1u << DEVICE_SIM_LOOPBACK | NOR_KIND | SOCKET_KIND)
#define ALL_KINDS    (SPIDEV_KIND | SIM_KINDS)

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* A key that may follow PATH, as key=value. */
struct key {
	const char *name;
	unsigned int kinds; /* bit n: enum device_kind n has this key */
	/* Returns 0, -EINVAL if @value is not ->expected, or -ENOMEM. */
	int (*parse)(struct device_spec *spec, const char *value);
	const char *expected; /* completes "key=value is not ..." */
};

/* Reads a number that may end in k, M or G, which are powers of @unit. */
static int parse_scaled(const char *text, uint64_t unit, uint64_t min,
			uint64_t max, uint64_t *number)
{
	uint64_t scale = 1;
	uintmax_t count;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL; /* strtoumax() accepts blanks and signs */
	count = strtoumax(text, &end, 10);
	switch (*end) {
	case 'G':
		scale *= unit;
		/* fall through */
	case 'M':
		scale *= unit;
		/* fall through */
	case 'K':
	case 'k':
		scale *= unit;
		end++;
		break;
	default:
		break;
	}
	if (*end || count > max / scale || count * scale < min)
		return -EINVAL;
	*number = count * scale;
	return 0;
}

static int parse_cs(struct device_spec *spec, const char *value)
{
	static const char *const names[] = {
		[CS_LINUX] = "linux",	    [CS_NOR] = "nor",
		[CS_NAND] = "nand",	    [CS_SPEC] = "spec",
		[CS_TRANSFER] = "transfer",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(value, names[i])) {
			spec->framing = (enum cs_framing)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_cs_hold(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->cs_hold_ms =
		(uint32_t)strtonum(value, 1, DEVICE_CS_HOLD_MS_MAX, &problem);
	return problem ? -EINVAL : 0;
}

static int parse_cs_late(struct device_spec *spec, const char *value)
{
	spec->late_again = !strcmp(value, "again");
	return spec->late_again || !strcmp(value, "error") ? 0 : -EINVAL;
}

static int parse_op_max(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->op_max_ms =
		(uint32_t)strtonum(value, 1, DEVICE_OP_MAX_MS_MAX, &problem);
	return problem ? -EINVAL : 0;
}

static int parse_max_message(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->max_message_ms = (uint32_t)strtonum(
		value, 1, DEVICE_MAX_MESSAGE_MS_MAX, &problem);
	return problem ? -EINVAL : 0;
}

static int parse_max_speed(struct device_spec *spec, const char *value)
{
	uint64_t hz;

	if (parse_scaled(value, SPEED_UNIT, DEVICE_MAX_SPEED_HZ_MIN,
			 DEVICE_MAX_SPEED_HZ_MAX, &hz))
		return -EINVAL;
	spec->max_speed_hz = (uint32_t)hz;
	return 0;
}

static int parse_cs_high(struct device_spec *spec, const char *value)
{
	if (!strcmp(value, "yes") || !strcmp(value, "on"))
		spec->cs_high = CS_HIGH_YES;
	else if (!strcmp(value, "no") || !strcmp(value, "off"))
		spec->cs_high = CS_HIGH_NO;
	else
		return -EINVAL;
	return 0;
}

static int parse_max_request(struct device_spec *spec, const char *value)
{
	uint64_t bytes;

	if (parse_scaled(value, SIZE_UNIT, DEVICE_MAX_REQUEST_MIN,
			 DEVICE_MAX_REQUEST_MAX, &bytes))
		return -EINVAL;
	spec->max_request = (uint32_t)bytes;
	return 0;
}

static int parse_exclusive(struct device_spec *spec, const char *value)
{
	spec->exclusive = !strcmp(value, "yes");
	return spec->exclusive || !strcmp(value, "no") ? 0 : -EINVAL;
}

static int parse_host_shared(struct device_spec *spec, const char *value)
{
	spec->host_shared = !strcmp(value, "yes");
	return spec->host_shared || !strcmp(value, "no") ? 0 : -EINVAL;
}

static int parse_size(struct device_spec *spec, const char *value)
{
	uint64_t size;

	if (parse_scaled(value, SIZE_UNIT, NOR_SIZE_MIN, NOR_SIZE_MAX, &size) ||
	    size & (size - 1))
		return -EINVAL;
	spec->chip.size = size;
	return 0;
}

static int parse_file(struct device_spec *spec, const char *value)
{
	spec->chip_file = strdup(value);
	spec->chip.file = spec->chip_file;
	return spec->chip_file ? 0 : -ENOMEM;
}

static int parse_id(struct device_spec *spec, const char *value)
{
	size_t digits = strspn(value, HEX_DIGITS);

	if (value[digits] || digits % 2 || digits < 2 * NOR_ID_MIN ||
	    digits > 2 * SIM_ID_MAX)
		return -EINVAL;
	spec->chip.id_len = digits / 2;
	for (size_t i = 0; i < spec->chip.id_len; i++)
		sscanf(value + 2 * i, "%2hhx", &spec->chip.id[i]);
	return 0;
}

static int parse_bus(struct device_spec *spec, const char *value)
{
	size_t len = strspn(value, NAME_CHARS);

	if (value[len] || len > DEVICE_SIM_BUS_MAX)
		return -EINVAL;
	spec->sim_bus = strdup(value);
	return spec->sim_bus ? 0 : -ENOMEM;
}

static int parse_timing(struct device_spec *spec, const char *value)
{
	if (!strcmp(value, "none"))
		spec->timing = SIM_TIMING_NONE;
	else if (!strcmp(value, "real"))
		spec->timing = SIM_TIMING_REAL;
	else
		return -EINVAL;
	return 0;
}

static int parse_timeout(struct device_spec *spec, const char *value)
{
	const char *problem;

	spec->socket.timeout_ms =
		(uint32_t)strtonum(value, 1, DEVICE_TIMEOUT_MS_MAX, &problem);
	return problem ? -EINVAL : 0;
}

static const struct key keys[] = {
	{ "cs", ALL_KINDS, parse_cs, "linux, nor, nand, spec or transfer" },
	{ "cs-hold", ALL_KINDS, parse_cs_hold,
	  "a number of ms from 1 to 10000" },
	{ "cs-late", ALL_KINDS, parse_cs_late, "error or again" },
	{ "op-max", ALL_KINDS, parse_op_max,
	  "a number of ms from 1 to 86400000" },
	{ "max-speed", ALL_KINDS, parse_max_speed,
	  "a number of Hz from 1000 to 4000000000" },
	{ "cs-high", ALL_KINDS, parse_cs_high, "yes or no" },
	{ "max-request", ALL_KINDS, parse_max_request,
	  "a size from 4096 to 1G" },
	{ "max-message", ALL_KINDS, parse_max_message,
	  "a number of ms from 1 to 600000" },
	{ "exclusive", ALL_KINDS, parse_exclusive, "yes or no" },
	{ "host-shared", SPIDEV_KIND, parse_host_shared, "yes or no" },
	{ "bus", SIM_KINDS, parse_bus,
	  "a name of at most 32 letters, digits, - and _" },
	{ "timing", SIM_KINDS, parse_timing, "none or real" },
	{ "size", NOR_KIND, parse_size, "a power of two from 64K to 256M" },
	{ "file", NOR_KIND, parse_file, "a path" },
	{ "id", NOR_KIND, parse_id, "3 to 6 bytes in hex, such as ef4018" },
	{ "timeout", SOCKET_KIND, parse_timeout,
	  "a number of ms from 1 to 5000" },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static bool key_fits(const struct key *key, enum device_kind kind)
{
	return key->kinds & 1u << kind;
}

static const struct key *find_key(const struct device_spec *spec,
				  const char *name, char *error,
				  size_t error_size)
{
	const char *separator = "";

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!strcmp(name, keys[i].name) &&
		    key_fits(&keys[i], spec->kind))
			return &keys[i];
	}
	snprintf(error, error_size,
		 "\"%.64s\" is not a key of %.64s, which has: ", name,
		 spec->path);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!key_fits(&keys[i], spec->kind))
			continue;
		strlcat(error, separator, error_size);
		strlcat(error, keys[i].name, error_size);
		separator = ", ";
	}
	return NULL;
}

int device_key_parse(struct device_spec *spec, char *item, unsigned int *seen,
		     char *error, size_t error_size)
{
	char *value = item;
	const char *name = strsep(&value, "=");
	const struct key *key;
	unsigned int bit;
	int ret;

	key = find_key(spec, name, error, error_size);
	if (!key)
		return -EINVAL;
	if (!value || !*value) {
		snprintf(error, error_size, "%s%s has no value", name,
			 value ? "=" : "");
		return -EINVAL;
	}
	bit = 1u << (key - keys);
	if (*seen & bit) {
		snprintf(error, error_size, "%s=%.64s is the second %s=", name,
			 value, name);
		return -EINVAL;
	}
	*seen |= bit;
	ret = key->parse(spec, value);
	if (ret == -EINVAL)
		snprintf(error, error_size, "%s=%.64s is not %s", name, value,
			 key->expected);
	return ret;
}
