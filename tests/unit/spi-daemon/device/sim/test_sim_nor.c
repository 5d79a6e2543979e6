// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The NOR flash as a device: pieces, words, modes and edges */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_wire.h"

#define SIZE   (64 * 1024u)
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

/* A message of one piece, full duplex */
static void message(struct spi_device *dev, const void *tx, void *rx,
		    uint32_t len)
{
	struct spi_piece piece = {
		.tx = tx, .rx = rx, .len = len, .bits_per_word = 8
	};

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
}

static uint8_t status(struct spi_device *dev)
{
	uint8_t rx[2];

	message(dev, "\x05", rx, 1);
	message(dev, "\x05\0", rx, 2);
	return rx[1];
}

static void wait_ready(struct spi_device *dev)
{
	while (status(dev) & 1)
		;
}

static void test_caps_tell_bytewise_words(void **state)
{
	const struct spi_device *dev = *state;

	assert_int_equal(dev->caps.bits_per_word_mask, 0x80808080);
	assert_int_equal(dev->caps.modes, 0x7f);
	assert_int_equal(dev->caps.tx_nbits, 7);
	assert_int_equal(dev->caps.rx_nbits, 7);
	assert_int_equal(dev->caps.max_piece, 65536);
	assert_int_equal(dev->caps.max_word_delay_ns, 255000);
}

static void test_bad_configs_give_their_errno(void **state)
{
	struct sim_chip_config config = { .size = 3 * SIZE };
	struct spi_device *dev;

	(void)state;
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), -EINVAL);
	config.size = SIZE;
	config.file = "/dev/null";
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), -EFBIG);
}

static void test_id_comes_full_duplex_and_half_duplex(void **state)
{
	uint8_t rx[4];
	struct spi_piece opcode = { .tx = (const uint8_t *)"\x9f",
				    .len = 1,
				    .bits_per_word = 8,
				    .keep = true };
	struct spi_piece answer = { .rx = rx, .len = 3, .bits_per_word = 8 };

	message(*state, "\x9f\0\0\0", rx, 4);
	assert_memory_equal(rx, "\xff\xef\x40\x10", 4);
	assert_int_equal(spi_device_transfer(*state, &opcode), 0);
	assert_int_equal(spi_device_transfer(*state, &answer), 0);
	assert_memory_equal(rx, "\xef\x40\x10", 3);
}

static void test_answer_without_its_opcode_is_no_answer(void **state)
{
	uint8_t rx[3];

	message(*state, "\x9f", NULL, 1);
	message(*state, NULL, rx, 3);
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

static void test_message_cut_at_every_place_is_one_command(void **state)
{
	uint8_t rx[8];
	uint32_t cuts;

	message(*state, "\x06", NULL, 1);
	message(*state, "\x02\0\x12\x34\xa5\x5a\x99", NULL, 7);
	wait_ready(*state);
	for (cuts = 0; cuts < 1u << 7; cuts++) {
		memset(rx, 0, sizeof(rx));
		cut_message(*state, (const uint8_t *)"\x03\0\x12\x34\0\0\0\0",
			    rx, sizeof(rx), cuts);
		assert_memory_equal(rx, "\xff\xff\xff\xff\xa5\x5a\x99\xff", 8);
	}
}

static void test_program_cut_at_every_place_is_one_command(void **state)
{
	uint8_t tx[7] = { 0x02, 0, 0, 0, 1, 2, 3 };
	uint8_t rx[7];
	uint32_t cuts;

	for (cuts = 0; cuts < 1u << 6; cuts++) {
		tx[2] = (uint8_t)cuts;
		message(*state, "\x06", NULL, 1);
		cut_message(*state, tx, rx, sizeof(tx), cuts);
		wait_ready(*state);
		message(*state, (uint8_t[]){ 0x03, 0, tx[2], 0, 0, 0, 0 }, rx,
			7);
		assert_memory_equal(rx + 4, "\1\2\3", 3);
	}
}

static void test_kept_command_takes_effect_at_release(void **state)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_int_equal(spi_device_release(*state), 0);
	assert_int_equal(status(*state), 2);
	assert_int_equal(spi_device_release(*state), 0);
	assert_int_equal(status(*state), 2);
}

