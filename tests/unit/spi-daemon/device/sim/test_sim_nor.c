// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The NOR flash as a device: pieces, words, modes and edges */
#include <time.h>

#include "tests/unit/spi-daemon/device/sim/sim_nor_messages.h"
#include "virtio/spi/spi_wire.h"

#define MODE_0 0
#define MODE_3 (VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_CPHA)

static int setup(void **state)
{
	struct sim_chip_config config = { .size = SIZE };
	struct spi_device *dev;

	if (sim_nor_open(&config, SIM_TIMING_NONE, &dev))
		return -1;
	*state = dev;
	return 0;
}

static int teardown(void **state)
{
	spi_device_close(*state);
	return 0;
}

TEST_WITH(caps_tell_bytewise_words, struct spi_device *dev)
{
	assert_int_equal(dev->caps.bits_per_word_mask, 0x80808080);
	assert_int_equal(dev->caps.modes, 0x7f);
	assert_int_equal(dev->caps.tx_nbits, 7);
	assert_int_equal(dev->caps.rx_nbits, 7);
	assert_int_equal(dev->caps.max_piece, 65536);
	assert_int_equal(dev->caps.max_word_delay_ns, 255000);
}

TEST(bad_configs_give_their_errno)
{
	struct sim_chip_config config = { .size = 3 * SIZE };
	struct spi_device *dev;

	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), -EINVAL);
	config.size = SIZE;
	config.file = "/dev/null";
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), -EFBIG);
}

TEST_WITH(id_comes_full_duplex_and_half_duplex, struct spi_device *dev)
{
	uint8_t rx[4];
	struct spi_piece opcode = { .tx = (const uint8_t *)"\x9f",
				    .len = 1,
				    .bits_per_word = 8,
				    .keep = true };
	struct spi_piece answer = { .rx = rx, .len = 3, .bits_per_word = 8 };

	message(dev, "\x9f\0\0\0", rx, 4);
	assert_memory_equal(rx, "\xff\xef\x40\x10", 4);
	assert_int_equal(spi_device_transfer(dev, &opcode), 0);
	assert_int_equal(spi_device_transfer(dev, &answer), 0);
	assert_memory_equal(rx, "\xef\x40\x10", 3);
}

TEST_WITH(answer_without_its_opcode_is_no_answer, struct spi_device *dev)
{
	uint8_t rx[3];

	message(dev, "\x9f", NULL, 1);
	message(dev, NULL, rx, 3);
	assert_memory_equal(rx, "\xff\xff\xff", 3);
}

/* Bit i of @cuts: a new piece begins after byte i. */
static void cut_message(struct spi_device *dev, const uint8_t *tx, uint8_t *rx,
			uint32_t len, uint32_t cuts)
{
	struct spi_piece piece = { .bits_per_word = 8 };
	uint32_t start = 0, i;

	for (i = 0; i < len; i++) {
		if (i + 1 < len && !(cuts >> i & 1))
			continue;
		piece.tx = tx + start;
		piece.rx = rx + start;
		piece.len = i + 1 - start;
		piece.keep = i + 1 < len;
		assert_int_equal(spi_device_transfer(dev, &piece), 0);
		start = i + 1;
	}
}

TEST_WITH(message_cut_at_every_place_is_one_command, struct spi_device *dev)
{
	uint8_t rx[8];
	uint32_t cuts;

	message(dev, "\x06", NULL, 1);
	message(dev, "\x02\0\x12\x34\xa5\x5a\x99", NULL, 7);
	wait_ready(dev);
	for (cuts = 0; cuts < 1u << 7; cuts++) {
		memset(rx, 0, sizeof(rx));
		cut_message(dev, (const uint8_t *)"\x03\0\x12\x34\0\0\0\0", rx,
			    sizeof(rx), cuts);
		assert_memory_equal(rx, "\xff\xff\xff\xff\xa5\x5a\x99\xff", 8);
	}
}

TEST_WITH(program_cut_at_every_place_is_one_command, struct spi_device *dev)
{
	uint8_t tx[7] = { 0x02, 0, 0, 0, 1, 2, 3 };
	uint8_t rx[7];
	uint32_t cuts;

	for (cuts = 0; cuts < 1u << 6; cuts++) {
		tx[2] = (uint8_t)cuts;
		message(dev, "\x06", NULL, 1);
		cut_message(dev, tx, rx, sizeof(tx), cuts);
		wait_ready(dev);
		message(dev, (uint8_t[]){ 0x03, 0, tx[2], 0, 0, 0, 0 }, rx, 7);
		assert_memory_equal(rx + 4, "\1\2\3", 3);
	}
}

TEST_WITH(kept_command_takes_effect_at_release, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(spi_device_release(dev), 0);
	assert_int_equal(status(dev), 2);
	assert_int_equal(spi_device_release(dev), 0);
	assert_int_equal(status(dev), 2);
}

TEST_WITH(next_piece_of_a_kept_command_spoils_it, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	message(dev, "\x05", NULL, 1);
	assert_int_equal(status(dev), 0);
}

