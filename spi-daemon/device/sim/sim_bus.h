/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The simulated controller: what it can do, and the time that it takes. */
#ifndef SIM_BUS_H
#define SIM_BUS_H

#include "spi-daemon/device/spi_device.h"

/* How long a simulated transfer takes */
enum sim_timing {
	SIM_TIMING_NONE, /* its delays */
	SIM_TIMING_REAL, /* its delays, and its bits at its clock */
};

/*
 * Returns all that virtio can ask for, at any clock. With SIM_TIMING_REAL the
 * clock is 1 kHz or more, which bounds the time of a word.
 */
struct spi_caps sim_bus_caps(enum sim_timing timing);

/* Waits for the setup delay of @piece. */
void sim_bus_wait_setup(const struct spi_piece *piece);

/*
 * Waits for the delays of @piece between its words and after the last one, and
 * for its clock with SIM_TIMING_REAL. Waits once, for the sum.
 */
void sim_bus_wait_words(const struct spi_piece *piece, enum sim_timing timing);

/*
 * Returns how long the clock of @piece runs, ns, rounded up: its bits, spread
 * over its lines. 0 if the piece has no speed.
 */
uint64_t sim_bus_clock_ns(const struct spi_piece *piece);

#endif
