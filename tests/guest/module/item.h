/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parameter of spi_board says of one chip. */
#ifndef SPI_BOARD_ITEM_H
#define SPI_BOARD_ITEM_H

#include <linux/property.h>
#include <linux/spi/spi.h>
#include <linux/types.h>

#define ITEM_PROPERTIES	8

/* A GPIO of the chip: a wire that never changes */
struct item_line {
	const char *name;		/* as "reset" */
	bool level;
};

/* A supply of the chip, which is always on */
struct item_supply {
	const char *name;		/* as "vref" */
	u32 microvolts;
};

struct item {
	struct spi_board_info info;
	bool has_interrupt;
	unsigned int line_count;
	struct item_line lines[ITEM_PROPERTIES];
	unsigned int supply_count;
	struct item_supply supplies[ITEM_PROPERTIES];
	unsigned int property_count;
	struct property_entry properties[ITEM_PROPERTIES + 1];
};

/*
 * Parses @text, see board.c, and writes to it. What @item has points into
 * @text. Returns 0 or a negative errno.
 */
int item_parse(char *text, struct item *item);

#endif
