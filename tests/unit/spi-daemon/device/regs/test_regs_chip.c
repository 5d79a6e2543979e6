// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A chip of registers at its pins, and as a device */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/device/regs/regs_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"
#include "tests/unit/spi-daemon/device/store/kept_memory.h"
#include "virtio/spi/spi_wire.h"

struct world {
	struct regs_chip chip;
	char file[40];
	int fd; /* of the memory that is kept */
	bool open;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	assert_non_null(w);
	snprintf(w->file, sizeof(w->file), "/tmp/test-regs-chip-%d", getpid());
	w->fd = kept_memory_create(REGS_MEMORY_SIZE);
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (w->open)
		regs_chip_close(&w->chip.bytes);
	close(w->fd);
	unlink(w->file);
	free(w);
	return 0;
}

static void write_map(struct world *w, const char *text)
{
	FILE *stream = fopen(w->file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

static void open_map(struct world *w, const char *text)
{
	void *memory = kept_memory_map(w->fd, REGS_MEMORY_SIZE);
	char error[256];

	if (w->open)
		regs_chip_close(&w->chip.bytes);
	write_map(w, text);
	if (regs_chip_open(&w->chip, w->file, memory, error, sizeof(error)))
		fail_msg("%s", error);
	w->open = true;
}

/* One message: @tx in, and what comes out meanwhile. */
static void message(struct world *w, const void *tx, void *rx, size_t len)
{
	const uint8_t *in = tx;
	uint8_t *out = rx;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = regs_chip_clock(&w->chip.bytes, in[i]);

		if (out)
			out[i] = byte;
	}
	regs_chip_deselect(&w->chip.bytes);
}

#define EXPECT(w, tx, expected)                                  \
	do {                                                     \
		uint8_t rx_[sizeof(tx) - 1];                     \
		message(w, tx, rx_, sizeof(rx_));                \
		assert_memory_equal(rx_, expected, sizeof(rx_)); \
		assert_int_equal(sizeof(tx), sizeof(expected));  \
	} while (0)
#define SEND(w, tx) message(w, tx, NULL, sizeof(tx) - 1)

TEST_WITH(registers_begin_with_their_reset_values, struct world *w)
{
	open_map(w, "read-bit 7\n0x10 0x12\n0x11 0x34\n");
	EXPECT(w, "\x90\0\0\0", "\xff\x12\x34\0");
	EXPECT(w, "\x8f\0\0", "\xff\0\x12");
}

TEST_WITH(written_values_are_read, struct world *w)
{
	open_map(w, "read-bit 7\n0x10-0x12 0\n");
	SEND(w, "\x10\xa5\x5a");
	EXPECT(w, "\x90\0\0\0", "\xff\xa5\x5a\0");
	/* No register, and no value: */
	SEND(w, "\x20\1");
	SEND(w, "\x12");
	EXPECT(w, "\x92\0", "\xff\0");
}

TEST_WITH(flags_decide_what_reads_and_writes_do, struct world *w)
{
	open_map(w, "write-bit 7\n"
		    "0 0x11 read-only\n"
		    "1 0x22 write-only\n"
		    "2 0x33 clear-on-read\n"
		    "3 0xff write-1-clears writable=0x0f\n"
		    "4 0x55 writable=0xf0\n");
	EXPECT(w, "\0\0\0\0\0\0", "\xff\x11\0\x33\xff\x55");
	SEND(w, "\x80\xaa\xaa\xaa\xaa\xaa");
	EXPECT(w, "\0\0\0\0\0\0", "\xff\x11\0\xaa\xf5\xa5");
	EXPECT(w, "\2\0", "\xff\0");
	assert_int_equal(w->chip.state->values[1], 0xaa);
}

TEST_WITH(values_have_several_bytes, struct world *w)
{
	open_map(w, "read-bit 7\nvalue-bytes 2\n"
		    "0 0x1234\n1 0x56 bytes=1\n2 0x789abc bytes=3\n");
	EXPECT(w, "\x80\0\0\0\0\0\0\0\0", "\xff\x12\x34\x56\x78\x9a\xbc\0\0");
	SEND(w, "\0\1\2\3\4\5\6");
	EXPECT(w, "\x80\0\0\0\0\0\0", "\xff\1\2\3\4\5\6");
	/* A value that is cut is not written. */
	SEND(w, "\0\7");
	EXPECT(w, "\x80\0\0", "\xff\1\2");
	open_map(w, "read-bit 7\nvalue-bytes 2\nvalue-order little\n"
		    "0 0x1234\n");
	EXPECT(w, "\x80\0\0", "\xff\x34\x12");
	SEND(w, "\0\1\2");
	assert_int_equal(w->chip.state->values[0], 0x0201);
}

TEST_WITH(value_is_latched_with_its_first_byte, struct world *w)
{
	open_map(w, "read-bit 7\nvalue-bytes 2\n0 0x1234 clear-on-read\n");
	EXPECT(w, "\x80", "\xff");
	EXPECT(w, "\x80\0", "\xff\x12");
	EXPECT(w, "\x80\0\0", "\xff\0\0");
}

TEST_WITH(increment_is_a_choice, struct world *w)
{
	open_map(w, "read-bit 7\nincrement no\n0 1\n1 2\n");
	EXPECT(w, "\x80\0\0", "\xff\1\1");
	SEND(w, "\0\3\4");
	EXPECT(w, "\x80\0", "\xff\4");
	open_map(w, "read-bit 7\naddress-bits 6\nincrement-bit 6\n0 1\n1 3\n");
	EXPECT(w, "\x80\0\0", "\xff\1\1");
	EXPECT(w, "\xc0\0\0", "\xff\1\3");
	/* Behind the last address comes the first. */
	EXPECT(w, "\xff\0\0\0", "\xff\0\1\3");
}

TEST_WITH(command_has_its_address_where_the_map_says, struct world *w)
{
	open_map(w, "command-bytes 2\naddress-bits 8\nread-bit 0\n"
		    "0x12 0x34\n");
	EXPECT(w, "\x41\x12\0", "\xff\xff\x34");
	SEND(w, "\x40\x12\x56");
	EXPECT(w, "\x41\x12\0", "\xff\xff\x56");
	open_map(w, "address-bits 4\naddress-shift 3\nread-bit 0\n"
		    "0x9 0x77\n");
	EXPECT(w, "\xc9\0", "\xff\x77");
}

TEST_WITH(reads_have_dummy_bytes_and_writes_have_none, struct world *w)
{
	open_map(w, "read-bit 7\ndummy-bytes 2\n1 0x34\n");
	EXPECT(w, "\x81\0\0\0", "\xff\xff\xff\x34");
	SEND(w, "\1\x56");
	EXPECT(w, "\x81\0\0\0", "\xff\xff\xff\x56");
}

TEST_WITH(dropped_message_is_ignored_until_deselect, struct world *w)
{
	open_map(w, "read-bit 7\n1 0x34\n");
	regs_chip_clock(&w->chip.bytes, 1);
	regs_chip_drop_command(&w->chip.bytes);
	EXPECT(w, "\1\1", "\xff\xff");
	EXPECT(w, "\x81\0", "\xff\x34");
}

TEST_WITH(kept_values_are_those_of_the_same_map, struct world *w)
{
	open_map(w, "read-bit 7\n1 0x34\n2 0\n");
	SEND(w, "\1\x56\x78");
	open_map(w, "read-bit 7\nmodes 0\n1 0x34\n2 0\n");
	EXPECT(w, "\x81\0\0", "\xff\x56\x78");
	open_map(w, "read-bit 7\n1 0x35\n2 0\n");
	EXPECT(w, "\x81\0\0", "\xff\x35\0");
	w->chip.state->values[1] = 0x100;
	open_map(w, "read-bit 7\n1 0x35\n2 0\n");
	EXPECT(w, "\x81\0\0", "\xff\x35\0");
}

static uint8_t read_in_mode(struct spi_device *dev, uint32_t mode)
{
	uint8_t rx[2];
	const struct spi_piece piece = { .tx = (const uint8_t *)"\x81",
					 .rx = rx,
					 .len = 2,
					 .mode = mode,
					 .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	return rx[1];
}

TEST_WITH(device_answers_in_its_modes, struct world *w)
{
	const struct sim_chip_config config = { .file = w->file };
	struct spi_device *dev;
	char error[256];

	write_map(w, "read-bit 7\nmodes 1 2\n1 0x34\n");
	assert_int_equal(sim_regs_open(&config, SIM_TIMING_NONE, &dev, error,
				       sizeof(error)),
			 0);
	assert_int_equal(read_in_mode(dev, 0), 0xff);
	assert_int_equal(read_in_mode(dev, VIRTIO_SPI_MODE_CPHA), 0x34);
	assert_int_equal(read_in_mode(dev, VIRTIO_SPI_MODE_CPOL), 0x34);
	assert_int_equal(
		read_in_mode(dev, VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_CPHA),
		0xff);
	assert_int_equal(read_in_mode(dev, VIRTIO_SPI_MODE_CPHA |
						   VIRTIO_SPI_MODE_CS_HIGH),
			 0xff);
	spi_device_close(dev);
	write_map(w, "0");
	assert_int_equal(sim_regs_open(&config, SIM_TIMING_NONE, &dev, error,
				       sizeof(error)),
			 -EBADMSG);
}

TEST_MAIN(setup, teardown)