static void test_next_piece_of_a_kept_command_spoils_it(void **state)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	message(*state, "\x05", NULL, 1);
	assert_int_equal(status(*state), 0);
}

static void test_words_go_out_highest_byte_first(void **state)
{
	uint16_t tx16[] = { 0x9f00, 0x0000 }, rx16[2];
	uint32_t tx24[] = { 0x9f0000, 0 }, rx24[2];
	uint32_t tx32 = 0x9f000000, rx32;
	struct spi_piece piece = { .tx = (const uint8_t *)tx16,
				   .rx = (uint8_t *)rx16,
				   .len = 4,
				   .bits_per_word = 16 };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_int_equal(rx16[0], 0xffef);
	assert_int_equal(rx16[1], 0x4010);

	piece.tx = (const uint8_t *)tx24;
	piece.rx = (uint8_t *)rx24;
	piece.len = 8;
	piece.bits_per_word = 24;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_int_equal(rx24[0], 0xffef40);
	assert_int_equal(rx24[1], 0x10ef40);

	piece.tx = (const uint8_t *)&tx32;
	piece.rx = (uint8_t *)&rx32;
	piece.len = 4;
	piece.bits_per_word = 32;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_int_equal(rx32, 0xffef4010);
}

static void test_lsb_first_turns_each_word(void **state)
{
	/* Bits reversed: 9Fh is F9h, EFh is F7h, 40h is 02h, 10h is 08h. */
	uint8_t rx[4];
	uint16_t tx16[] = { 0x00f9, 0 }, rx16[2];
	struct spi_piece piece = { .tx = (const uint8_t *)"\xf9\0\0\0",
				   .rx = rx,
				   .len = 4,
				   .mode = VIRTIO_SPI_MODE_LSB_FIRST,
				   .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_memory_equal(rx, "\xff\xf7\x02\x08", 4);
	piece.tx = (const uint8_t *)tx16;
	piece.rx = (uint8_t *)rx16;
	piece.bits_per_word = 16;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_int_equal(rx16[0], 0xf7ff);
	assert_int_equal(rx16[1], 0x0802);
}

static void test_word_size_off_the_byte_deselects_and_fails(void **state)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x06\0",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	piece.bits_per_word = 12;
	piece.len = 2;
	assert_int_equal(spi_device_transfer(*state, &piece), -EINVAL);
	assert_int_equal(status(*state), 2);
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

static void test_chip_understands_modes_0_and_3_only(void **state)
{
	const char *id = "\xff\xef\x40\x10";
	const char *nothing = "\xff\xff\xff\xff";

	check_mode(*state, MODE_0, id, 2);
	check_mode(*state, MODE_3, id, 2);
	check_mode(*state, VIRTIO_SPI_MODE_CPOL, nothing, 0);
	check_mode(*state, VIRTIO_SPI_MODE_CPHA, nothing, 0);
	check_mode(*state, VIRTIO_SPI_MODE_CS_HIGH, nothing, 0);
	check_mode(*state, VIRTIO_SPI_MODE_LOOP, "\x9f\1\2\3", 0);
}

static void test_command_is_dropped_when_the_mode_changes(void **state)
{
	uint8_t rx[3];
	struct spi_piece piece = { .tx = (const uint8_t *)"\x9f",
				   .len = 1,
				   .bits_per_word = 8,
				   .keep = true };

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	piece.mode = VIRTIO_SPI_MODE_CPOL;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	piece.mode = MODE_0;
	piece.rx = rx;
	piece.tx = NULL;
	piece.len = 3;
	piece.keep = false;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	assert_memory_equal(rx, "\xff\xff\xff", 3);
}

static void test_longest_piece_reads_the_whole_chip(void **state)
{
	static uint8_t rx[SIZE];
	struct spi_piece piece = { .tx = (const uint8_t *)"\x6b\0\0\0\0",
				   .len = 5,
				   .bits_per_word = 8,
				   .keep = true };
	size_t i;

	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	piece.tx = NULL;
	piece.rx = rx;
	piece.len = SIZE;
	piece.rx_nbits = 4;
	piece.keep = false;
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	for (i = 0; i < SIZE; i++)
		assert_int_equal(rx[i], 0xff);
}

static void test_delays_are_waited_for(void **state)
{
	struct spi_piece piece = { .tx = (const uint8_t *)"\x05\0\0",
				   .len = 3,
				   .bits_per_word = 8,
				   .setup_ns = 2000000,
				   .word_delay_ns = 1000000,
				   .hold_ns = 2000000 };
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(spi_device_transfer(*state, &piece), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range((end.tv_sec - start.tv_sec) * 1000000 +
				(end.tv_nsec - start.tv_nsec) / 1000,
			6000, 500000);
}

static void test_close_deselects_and_the_file_keeps_all(void **state)
{
	char dir[] = "/tmp/sim_nor.XXXXXX", file[48];
	struct sim_chip_config config = { .size = SIZE, .file = file };
	struct spi_piece piece = { .tx = (const uint8_t *)"\x02\0\0\7\x42",
				   .len = 5,
				   .bits_per_word = 8,
				   .keep = true };
	struct spi_device *dev, *other;
	uint8_t rx[5];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/image", dir);
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), 0);
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &other),
			 -EBUSY);
	message(dev, "\x06", NULL, 1);
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	spi_device_close(dev);

	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), 0);
	message(dev, "\x03\0\0\7\0", rx, 5);
	assert_int_equal(rx[4], 0x42);
	spi_device_close(dev);
	unlink(file);
	rmdir(dir);
}

