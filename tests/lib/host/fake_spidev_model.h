/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What spidev and the SPI core do with an ioctl. See fake_spidev.h. */
#ifndef TEST_FAKE_SPIDEV_MODEL_H
#define TEST_FAKE_SPIDEV_MODEL_H

#include <sys/types.h>

#include "tests/lib/host/fake_spidev.h"

/* Ioctls from now on, from 1. All zero: none. */
struct fake_spidev_range {
	unsigned int first, last;
};

struct fake_spidev_chip {
	struct fake_spidev_board board;
	struct fake_spidev_log *log;
	uint32_t mode, speed_hz;
	uint32_t wire_mode; /* what the controller really does */
	uint8_t bits;
	bool selected;
	size_t answered; /* bytes, see fake_spidev_answer() */
	struct fake_spidev_range fail_messages, fail_setups;
	bool meddles; /* ->meddle_mode is written before the next message */
	uint32_t meddle_mode;
	int fail_error;
	int fail_setup_error;
	enum fake_spidev_setup fail_setup_how;
};

/* The chip comes up. Its log is kept. */
void fake_spidev_reset(struct fake_spidev_chip *chip);

/*
 * An ioctl of thread @tid with @arg in its memory. Returns what ioctl(2) would,
 * or a negative errno.
 */
int fake_spidev_ioctl(struct fake_spidev_chip *chip, pid_t tid,
		      unsigned int request, uint64_t arg);

#endif
