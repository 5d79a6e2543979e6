/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest that minds its own business: a steady stream of exchanges, each
 * byte of which is checked, with the time that each took. By turns it sends
 * bytes around on a loopback, its chip 0, and reads a page of a flash, its
 * chip 1, with a command and a read that make up one message.
 *
 * Nothing here fails a test; the caller asks.
 */
#ifndef TEST_STEADY_H
#define TEST_STEADY_H

#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"
#include "tests/lib/latency.h"

#define STEADY_LEN   64	      /* bytes of an exchange */
#define STEADY_SPEED 10000000 /* Hz: so it takes 51 us, and a message 83 us */

struct steady {
	struct spi_front *front; /* the caller's, open */
	unsigned long done;	 /* exchanges */
	struct latency latency;	 /* of each; to be cleared by the caller */
	uint8_t page[STEADY_LEN];
	char error[160]; /* of what went wrong; "" while nothing has */
};

/*
 * Begins, and writes the page. The flash has to be writable, and idle.
 * Returns 0, or -EIO with ->error.
 */
int steady_begin(struct steady *steady, struct spi_front *front);

/* One exchange. Returns 0, or -EIO with ->error. */
int steady_exchange(struct steady *steady);

/*
 * Exchanges for @ms milliseconds, and until there were @least of them.
 * Returns 0, or -EIO with ->error.
 */
int steady_run(struct steady *steady, int ms, unsigned long least);

#endif
