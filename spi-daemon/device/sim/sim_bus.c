// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/sim/sim_bus.h"

#include <errno.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "virtio/spi/spi_wire.h"

#define REAL_MIN_SPEED_HZ 1000

#define ANY_NBITS \
	(VIRTIO_SPI_CAN_DUAL | VIRTIO_SPI_CAN_QUAD | VIRTIO_SPI_CAN_OCTAL)

/* The delays are as long as those of spidev: 8 and 16 bits of us. */
static const struct spi_caps all_caps = {
	.tx_nbits = ANY_NBITS,
	.rx_nbits = ANY_NBITS,
	.modes = VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1 |
		 VIRTIO_SPI_CAN_CPOL_0 | VIRTIO_SPI_CAN_CPOL_1 |
		 VIRTIO_SPI_CAN_CS_HIGH | VIRTIO_SPI_CAN_LSB_FIRST |
		 VIRTIO_SPI_CAN_LOOP,
	.max_word_delay_ns = 255 * 1000,
	.max_setup_ns = 65535 * 1000,
	.max_hold_ns = 65535 * 1000,
	.max_inactive_ns = 65535 * 1000,
	.max_piece = 64 * 1024,
};

struct spi_caps sim_bus_caps(enum sim_timing timing)
{
	struct spi_caps caps = all_caps;

	if (timing == SIM_TIMING_REAL)
		caps.min_speed_hz = REAL_MIN_SPEED_HZ;
	return caps;
}

static void wait_ns(uint64_t ns)
{
	struct timespec end;

	if (!ns)
		return;
	ns += clock_now();
	end.tv_sec = (time_t)(ns / NS_PER_S);
	end.tv_nsec = (long)(ns % NS_PER_S);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) ==
	       EINTR)
		;
}

void sim_bus_wait_setup(const struct spi_piece *piece)
{
	wait_ns(piece->setup_ns);
}

static uint64_t words_of(const struct spi_piece *piece)
{
	return spi_words(piece->len, piece->bits_per_word);
}

/* Returns how many lines the bits are spread over: the fewer of tx and rx. */
static unsigned int lines_of(const struct spi_piece *piece)
{
	unsigned int tx = piece->tx_nbits ? piece->tx_nbits : 1;
	unsigned int rx = piece->rx_nbits ? piece->rx_nbits : 1;

	if (!piece->tx)
		return rx;
	return !piece->rx || tx < rx ? tx : rx;
}

uint64_t sim_bus_clock_ns(const struct spi_piece *piece)
{
	unsigned int lines = lines_of(piece);
	uint64_t clocks = (piece->bits_per_word + lines - 1) / lines;

	if (!piece->speed_hz)
		return 0;
	return (words_of(piece) * clocks * NS_PER_S + piece->speed_hz - 1) /
	       piece->speed_hz;
}

void sim_bus_wait_words(const struct spi_piece *piece, enum sim_timing timing)
{
	uint64_t clock = timing == SIM_TIMING_REAL ? sim_bus_clock_ns(piece)
						   : 0;

	wait_ns(clock + (words_of(piece) - 1) * piece->word_delay_ns +
		piece->hold_ns);
}
