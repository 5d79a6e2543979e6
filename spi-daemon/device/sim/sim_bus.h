/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the controller in front of every simulated chip can do. */
#ifndef SIM_BUS_H
#define SIM_BUS_H

#include "spi-daemon/device/spi_device.h"

/* Does a simulated transfer take the time that its clock takes? */
enum sim_timing {
	SIM_TIMING_NONE, /* no: only delays are waited for */
	SIM_TIMING_REAL, /* yes */
};

/*
 * Everything that virtio can ask for, at any clock; but with SIM_TIMING_REAL
 * at 1 kHz or more, as a word has to be over some day.
 */
struct spi_caps sim_bus_caps(enum sim_timing timing);

/* Waits as long as @piece asks between selecting the chip and the clock. */
void sim_bus_wait_setup(const struct spi_piece *piece);

/*
 * Waits as long as @piece asks between its words and after the last one, and
 * as its clock takes if that is what @timing says. All of it comes in one go.
 */
void sim_bus_wait_words(const struct spi_piece *piece, enum sim_timing timing);

/*
 * How long the clock of @piece runs, ns: its bits over its lines, rounded up.
 * 0 if the piece has no speed.
 */
uint64_t sim_bus_clock_ns(const struct spi_piece *piece);

#endif
