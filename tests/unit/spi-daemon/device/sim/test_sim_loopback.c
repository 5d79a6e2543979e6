// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <errno.h>
#include <string.h>
#include <time.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_wire.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int setup(void **state)
{
	struct spi_device *dev;

	if (sim_loopback_open(SIM_TIMING_NONE, &dev))
		return -1;
	*state = dev;
	return 0;
}

static int teardown(void **state)
{
	spi_device_close(*state);
	return 0;
}

TEST_WITH(test_caps_offer_everything, struct spi_device *dev)
{
	const struct spi_caps *caps = &dev->caps;

	assert_int_equal(caps->tx_nbits, 7);
	assert_int_equal(caps->rx_nbits, 7);
	assert_int_equal(caps->bits_per_word_mask, 0);
	assert_int_equal(caps->modes, 0x7f);
	assert_int_equal(caps->max_speed_hz, 0);
	assert_int_equal(caps->min_speed_hz, 0);
	assert_int_equal(caps->max_word_delay_ns, 255000);
	assert_int_equal(caps->max_setup_ns, 65535000);
	assert_int_equal(caps->max_hold_ns, 65535000);
	assert_int_equal(caps->max_inactive_ns, 65535000);
	assert_int_equal(caps->max_piece, 65536);
}

TEST_WITH(test_every_mode_and_word_size_comes_back_verbatim,
	  struct spi_device *dev)
{
	uint8_t tx[64], rx[64];
	struct spi_piece piece = { .tx = tx, .rx = rx, .len = sizeof(tx) };
	size_t i;

	for (i = 0; i < sizeof(tx); i++)
		tx[i] = (uint8_t)(i * 7 + 1);
	for (piece.mode = 0; piece.mode < 32; piece.mode++) {
		for (i = 1; i <= 32; i++) {
			piece.bits_per_word = (uint8_t)i;
			memset(rx, 0, sizeof(rx));
			assert_int_equal(spi_device_transfer(dev, &piece), 0);
			assert_memory_equal(rx, tx, sizeof(tx));
		}
	}
}

TEST_WITH(test_longest_piece_comes_back, struct spi_device *dev)
{
	static uint8_t tx[65536], rx[65536];
	struct spi_piece piece = {
		.tx = tx, .rx = rx, .len = sizeof(tx), .bits_per_word = 8
	};
	size_t i;

	for (i = 0; i < sizeof(tx); i++)
		tx[i] = (uint8_t)(i ^ i >> 8);
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(rx, tx, sizeof(tx));
}

TEST_WITH(test_no_tx_gives_zeros, struct spi_device *dev)
{
	uint8_t rx[5] = { 1, 2, 3, 4, 5 };
	struct spi_piece piece = { .rx = rx, .len = 4, .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(rx, "\0\0\0\0\5", 5);
}

TEST_WITH(test_no_rx_is_fine, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"ab",
				   .len = 2,
				   .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
}

TEST_WITH(test_overlapping_buffers_are_moved, struct spi_device *dev)
{
	uint8_t buf[] = { 1, 2, 3, 4, 5 };
	struct spi_piece piece = {
		.tx = buf, .rx = buf + 1, .len = 4, .bits_per_word = 8
	};

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(buf, "\1\1\2\3\4", 5);
}

TEST_WITH(test_setup_delay_comes_only_with_the_select_edge,
	  struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"a",
				   .len = 1,
				   .bits_per_word = 8,
				   .setup_ns = 10000000,
				   .keep = true };
	uint64_t start = now_us();

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_in_range(now_us() - start, 10000, 500000);

	piece.setup_ns = 2000000000; /* the test would time out */
	piece.keep = false;
	start = now_us();
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_in_range(now_us() - start, 0, 1000000);

	piece.setup_ns = 10000000;
	start = now_us();
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_in_range(now_us() - start, 10000, 500000);
}

TEST_WITH(test_release_makes_the_next_piece_select, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"a",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };
	uint64_t start;

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(spi_device_release(dev), 0);
	assert_int_equal(spi_device_release(dev), 0);
	piece.setup_ns = 10000000;
	start = now_us();
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_in_range(now_us() - start, 10000, 500000);
}

TEST_WITH(test_word_delay_and_hold_are_waited_for, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"abcdefgh",
				   .len = 8,
				   .bits_per_word = 16,
				   .word_delay_ns = 255000,
				   .hold_ns = 3000000 };
	uint64_t start = now_us();

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_in_range(now_us() - start, 3000 + 3 * 255, 500000);
}

TEST(test_real_timing_has_a_slowest_clock)
{
	struct spi_device *dev;

	assert_int_equal(sim_loopback_open(SIM_TIMING_REAL, &dev), 0);
	assert_int_equal(dev->caps.min_speed_hz, 1000);
	spi_device_close(dev);
	assert_int_equal(sim_loopback_open(SIM_TIMING_NONE, &dev), 0);
	assert_int_equal(dev->caps.min_speed_hz, 0);
	spi_device_close(dev);
}

TEST_MAIN(setup, teardown)
