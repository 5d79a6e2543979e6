/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/serprog/serprog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INTERFACE_VERSION 1
#define NAME_LEN	  16
#define MAX_PARAMS	  6

int serprog_init(struct serprog *sp, const struct serprog_ops *ops, void *bus,
		 uint32_t max_len)
{
	*sp = (struct serprog){ .ops = ops, .bus = bus, .max_len = max_len };
	sp->bytes = malloc(2 * (size_t)max_len);
	return sp->bytes ? 0 : -ENOMEM;
}

void serprog_free(struct serprog *sp)
{
	free(sp->bytes);
	sp->bytes = NULL;
}

static uint32_t le24(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | (uint32_t)bytes[2] << 16;
}

static int nak(struct serprog_stream *stream)
{
	return serprog_stream_write(stream, &(uint8_t){ SERPROG_NAK }, 1);
}

static int ack(struct serprog_stream *stream, const void *bytes, uint32_t len)
{
	int err = serprog_stream_write(stream, &(uint8_t){ SERPROG_ACK }, 1);

	return err ? err : serprog_stream_write(stream, bytes, len);
}

static int ack_if(struct serprog_stream *stream, bool good)
{
	return good ? ack(stream, NULL, 0) : nak(stream);
}

static int run_nop(struct serprog *sp, struct serprog_stream *stream,
		   const uint8_t *params)
{
	(void)sp;
	(void)params;
	return ack(stream, NULL, 0);
}

static int run_syncnop(struct serprog *sp, struct serprog_stream *stream,
		       const uint8_t *params)
{
	static const uint8_t answer[] = { SERPROG_NAK, SERPROG_ACK };

	(void)sp;
	(void)params;
	return serprog_stream_write(stream, answer, sizeof(answer));
}

static int run_iface(struct serprog *sp, struct serprog_stream *stream,
		     const uint8_t *params)
{
	static const uint8_t version[2] = { INTERFACE_VERSION, 0 };

	(void)sp;
	(void)params;
	return ack(stream, version, sizeof(version));
}

static int run_name(struct serprog *sp, struct serprog_stream *stream,
		    const uint8_t *params)
{
	static const char name[NAME_LEN] = "spi-xfer";

	(void)sp;
	(void)params;
	return ack(stream, name, sizeof(name));
}

/* Both a socket and a terminal have flow control. */
static int run_serbuf(struct serprog *sp, struct serprog_stream *stream,
		      const uint8_t *params)
{
	static const uint8_t size[2] = { 0xff, 0xff };

	(void)sp;
	(void)params;
	return ack(stream, size, sizeof(size));
}

static int run_bustype(struct serprog *sp, struct serprog_stream *stream,
		       const uint8_t *params)
{
	(void)sp;
	(void)params;
	return ack(stream, &(uint8_t){ SERPROG_BUS_SPI }, 1);
}

static int run_set_bustype(struct serprog *sp, struct serprog_stream *stream,
			   const uint8_t *params)
{
	(void)sp;
	return ack_if(stream, params[0] & SERPROG_BUS_SPI);
}

/* 0 stands for SERPROG_MAX_LEN. */
static int run_max_len(struct serprog *sp, struct serprog_stream *stream,
		       const uint8_t *params)
{
	uint8_t len[3] = { sp->max_len, sp->max_len >> 8, sp->max_len >> 16 };

	(void)params;
	return ack(stream, len, sizeof(len));
}

static int run_spi_op(struct serprog *sp, struct serprog_stream *stream,
		      const uint8_t *params)
{
	uint32_t tx_len = le24(params), rx_len = le24(params + 3);
	uint8_t *tx = sp->bytes, *rx = sp->bytes + sp->max_len;
	bool fits = tx_len <= sp->max_len && rx_len <= sp->max_len;
	int err;

	err = fits ? serprog_stream_read(stream, tx, tx_len)
		   : serprog_stream_skip(stream, tx_len);
	if (err)
		return err;
	if (!fits)
		return nak(stream);
	if (tx_len + rx_len > 0 &&
	    !sp->ops->transfer(sp->bus, tx, tx_len, rx, rx_len))
		return nak(stream);
	return ack(stream, rx, rx_len);
}

static int run_speed(struct serprog *sp, struct serprog_stream *stream,
		     const uint8_t *params)
{
	uint32_t hz = le24(params) | (uint32_t)params[3] << 24;
	uint8_t answer[4];

	if (hz == 0)
		return nak(stream);
	hz = sp->ops->set_speed(sp->bus, hz);
	for (unsigned int i = 0; i < sizeof(answer); i++)
		answer[i] = hz >> 8 * i;
	return ack(stream, answer, sizeof(answer));
}

static int run_select(struct serprog *sp, struct serprog_stream *stream,
		      const uint8_t *params)
{
	return ack_if(stream, sp->ops->select(sp->bus, params[0]));
}

static int run_cmdmap(struct serprog *sp, struct serprog_stream *stream,
		      const uint8_t *params);

struct command {
	uint8_t params; /* bytes */
	int (*run)(struct serprog *sp, struct serprog_stream *stream,
		   const uint8_t *params);
};

static const struct command commands[256] = {
	[SERPROG_NOP] = { 0, run_nop },
	[SERPROG_Q_IFACE] = { 0, run_iface },
	[SERPROG_Q_CMDMAP] = { 0, run_cmdmap },
	[SERPROG_Q_PGMNAME] = { 0, run_name },
	[SERPROG_Q_SERBUF] = { 0, run_serbuf },
	[SERPROG_Q_BUSTYPE] = { 0, run_bustype },
	[SERPROG_Q_WRNMAXLEN] = { 0, run_max_len },
	[SERPROG_SYNCNOP] = { 0, run_syncnop },
	[SERPROG_Q_RDNMAXLEN] = { 0, run_max_len },
	[SERPROG_S_BUSTYPE] = { 1, run_set_bustype },
	[SERPROG_O_SPIOP] = { 6, run_spi_op },
	[SERPROG_S_SPI_FREQ] = { 4, run_speed },
	/* The lines are the host controller's, and nobody can take them off. */
	[SERPROG_S_PIN_STATE] = { 1, run_nop },
	[SERPROG_S_SPI_CS] = { 1, run_select },
};

static int run_cmdmap(struct serprog *sp, struct serprog_stream *stream,
		      const uint8_t *params)
{
	uint8_t map[32] = { 0 };

	(void)sp;
	(void)params;
	for (unsigned int i = 0; i < 256; i++)
		if (commands[i].run)
			map[i / 8] |= 1u << i % 8;
	return ack(stream, map, sizeof(map));
}

static int run_command(struct serprog *sp, struct serprog_stream *stream,
		       uint8_t number)
{
	const struct command *command = &commands[number];
	uint8_t params[MAX_PARAMS];
	int err;

	if (!command->run)
		return nak(stream);
	err = serprog_stream_read(stream, params, command->params);
	return err ? err : command->run(sp, stream, params);
}

void serprog_serve(struct serprog *sp, struct serprog_stream *stream)
{
	uint8_t number;

	while (!serprog_stream_read(stream, &number, 1))
		if (run_command(sp, stream, number))
			return;
}
