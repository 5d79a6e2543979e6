/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Reads the contents of a simulated memory chip byte by byte, as they are
 * clocked out, and the file behind them as seldom as possible: for all bytes
 * that were announced at once.
 */
#ifndef CHIP_READER_H
#define CHIP_READER_H

#include <stdint.h>

#include "spi-daemon/device/store/chip_store.h"

struct chip_reader {
	const struct chip_store *store;
	uint8_t *window; /* what was read ahead of the clock */
	uint32_t at;	 /* address of the first of these bytes */
	uint32_t len;	 /* valid bytes */
	uint32_t coming; /* announced bytes that were not clocked yet */
};

/* Reads @store, which stays the caller's. Returns 0 or -ENOMEM. */
int chip_reader_init(struct chip_reader *reader,
		     const struct chip_store *store);
void chip_reader_fini(struct chip_reader *reader);

/*
 * Announces that @bytes bytes will be clocked. What was read before them is
 * not used any more.
 */
void chip_reader_announce(struct chip_reader *reader, uint32_t bytes);

/* A byte was clocked, whatever it was. */
static inline void chip_reader_clocked(struct chip_reader *reader)
{
	if (reader->coming)
		reader->coming--;
}

/* Reads ahead from @addr. Returns 0; or what chip_store_read() gives. */
int chip_reader_fill(struct chip_reader *reader, uint32_t addr);

/*
 * Stores the byte at @addr, within the contents, in @byte. Without announced
 * bytes it is read on its own. Returns 0; or what chip_store_read() gives.
 */
static inline int chip_reader_byte(struct chip_reader *reader, uint32_t addr,
				   uint8_t *byte)
{
	int ret = 0;

	if (addr - reader->at >= reader->len)
		ret = chip_reader_fill(reader, addr);
	if (!ret)
		*byte = reader->window[addr - reader->at];
	return ret;
}

#endif
