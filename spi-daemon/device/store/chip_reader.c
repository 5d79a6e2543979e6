// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/store/chip_reader.h"

#include <errno.h>
#include <stdlib.h>

#define WINDOW_SIZE (64 * 1024u)

int chip_reader_init(struct chip_reader *reader, const struct chip_store *store)
{
	*reader = (struct chip_reader){
		.store = store,
		.window = malloc(WINDOW_SIZE),
	};
	return reader->window ? 0 : -ENOMEM;
}

void chip_reader_fini(struct chip_reader *reader)
{
	free(reader->window);
}

void chip_reader_announce(struct chip_reader *reader, uint32_t bytes)
{
	reader->coming = bytes;
	reader->len = 0;
}

/* What the announced bytes can clock out */
int chip_reader_fill(struct chip_reader *reader, uint32_t addr)
{
	size_t len = reader->coming ? reader->coming : 1;
	int ret;

	if (len > reader->store->size - addr)
		len = reader->store->size - addr;
	if (len > WINDOW_SIZE)
		len = WINDOW_SIZE;
	ret = chip_store_read(reader->store, addr, reader->window, len);
	reader->at = addr;
	reader->len = ret ? 0 : (uint32_t)len;
	return ret;
}
