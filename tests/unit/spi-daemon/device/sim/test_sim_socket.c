// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/fixture/chip_program.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_wire.h"

#define SHORT_MS 100
#define LONG_MS	 30000 /* a busy machine answers within it */

struct world {
	struct chip_program program;
	struct spi_device *dev;
	uint8_t tx[16], rx[16];
};

static void open_chip(struct world *w, uint32_t timeout_ms)
{
	const struct sim_socket_config config = { w->program.path, timeout_ms };

	assert_int_equal(sim_socket_open(&config, SIM_TIMING_NONE, &w->dev), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	for (size_t i = 0; i < sizeof(w->tx); i++)
		w->tx[i] = (uint8_t)(0xa0 + i);
	chip_program_init(&w->program);
	chip_program_start(&w->program, CHIP_PROPER);
	open_chip(w, LONG_MS);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	spi_device_close(w->dev);
	if (w->program.listener >= 0)
		chip_program_stop(&w->program);
	free(w);
	return 0;
}

static void reopen(struct world *w, enum chip_manner manner,
		   uint32_t timeout_ms)
{
	spi_device_close(w->dev);
	chip_program_set_manner(&w->program, manner);
	open_chip(w, timeout_ms);
}

/* Sends and receives @len bytes. */
static struct spi_piece piece_of(struct world *w, uint32_t len)
{
	return (struct spi_piece){
		.tx = w->tx, .rx = w->rx, .len = len, .bits_per_word = 8
	};
}

static int transfer(struct world *w, uint32_t len, bool keep)
{
	struct spi_piece piece = piece_of(w, len);

	piece.keep = keep;
	return spi_device_transfer(w->dev, &piece);
}

static void assert_answer(const struct world *w, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(w->rx[i], (uint8_t)~w->tx[i]);
}

TEST_WITH(message_has_edges_and_bytes, struct world *w)
{
	assert_int_equal(transfer(w, 5, false), 0);
	assert_answer(w, 5);
	assert_string_equal(chip_program_letters(&w->program, 4), "HSTD");
	assert_int_equal(w->program.sent_len, 5);
	assert_memory_equal(w->program.sent, w->tx, 5);
}

TEST_WITH(transfer_carries_its_settings, struct world *w)
{
	struct spi_piece piece = piece_of(w, 8);
	const struct chip_transfer *seen = &w->program.events[2].transfer;

	piece.speed_hz = 12345678;
	piece.mode = VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_LSB_FIRST;
	piece.bits_per_word = 32;
	piece.tx_nbits = 4;
	assert_int_equal(spi_device_transfer(w->dev, &piece), 0);
	chip_program_letters(&w->program, 4);
	assert_int_equal(seen->speed_hz, 12345678);
	assert_int_equal(seen->mode, 2 | 8);
	assert_int_equal(seen->bits_per_word, 32);
	assert_int_equal(seen->tx_nbits, 4);
	assert_int_equal(seen->rx_nbits, 1);
	assert_int_equal(seen->flags, CHIP_SENDS | CHIP_RECEIVES);
	assert_int_equal(seen->len, 8);
}

TEST_WITH(bytes_go_one_way_when_only_sent_or_only_received, struct world *w)
{
	struct spi_piece piece = piece_of(w, 4);
	const uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };

	piece.rx = NULL;
	assert_int_equal(spi_device_transfer(w->dev, &piece), 0);
	piece = piece_of(w, 4);
	piece.tx = NULL;
	assert_int_equal(spi_device_transfer(w->dev, &piece), 0);
	assert_memory_equal(w->rx, ones, 4);
	chip_program_letters(&w->program, 7);
	assert_int_equal(w->program.events[2].transfer.flags, CHIP_SENDS);
	assert_int_equal(w->program.events[5].transfer.flags, CHIP_RECEIVES);
	assert_int_equal(w->program.sent_len, 4);
}

TEST_WITH(linked_pieces_are_one_message, struct world *w)
{
	struct spi_piece last = piece_of(w, 2), first = piece_of(w, 1);

	first.rx = NULL;
	first.next = &last;
	assert_int_equal(spi_device_transfer(w->dev, &first), 0);
	assert_string_equal(chip_program_letters(&w->program, 5), "HSTTD");
}

TEST_WITH(chip_stays_selected_until_release, struct world *w)
{
	assert_int_equal(transfer(w, 1, true), 0);
	assert_int_equal(transfer(w, 1, true), 0);
	assert_int_equal(spi_device_release(w->dev), 0);
	assert_int_equal(spi_device_release(w->dev), 0);
	assert_int_equal(transfer(w, 1, false), 0);
	assert_string_equal(chip_program_letters(&w->program, 8), "HSTTDSTD");
}