TEST_WITH(words_go_out_highest_byte_first, struct spi_device *dev)
{
	uint16_t tx16[] = { 0x9f00, 0x0000 }, rx16[2];
	uint32_t tx24[] = { 0x9f0000, 0 }, rx24[2];
	uint32_t tx32 = 0x9f000000, rx32;
	struct spi_piece piece = { .tx = (const uint8_t *)tx16,
				   .rx = (uint8_t *)rx16,
				   .len = 4,
				   .bits_per_word = 16 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(rx16[0], 0xffef);
	assert_int_equal(rx16[1], 0x4010);

	piece.tx = (const uint8_t *)tx24;
	piece.rx = (uint8_t *)rx24;
	piece.len = 8;
	piece.bits_per_word = 24;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(rx24[0], 0xffef40);
	assert_int_equal(rx24[1], 0x10ef40);

	piece.tx = (const uint8_t *)&tx32;
	piece.rx = (uint8_t *)&rx32;
	piece.len = 4;
	piece.bits_per_word = 32;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(rx32, 0xffef4010);
}

TEST_WITH(lsb_first_turns_each_word, struct spi_device *dev)
{
	/* Bits reversed: 9Fh is F9h, EFh is F7h, 40h is 02h, 10h is 08h. */
	uint8_t rx[4];
	uint16_t tx16[] = { 0x00f9, 0 }, rx16[2];
	struct spi_piece piece = { .tx = (const uint8_t *)"\xf9\0\0\0",
				   .rx = rx,
				   .len = 4,
				   .mode = VIRTIO_SPI_MODE_LSB_FIRST,
				   .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(rx, "\xff\xf7\x02\x08", 4);
	piece.tx = (const uint8_t *)tx16;
	piece.rx = (uint8_t *)rx16;
	piece.bits_per_word = 16;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(rx16[0], 0xf7ff);
	assert_int_equal(rx16[1], 0x0802);
}

TEST_WITH(word_size_off_the_byte_deselects_and_fails, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06\0",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	piece.bits_per_word = 12;
	piece.len = 2;
	assert_int_equal(spi_device_transfer(dev, &piece), -EINVAL);
	assert_int_equal(status(dev), 2);
}

/* Sends a write enable and an id read in @mode. Checks the id and WEL. */
static void check_mode(struct spi_device *dev, uint32_t mode,
		       const char *answer, uint8_t wel)
{
	uint8_t rx[4] = { 0 };
	struct spi_piece piece = { .tx = (const uint8_t *)"\x9f\1\2\3",
				   .rx = rx,
				   .len = 4,
				   .mode = mode,
				   .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(rx, answer, 4);
	piece.tx = (const uint8_t *)"\x06";
	piece.len = 1;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_int_equal(status(dev), wel);
	message(dev, "\x04", NULL, 1);
}

TEST_WITH(chip_understands_modes_0_and_3_only, struct spi_device *dev)
{
	const char *id = "\xff\xef\x40\x10";
	const char *nothing = "\xff\xff\xff\xff";

	check_mode(dev, MODE_0, id, 2);
	check_mode(dev, MODE_3, id, 2);
	check_mode(dev, VIRTIO_SPI_MODE_CPOL, nothing, 0);
	check_mode(dev, VIRTIO_SPI_MODE_CPHA, nothing, 0);
	check_mode(dev, VIRTIO_SPI_MODE_CS_HIGH, nothing, 0);
	check_mode(dev, VIRTIO_SPI_MODE_LOOP, "\x9f\1\2\3", 0);
}

TEST_WITH(command_is_dropped_when_the_mode_changes, struct spi_device *dev)
{
	uint8_t rx[3];
	struct spi_piece piece = { .tx = (const uint8_t *)"\x9f",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	piece.mode = VIRTIO_SPI_MODE_CPOL;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	piece.mode = MODE_0;
	piece.rx = rx;
	piece.tx = NULL;
	piece.len = 3;
	piece.keep = false;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	assert_memory_equal(rx, "\xff\xff\xff", 3);
}

TEST_WITH(longest_piece_reads_the_whole_chip, struct spi_device *dev)
{
	static uint8_t rx[SIZE];
	struct spi_piece piece = { .tx = (const uint8_t *)"\x6b\0\0\0\0",
				   .len = 5,
				   .bits_per_word = 8,
				   .keep = true };
	size_t i;

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	piece.tx = NULL;
	piece.rx = rx;
	piece.len = SIZE;
	piece.rx_nbits = 4;
	piece.keep = false;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	for (i = 0; i < SIZE; i++)
		assert_int_equal(rx[i], 0xff);
}

TEST_WITH(delays_are_waited_for, struct spi_device *dev)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x05\0\0",
				   .len = 3,
				   .bits_per_word = 8,
				   .setup_ns = 2000000,
				   .word_delay_ns = 1000000,
				   .hold_ns = 2000000 };
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range((end.tv_sec - start.tv_sec) * 1000000 +
				(end.tv_nsec - start.tv_nsec) / 1000,
			6000, 500000);
}

TEST_MAIN(setup, teardown)
