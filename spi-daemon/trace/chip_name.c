/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/trace/chip_name.h"

bool chip_name_set(struct trace_chip *chip, const char *bus, const char *path)
{
	const char *base = strrchr(path, '/');
	unsigned int number;

	base = base ? base + 1 : path;
	strlcpy(chip->bus, bus, sizeof(chip->bus));
	/* All tools take such names. */
	for (char *at = chip->bus; *at; at++)
		if (!isalnum((unsigned char)*at))
			*at = '_';
	if (sscanf(base, "spidev%u.%u", &number, &chip->cs) != 2)
		return false;
	/* Without sysfs a bus is called by its first device. */
	if (strchr(bus, '/'))
		snprintf(chip->bus, sizeof(chip->bus), "spi%u", number);
	return true;
}
