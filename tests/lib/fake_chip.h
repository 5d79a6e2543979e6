/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A chip that writes down what it is asked to do. What a caller of a device
 * must not do is found out, and fails the test at the end.
 */
#ifndef TEST_FAKE_CHIP_H
#define TEST_FAKE_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

#define FAKE_CHIP_PIECES    1024
#define FAKE_CHIP_MAX_PIECE 512 /* bytes */

/* One call of a fake chip's transfer(), and what the chip was then. */
struct fake_piece {
	struct spi_piece piece; /* its pointers may dangle */
	bool selects;		/* the chip was not selected before */
	size_t sent_at;		/* of its tx bytes in fake_chip.sent */
};

struct fake_chip {
	struct spi_device dev;
	struct fake_piece pieces[FAKE_CHIP_PIECES];
	unsigned int count;
	unsigned int messages; /* calls of transfer() */
	uint8_t *sent; /* the tx bytes of all pieces, ->sent_len of them */
	size_t sent_len;
	size_t received; /* rx bytes given: see fake_chip_answer() */
	int answer;	 /* every rx byte instead; -1: none */
	bool selected;
	unsigned int selects, releases; /* edges */
	unsigned int fail_at;		/* which piece fails, from 1; 0: none */
	int error;			/* of that */
	unsigned int slow_ms;		/* what each piece takes */
	void (*hook)(void *opaque);	/* called in the middle of a piece */
	void *opaque;
	const char *fault; /* the first rule that a caller broke, or NULL */
};

/* Byte number @at of all that a fake chip sends. */
uint8_t fake_chip_answer(size_t at);

void fake_chip_init(struct fake_chip *chip);

/* Fails the test unless it is released, and was treated by the rules. */
void fake_chip_fini(struct fake_chip *chip);

#endif