/* A chip with an image file in a directory of its own. */
struct filed {
	struct spi_device *dev;
	char dir[24];
	char file[40];
};

static int setup_file(void **state)
{
	struct filed *f = calloc(1, sizeof(*f));
	struct sim_chip_config config = { .size = SIZE };

	*state = f;
	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/sim_nor.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/image", f->dir);
	config.file = f->file;
	return sim_nor_open(&config, SIM_TIMING_NONE, &f->dev);
}

static int teardown_file(void **state)
{
	struct filed *f = *state;

	spi_device_close(f->dev);
	unlink(f->file);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int send(struct filed *f, const char *tx, uint32_t len, bool keep)
{
	struct spi_piece piece = { .tx = (const uint8_t *)tx,
				   .len = len,
				   .bits_per_word = 8,
				   .keep = keep };

	return spi_device_transfer(f->dev, &piece);
}

static void expect_failure(struct filed *f, int ret, int error, const char *why)
{
	assert_int_equal(ret, error);
	assert_non_null(strstr(f->dev->failed_step, f->file));
	assert_non_null(strstr(f->dev->failed_step, why));
}

/* The chip goes on: its status can be read, and says ready. */
static void check_ready(struct filed *f)
{
	assert_int_equal(status(f->dev), 0);
	assert_null(f->dev->failed_step);
}

static void test_command_that_the_file_refuses_fails_its_transfer(void **state)
{
	struct filed *f = *state;
	uint8_t rx[5];

	assert_int_equal(truncate(f->file, 0), 0);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\x02\0\0\0\x12", 5, false), -ENODATA,
		       "was truncated");
	check_ready(f);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\xc7", 1, false), -ENODATA, "was truncated");
	check_ready(f);
	/* A read fails even though the chip is to stay selected. */
	expect_failure(f, send(f, "\x03\0\0\0\0", 5, true), -ENODATA,
		       "was truncated");
	check_ready(f);

	assert_int_equal(truncate(f->file, SIZE), 0);
	message(f->dev, "\x03\0\0\0\0", rx, 5);
	assert_int_equal(rx[4], 0);
	assert_int_equal(unlink(f->file), 0);
	message(f->dev, "\x06", NULL, 1);
	expect_failure(f, send(f, "\xc7", 1, false), -ESTALE,
		       "was deleted or replaced");
	check_ready(f);
}

