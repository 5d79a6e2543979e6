/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes what spi-xfer reads: a serprog client's bytes, the SFDP of a chip, the
 * lines of a script, and a statistics file. The first byte of the input chooses
 * one. `make fuzz` runs it.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "spi-daemon/xfer/flash/flash_sfdp.h"
#include "spi-daemon/xfer/script/script_line.h"
#include "spi-daemon/xfer/serprog/serprog.h"
#include "spi-daemon/xfer/watch/watch_stats.h"
#include "tests/fuzz/fuzz.h"

#define MAX_INPUT  8192 /* a socket takes it, and the answers to it */
#define SERPROG_OP 64

static bool transfer(void *bus, const uint8_t *tx, uint32_t tx_len, uint8_t *rx,
		     uint32_t rx_len)
{
	(void)bus;
	if (tx_len > SERPROG_OP || rx_len > SERPROG_OP || tx_len + rx_len == 0)
		abort();
	memset(rx, tx_len ? tx[tx_len - 1] : 0, rx_len);
	return rx_len % 3 != 0;
}

static uint32_t set_speed(void *bus, uint32_t hz)
{
	(void)bus;
	return hz;
}

static bool select_chip(void *bus, uint8_t cs)
{
	(void)bus;
	return cs & 1;
}

static void fuzz_serprog(struct input input)
{
	static const struct serprog_ops ops = { transfer, set_speed,
						select_chip };
	struct serprog_stream stream;
	struct serprog sp;
	int fds[2];

	if (input.left > MAX_INPUT ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) ||
	    serprog_init(&sp, &ops, NULL, SERPROG_OP))
		return;
	if (write(fds[0], input.at, input.left) < 0)
		abort();
	shutdown(fds[0], SHUT_WR);
	serprog_stream_init(&stream, fds[1]);
	serprog_serve(&sp, &stream);
	serprog_free(&sp);
	close(fds[0]);
	close(fds[1]);
}

static int read_sfdp(void *arg, uint32_t addr, uint8_t *bytes, uint32_t len)
{
	const struct input *input = arg;

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = addr + i < input->left ? input->at[addr + i] : 0xff;
	return 0;
}

static void fuzz_sfdp(struct input input)
{
	struct flash_geometry geometry;

	if (flash_sfdp_read(read_sfdp, &input, &geometry))
		return;
	if (geometry.size == 0 || geometry.page_size == 0 ||
	    geometry.erase_count == 0 ||
	    geometry.erase_count > FLASH_ERASE_TYPES)
		abort();
}

static void fuzz_script(struct input input)
{
	struct script_reader reader = { .number = 0 };
	char *text = strndup((const char *)input.at, input.left), *rest = text;
	struct script_line line;
	char why[64];

	for (char *at = text; at && (at = strsep(&rest, "\n"));)
		if (!script_line_parse(&reader, at, &line, why, sizeof(why)))
			script_line_free(&line);
	free(text);
}

static void fuzz_stats(struct input input)
{
	FILE *file;
	struct watch_stats stats;

	if (input.left == 0)
		return;
	file = fmemopen((void *)(uintptr_t)input.at, input.left, "r");
	if (!file)
		return;
	if (!watch_stats_read(&stats, file)) {
		for (unsigned int i = 0; i < stats.guest_count; i++)
			if (!watch_stats_guest(&stats, stats.guests[i].name))
				abort();
		watch_stats_free(&stats);
	}
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(struct input input) = {
		fuzz_serprog, fuzz_sfdp, fuzz_script, fuzz_stats
	};

	if (size > 0)
		targets[data[0] % 4]((struct input){ data + 1, size - 1 });
	return 0;
}
