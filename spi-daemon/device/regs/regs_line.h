/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One line of a register map */
#ifndef REGS_LINE_H
#define REGS_LINE_H

#include <stddef.h>

#include "spi-daemon/device/regs/regs_map.h"

/*
 * Reads @line, which it splits: a word and its value, or a register, which it
 * appends to ->regs, of which there is room for @room. An empty line or a
 * comment changes nothing.
 * Returns 0; -EBADMSG with the mistake in @error.
 */
int regs_line_parse(struct regs_map *map, size_t room, char *line, char *error,
		    size_t error_size);

#endif
