/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/device_key.h"
#include "spi-daemon/config/key/cs_key.h"
#include "spi-daemon/config/key/scaled.h"
#include "spi-daemon/config/key/sim_key.h"
#include "spi-daemon/config/key/trace_name.h"

#define SPIDEV_KIND (1u << DEVICE_SPIDEV)
#define NOR_KIND    (1u << DEVICE_SIM_NOR)
#define SOCKET_KIND (1u << DEVICE_SIM_SOCKET)
#define EEPROM_KIND (1u << DEVICE_SIM_EEPROM)
#define REGS_KIND   (1u << DEVICE_SIM_REGS)
#define NAND_KIND   (1u << DEVICE_SIM_NAND)
#define FILE_KINDS  (NOR_KIND | EEPROM_KIND | NAND_KIND | REGS_KIND)
#define SIM_KINDS   (1u << DEVICE_SIM_LOOPBACK | FILE_KINDS | SOCKET_KIND)
#define ALL_KINDS   (SPIDEV_KIND | SIM_KINDS)

/* A key that may follow PATH, as key=value. */
struct key {
	const char *name;
	unsigned int kinds; /* bit n: enum device_kind n has this key */
	/* Returns 0, -EINVAL if @value is not ->expected, or -ENOMEM. */
	int (*parse)(struct device_spec *spec, const char *value);
	const char *expected; /* completes "key=value is not ..." */
};

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

	if (scaled_parse(value, SCALED_SPEED, DEVICE_MAX_SPEED_HZ_MIN,
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

	if (scaled_parse(value, SCALED_SIZE, DEVICE_MAX_REQUEST_MIN,
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

static int parse_trace(struct device_spec *spec, const char *value)
{
	if (!trace_name_is_good(value))
		return -EINVAL;
	spec->trace = strdup(value);
	return spec->trace ? 0 : -ENOMEM;
}

static int parse_host_shared(struct device_spec *spec, const char *value)
{
	spec->host_shared = !strcmp(value, "yes");
	return spec->host_shared || !strcmp(value, "no") ? 0 : -EINVAL;
}

static const struct key keys[] = {
	{ "cs", ALL_KINDS, cs_key,
	  "auto, linux, nor, nand, eeprom, at45, table:FILE, spec or "
	  "transfer" },
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
	{ "trace", ALL_KINDS, parse_trace, TRACE_NAMES },
	{ "host-shared", SPIDEV_KIND, parse_host_shared, "yes or no" },
	{ "bus", SIM_KINDS, sim_key_bus,
	  "a name of at most 32 letters, digits, - and _" },
	{ "timing", SIM_KINDS, sim_key_timing, "none or real" },
	{ "size", NOR_KIND, sim_key_nor_size,
	  "a power of two from 64K to 256M" },
	{ "size", EEPROM_KIND, sim_key_eeprom_size,
	  "a power of two from 128 to 256K, or a name, as 25lc040" },
	{ "size", NAND_KIND, sim_key_nand_size, "64M or 128M" },
	{ "page", EEPROM_KIND, sim_key_page, "a power of two from 1 to 256" },
	{ "file", FILE_KINDS, sim_key_file, "a path" },
	{ "id", NOR_KIND | NAND_KIND, sim_key_id,
	  "3 to 6 bytes in hex, such as ef4018" },
	{ "bad", NAND_KIND, sim_key_bad,
	  "1 to 20 numbers of blocks, such as 7:300" },
	{ "locked", NAND_KIND, sim_key_locked, "yes or no" },
	{ "timeout", SOCKET_KIND, sim_key_timeout,
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
