/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What spidev and the SPI core do with an ioctl. See fake_spidev.h. */
#ifndef TEST_FAKE_SPIDEV_MODEL_H
#define TEST_FAKE_SPIDEV_MODEL_H

#include <sys/types.h>

#include "tests/lib/fake_spidev.h"

struct fake_spidev_chip {
	struct fake_spidev_board board;
	struct fake_spidev_log *log;
	uint32_t mode, speed_hz;
	uint8_t bits;
	bool selected;
	size_t answered; /* bytes, see fake_spidev_answer() */
	unsigned int fail_first, fail_last; /* messages to go; 0: none */
	int fail_error;
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
