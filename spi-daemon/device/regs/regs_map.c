// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/regs/regs_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/regs/regs_line.h"
#include "spi-daemon/files/files.h"

static int compare(const void *a, const void *b)
{
	const struct reg *left = a, *right = b;

	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

/* What the whole file has to say. Returns the mistake, or NULL. */
static const char *find_mistake(const struct regs_map *map)
{
	bool reads = map->read_bit != REGS_NO_BIT;
	bool writes = map->write_bit != REGS_NO_BIT;

	if (reads == writes)
		return "it takes one of read-bit and write-bit";
	if (map->address_bits + map->address_shift > 8 * map->command_bytes)
		return "the address does not fit in the command: see "
		       "command-bytes, address-bits and address-shift";
	return map->count ? NULL : "it has no register";
}

static int parse(struct regs_map *map, FILE *stream, const char *file,
		 char *error, size_t error_size)
{
	char line[REGS_LINE_MAX + 2], mistake[128];
	unsigned int number = 0;
	const char *whole;

	while (fgets(line, sizeof(line), stream)) {
		size_t len = strcspn(line, "\n");
		int ret = -EBADMSG;

		number++;
		if (!line[len] && !feof(stream)) {
			snprintf(mistake, sizeof(mistake),
				 "the line is longer than %d characters",
				 REGS_LINE_MAX);
		} else {
			line[len] = '\0';
			ret = regs_line_parse(map, REGS_COUNT_MAX, line,
					      mistake, sizeof(mistake));
		}
		if (ret) {
			snprintf(error, error_size, "%.120s:%u: %s", file,
				 number, mistake);
			return ret;
		}
	}
	whole = find_mistake(map);
	if (ferror(stream) || whole)
		snprintf(error, error_size, "%.120s: %s", file,
			 ferror(stream) ? strerror(errno) : whole);
	return ferror(stream) ? -EIO : whole ? -EBADMSG : 0;
}

int regs_map_load(struct regs_map *map, const char *file, char *error,
		  size_t error_size)
{
	FILE *stream = files_read(file);
	int ret;

	*map = (struct regs_map){
		.command_bytes = 1,
		.address_bits = 7,
		.read_bit = REGS_NO_BIT,
		.write_bit = REGS_NO_BIT,
		.increment_bit = REGS_NO_BIT,
		.increment = true,
		.value_bytes = 1,
		.modes = 0xf,
	};
	ret = stream ? 0 : -errno;
	if (!ret) {
		map->regs = calloc(REGS_COUNT_MAX, sizeof(*map->regs));
		ret = map->regs ? 0 : -ENOMEM;
	}
	if (ret)
		snprintf(error, error_size, "%.120s: %s", file, strerror(-ret));
	else
		ret = parse(map, stream, file, error, error_size);
	if (stream)
		fclose(stream);
	if (ret)
		regs_map_free(map);
	else
		qsort(map->regs, map->count, sizeof(*map->regs), compare);
	return ret;
}

void regs_map_free(struct regs_map *map)
{
	free(map->regs);
	map->regs = NULL;
	map->count = 0;
}

int regs_map_find(const struct regs_map *map, uint32_t addr)
{
	const struct reg key = { .addr = addr };
	const struct reg *found = bsearch(&key, map->regs, map->count,
					  sizeof(*map->regs), compare);

	return found ? (int)(found - map->regs) : -1;
}
