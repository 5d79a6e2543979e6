// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <time.h>

#include "spi-daemon/device/sim/sim_bus.h"
#include "tests/lib/test.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t words_us(const struct spi_piece *piece)
{
	uint64_t start = now_us();

	sim_bus_wait_words(piece, SIM_TIMING_NONE);
	return now_us() - start;
}

TEST(test_setup_is_waited_for)
{
	struct spi_piece piece = { .len = 1,
				   .bits_per_word = 8,
				   .setup_ns = 3000000,
				   .hold_ns = 500000000 };
	uint64_t start = now_us();

	sim_bus_wait_setup(&piece);
	assert_in_range(now_us() - start, 3000, 400000);
}

TEST(test_word_delay_comes_between_words_of_each_size)
{
	struct spi_piece piece = { .len = 12, .word_delay_ns = 255000 };

	piece.bits_per_word = 8;
	assert_in_range(words_us(&piece), 11 * 255, 400000);
	piece.bits_per_word = 16;
	assert_in_range(words_us(&piece), 5 * 255, 400000);
	piece.bits_per_word = 24;
	assert_in_range(words_us(&piece), 2 * 255, 400000);
}

TEST(test_one_word_has_no_word_delay)
{
	struct spi_piece piece = { .len = 4,
				   .bits_per_word = 32,
				   .word_delay_ns = 4000000000 };

	assert_in_range(words_us(&piece), 0, 400000);
}

TEST(test_hold_is_waited_for)
{
	struct spi_piece piece = { .len = 1,
				   .bits_per_word = 8,
				   .hold_ns = 5000000 };

	assert_in_range(words_us(&piece), 5000, 400000);
}

TEST(test_clock_time_is_bits_over_lines)
{
	static uint8_t bytes[1];
	static const struct {
		uint32_t len, hz;
		uint8_t bits, tx, rx; /* nbits; 255: no buffer */
		uint64_t ns;
	} cases[] = {
		{ 100, 0, 8, 1, 1, 0 },
		{ 100, 1000000, 8, 1, 1, 800000 },
		{ 100, 1000000, 8, 0, 0, 800000 },
		{ 100, 3000000, 8, 1, 255, 266667 },
		{ 100, 1000000, 8, 4, 255, 200000 },
		{ 100, 1000000, 8, 255, 2, 400000 },
		{ 100, 1000000, 8, 8, 4, 200000 },
		{ 100, 1000000, 9, 1, 1, 450000 },
		{ 100, 1000000, 32, 1, 1, 800000 },
		{ 4, 1, 32, 1, 1, 32000000000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spi_piece piece = {
			.tx = cases[i].tx == 255 ? NULL : bytes,
			.rx = cases[i].rx == 255 ? NULL : bytes,
			.tx_nbits = cases[i].tx,
			.rx_nbits = cases[i].rx,
			.len = cases[i].len,
			.speed_hz = cases[i].hz,
			.bits_per_word = cases[i].bits,
		};

		assert_true(sim_bus_clock_ns(&piece) == cases[i].ns);
	}
}

TEST(test_real_timing_waits_for_the_clock)
{
	struct spi_piece piece = { .len = 100,
				   .speed_hz = 10000,
				   .bits_per_word = 8 };
	uint64_t start = now_us();

	sim_bus_wait_words(&piece, SIM_TIMING_REAL);
	assert_true(now_us() - start >= 80000);
}

TEST_MAIN(NULL, NULL)
