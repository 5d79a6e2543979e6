// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/sim_bus.h"

#include <errno.h>
#include <time.h>

#include "spi-daemon/clock.h"
#include "virtio/spi_wire.h"

#define ANY_NBITS \
	(VIRTIO_SPI_CAN_DUAL | VIRTIO_SPI_CAN_QUAD | VIRTIO_SPI_CAN_OCTAL)

/* The delays are those of spidev: 8 and 16 bits of microseconds. */
const struct spi_caps sim_bus_caps = {
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

void sim_bus_wait_words(const struct spi_piece *piece)
{
	uint64_t gaps = (piece->len - 1) / spi_word_size(piece->bits_per_word);

	wait_ns(gaps * piece->word_delay_ns + piece->hold_ns);
}
