/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/spi_piece.h"
#include "spi-daemon/system/clock.h"

/* The longest that one piece may keep the bus, and us from our front end. */
#define PIECE_NS (50 * NS_PER_MS)

/* The chip's own limit holds, whatever the controller's is. */
static uint32_t choose_speed(const struct chip *chip, uint32_t asked)
{
	uint32_t max = chip->caps.max_speed_hz;

	return !asked || (max && asked > max) ? max : asked;
}

uint64_t spi_piece_word_ns(const struct spi_head *head, const struct chip *chip)
{
	uint32_t speed = choose_speed(chip, head->freq);

	/* Wide transfers are shorter; that much exactness is not needed. */
	return head->word_delay_ns +
	       (speed ? head->bits_per_word * NS_PER_S / speed : 0);
}

/* Between two pieces others may get the bus: after max-message, so no later. */
uint64_t spi_piece_most_ns(const struct chip *chip)
{
	uint64_t message_ns = chip->spec->max_message_ms * NS_PER_MS;

	return message_ns < PIECE_NS ? message_ns : PIECE_NS;
}

struct spi_piece spi_piece_make(const struct spi_head *head,
				const struct chip *chip)
{
	return (struct spi_piece){
		.speed_hz = choose_speed(chip, head->freq),
		.mode = head->mode,
		.bits_per_word = head->bits_per_word,
		.tx_nbits = head->tx_nbits,
		.rx_nbits = head->rx_nbits,
		.word_delay_ns = head->word_delay_ns,
	};
}
