/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The programmer's side of flashrom's serial flasher protocol, version 1, for a
 * SPI bus: doc/supported_hw/supported_prog/serprog/serprog-protocol.rst in
 * flashrom's source.
 */
#ifndef SERPROG_H
#define SERPROG_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/serprog/serprog_stream.h"

enum serprog_command {
	SERPROG_NOP = 0x00,
	SERPROG_Q_IFACE = 0x01,
	SERPROG_Q_CMDMAP = 0x02,
	SERPROG_Q_PGMNAME = 0x03,
	SERPROG_Q_SERBUF = 0x04,
	SERPROG_Q_BUSTYPE = 0x05,
	SERPROG_Q_WRNMAXLEN = 0x08,
	SERPROG_SYNCNOP = 0x10,
	SERPROG_Q_RDNMAXLEN = 0x11,
	SERPROG_S_BUSTYPE = 0x12,
	SERPROG_O_SPIOP = 0x13,
	SERPROG_S_SPI_FREQ = 0x14,
	SERPROG_S_PIN_STATE = 0x15,
	SERPROG_S_SPI_CS = 0x16,
};

#define SERPROG_ACK	0x06
#define SERPROG_NAK	0x15
#define SERPROG_BUS_SPI 0x08
#define SERPROG_MAX_LEN (1u << 24) /* of an operation, and above it */

/* The bus behind the programmer */
struct serprog_ops {
	/*
	 * One SPI message that sends @tx_len bytes and then receives @rx_len;
	 * one of them is not 0. Returns true if that was done.
	 */
	bool (*transfer)(void *bus, const uint8_t *tx, uint32_t tx_len,
			 uint8_t *rx, uint32_t rx_len);
	/* Sets the clock to @hz or less, and returns it. */
	uint32_t (*set_speed)(void *bus, uint32_t hz);
	/* Uses chip select @cs from now on. Returns false if there is none. */
	bool (*select)(void *bus, uint8_t cs);
};

struct serprog {
	const struct serprog_ops *ops;
	void *bus;
	uint32_t max_len; /* of one operation's bytes, each way */
	uint8_t *bytes;	  /* owned: 2 * max_len, sent and received */
};

/*
 * @max_len is at most SERPROG_MAX_LEN. Returns 0 or -ENOMEM; free with
 * serprog_free().
 */
int serprog_init(struct serprog *sp, const struct serprog_ops *ops, void *bus,
		 uint32_t max_len);
void serprog_free(struct serprog *sp);

/*
 * Answers the commands of @stream until its client is gone. A command that it
 * does not know, and an operation that is too long or fails, gets a NAK.
 */
void serprog_serve(struct serprog *sp, struct serprog_stream *stream);

#endif
