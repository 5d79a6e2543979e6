/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes register maps, and chips that have them: the text of a map, a byte 0,
 * and messages, each behind its length. A mistake in a map is one line with the
 * name of the file. Values stay within their registers.
 */
#include <errno.h>
#include <stdio.h>

#include "spi-daemon/device/regs/regs_chip.h"
#include "tests/fuzz/fuzz.h"

static struct regs_chip chip;

static void check_map(const struct regs_map *map)
{
	must(map->count >= 1 && map->count <= REGS_COUNT_MAX);
	for (size_t i = 0; i < map->count; i++)
		must(regs_map_find(map, map->regs[i].addr) == (int)i);
}

static void run_message(struct input *in)
{
	for (uint8_t left = take(in); left; left--)
		regs_chip_clock(&chip.bytes, take(in));
	regs_chip_deselect(&chip.bytes);
	for (size_t i = 0; i < chip.map.count; i++)
		must(!(chip.state->values[i] &
		       ~regs_value_mask(chip.map.regs[i].bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char *text = take_text(&in), path[32], error[256] = "";
	int fd = memory_file(text, strlen(text), strlen(text)), ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = regs_chip_open(&chip, path, NULL, error, sizeof(error));
	if (ret) {
		must(ret == -EBADMSG && !strncmp(error, path, strlen(path)) &&
		     !strchr(error, '\n'));
	} else {
		check_map(&chip.map);
		while (in.left)
			run_message(&in);
		regs_chip_close(&chip.bytes);
	}
	close(fd);
	free(text);
	return 0;
}