static void test_write_that_fails_at_release_fails_what_is_next(void **state)
{
	struct filed *f = *state;

	message(f->dev, "\x06", NULL, 1);
	assert_int_equal(send(f, "\x02\0\0\0\x12", 5, true), 0);
	assert_int_equal(truncate(f->file, 0), 0);
	expect_failure(f, spi_device_release(f->dev), -ENODATA,
		       "was truncated");
	expect_failure(f, send(f, "\x05\0", 2, false), -ENODATA,
		       "was truncated");
	assert_int_equal(spi_device_release(f->dev), 0);
	check_ready(f);
}

/* Returns how many read(2) and pread(2) calls this process has made. */
static unsigned long count_reads(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	unsigned long count;

	if (!file)
		skip_because("this kernel has no /proc/self/io");
	assert_int_equal(fscanf(file, "%*s %*u %*s %*u %*s %lu", &count), 1);
	fclose(file);
	return count;
}

/* From the middle to the end, and around to the start. */
static void test_long_piece_is_read_from_the_file_at_once(void **state)
{
	static uint8_t rx[SIZE];
	struct filed *f = *state;
	struct spi_piece piece = { .rx = rx, .len = SIZE, .bits_per_word = 8 };
	unsigned long before;

	message(f->dev, "\x06", NULL, 1);
	message(f->dev, "\x02\0\x80\0\x12", NULL, 5);
	wait_ready(f->dev);
	assert_int_equal(send(f, "\x03\0\x80\0", 4, true), 0);
	before = count_reads();
	assert_int_equal(spi_device_transfer(f->dev, &piece), 0);
	/* Two for the chip, and those of count_reads(). */
	assert_in_range(count_reads() - before, 2, 10);
	assert_int_equal(rx[0], 0x12);
	for (size_t i = 1; i < SIZE; i++)
		assert_int_equal(rx[i], 0xff);
}

/* What changes in the file is seen by the next piece of a read. */
static void test_each_piece_reads_the_file_anew(void **state)
{
	struct filed *f = *state;
	uint8_t rx[1];
	struct spi_piece piece = {
		.rx = rx, .len = 1, .bits_per_word = 8, .keep = true
	};

	assert_int_equal(send(f, "\x03\0\0\0\0\0\0", 7, true), 0);
	assert_int_equal(truncate(f->file, 0), 0);
	assert_int_equal(truncate(f->file, SIZE), 0);
	assert_int_equal(spi_device_transfer(f->dev, &piece), 0);
	assert_int_equal(rx[0], 0);
	assert_int_equal(spi_device_release(f->dev), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define FILE_CASE(name) \
	cmocka_unit_test_setup_teardown(name, setup_file, teardown_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_caps_tell_bytewise_words),
		cmocka_unit_test(test_bad_configs_give_their_errno),
		CASE(test_id_comes_full_duplex_and_half_duplex),
		CASE(test_answer_without_its_opcode_is_no_answer),
		CASE(test_message_cut_at_every_place_is_one_command),
		CASE(test_program_cut_at_every_place_is_one_command),
		CASE(test_kept_command_takes_effect_at_release),
		CASE(test_next_piece_of_a_kept_command_spoils_it),
		CASE(test_words_go_out_highest_byte_first),
		CASE(test_lsb_first_turns_each_word),
		CASE(test_word_size_off_the_byte_deselects_and_fails),
		CASE(test_chip_understands_modes_0_and_3_only),
		CASE(test_command_is_dropped_when_the_mode_changes),
		CASE(test_longest_piece_reads_the_whole_chip),
		CASE(test_delays_are_waited_for),
		cmocka_unit_test(test_close_deselects_and_the_file_keeps_all),
		FILE_CASE(
			test_command_that_the_file_refuses_fails_its_transfer),
		FILE_CASE(test_write_that_fails_at_release_fails_what_is_next),
		FILE_CASE(test_long_piece_is_read_from_the_file_at_once),
		FILE_CASE(test_each_piece_reads_the_file_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