TEST_WITH(chip_is_there_when_the_program_has_come_later, struct world *w)
{
	chip_program_stop(&w->program);
	assert_int_equal(transfer(w, 1, false), -ENOENT);
	assert_string_equal(spi_device_failed_step(w->dev, ""), "connect");
	chip_program_start(&w->program, CHIP_PROPER);
	assert_int_equal(transfer(w, 1, false), 0);
}

TEST_WITH(message_is_sent_again_when_the_program_was_restarted, struct world *w)
{
	assert_int_equal(transfer(w, 1, false), 0);
	chip_program_letters(&w->program, 4);
	chip_program_stop(&w->program);
	chip_program_start(&w->program, CHIP_PROPER);
	assert_int_equal(transfer(w, 2, false), 0);
	assert_answer(w, 2);
	assert_string_equal(chip_program_letters(&w->program, 8), "HSTDHSTD");
}

TEST_WITH(rest_of_a_message_fails_when_the_program_was_restarted,
	  struct world *w)
{
	assert_int_equal(transfer(w, 1, true), 0);
	chip_program_stop(&w->program);
	chip_program_start(&w->program, CHIP_PROPER);
	assert_int_equal(transfer(w, 1, true), -EPIPE);
	assert_int_equal(transfer(w, 1, false), 0);
	assert_string_equal(chip_program_letters(&w->program, 7), "HSTHSTD");
}

TEST_WITH(refused_transfer_fails_and_releases_the_chip, struct world *w)
{
	chip_program_set_manner(&w->program, CHIP_FAILS);
	assert_int_equal(transfer(w, 3, true), -EREMOTEIO);
	chip_program_set_manner(&w->program, CHIP_PROPER);
	assert_int_equal(transfer(w, 3, false), 0);
	assert_string_equal(chip_program_letters(&w->program, 7), "HSTDSTD");
	assert_int_equal(w->program.connections, 1);
}

struct fault {
	enum chip_manner manner;
	int error;
	uint32_t timeout_ms;
};

static const struct fault faults[] = {
	{ CHIP_BAD_MAGIC, -EPROTO, LONG_MS },
	{ CHIP_NEW_VERSION, -EPROTONOSUPPORT, LONG_MS },
	{ CHIP_DEAF, -ETIMEDOUT, SHORT_MS },
	{ CHIP_SILENT, -ETIMEDOUT, SHORT_MS },
	{ CHIP_SLOW, -ETIMEDOUT, SHORT_MS },
	{ CHIP_SHORT_RESULT, -EPROTO, LONG_MS },
	{ CHIP_LONG_RESULT, -EPROTO, LONG_MS },
	{ CHIP_WRONG_TYPE, -EPROTO, LONG_MS },
	{ CHIP_LEAVES, -ECONNRESET, LONG_MS },
	{ CHIP_HALF_RESULT, -ECONNRESET, LONG_MS },
};

TEST_WITH(connection_ends_when_an_answer_is_wrong_or_late, struct world *w)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		reopen(w, faults[i].manner, faults[i].timeout_ms);
		assert_int_equal(transfer(w, 16, true), faults[i].error);
		assert_true(spi_device_failed_step(w->dev, "")[0]);
		/* Nothing is selected, and nothing is sent. */
		assert_int_equal(spi_device_release(w->dev), 0);
		reopen(w, CHIP_PROPER, LONG_MS);
		assert_int_equal(transfer(w, 16, false), 0);
		assert_answer(w, 16);
	}
}

TEST_WITH(program_that_does_not_greet_is_left_alone_for_a_second,
	  struct world *w)
{
	int64_t began;
	unsigned int seconds;

	reopen(w, CHIP_DEAF, SHORT_MS);
	began = process_now_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(transfer(w, 1, false), -ETIMEDOUT);
	seconds = (unsigned int)((process_now_ms() - began) / 1000);
	pthread_mutex_lock(&w->program.lock);
	assert_in_range(w->program.connections, 0, 1 + seconds);
	pthread_mutex_unlock(&w->program.lock);
}

/* It would have the bus nearly all of the time. */
TEST_WITH(program_that_is_late_twice_is_left_alone_for_longer, struct world *w)
{
	int64_t began, passed;

	reopen(w, CHIP_SILENT, SHORT_MS);
	began = process_now_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(transfer(w, 1, false), -ETIMEDOUT);
	passed = process_now_ms() - began;
	pthread_mutex_lock(&w->program.lock);
	assert_in_range(w->program.connections, 0,
			2 + passed / (int64_t)(4 * SHORT_MS));
	pthread_mutex_unlock(&w->program.lock);
}

TEST_WITH(path_that_no_socket_can_have_is_refused, struct world *w)
{
	char path[SIM_SOCKET_PATH_MAX + 2];
	const struct sim_socket_config config = { path, 1 };
	struct spi_device *dev;

	(void)w;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sim_socket_open(&config, SIM_TIMING_NONE, &dev),
			 -ENAMETOOLONG);
}

TEST_MAIN(setup, teardown)
