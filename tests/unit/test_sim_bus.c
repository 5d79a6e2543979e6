// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>

#include "spi-daemon/device/sim_bus.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t words_us(const struct spi_piece *piece)
{
	uint64_t start = now_us();

	sim_bus_wait_words(piece);
	return now_us() - start;
}

static void test_setup_is_waited_for(void **state)
{
	struct spi_piece piece = { .len = 1,
				   .bits_per_word = 8,
				   .setup_ns = 3000000,
				   .hold_ns = 500000000 };
	uint64_t start = now_us();

	(void)state;
	sim_bus_wait_setup(&piece);
	assert_in_range(now_us() - start, 3000, 400000);
}

static void test_word_delay_comes_between_words_of_each_size(void **state)
{
	struct spi_piece piece = { .len = 12, .word_delay_ns = 255000 };

	(void)state;
	piece.bits_per_word = 8;
	assert_in_range(words_us(&piece), 11 * 255, 400000);
	piece.bits_per_word = 16;
	assert_in_range(words_us(&piece), 5 * 255, 400000);
	piece.bits_per_word = 24;
	assert_in_range(words_us(&piece), 2 * 255, 400000);
}

static void test_one_word_has_no_word_delay(void **state)
{
	struct spi_piece piece = { .len = 4,
				   .bits_per_word = 32,
				   .word_delay_ns = 4000000000 };

	(void)state;
	assert_in_range(words_us(&piece), 0, 400000);
}

static void test_hold_is_waited_for(void **state)
{
	struct spi_piece piece = { .len = 1,
				   .bits_per_word = 8,
				   .hold_ns = 5000000 };

	(void)state;
	assert_in_range(words_us(&piece), 5000, 400000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup_is_waited_for),
		cmocka_unit_test(
			test_word_delay_comes_between_words_of_each_size),
		cmocka_unit_test(test_one_word_has_no_word_delay),
		cmocka_unit_test(test_hold_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
