// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Bytes of an image file, as a chip clocks them out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/device/store/chip_reader.h"
#include "tests/lib/test.h"

#define SIZE 4096u

struct fixture {
	struct chip_store store; /* byte n is n, modulo 256 */
	struct chip_reader reader;
	char file[32];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t bytes[SIZE];

	*state = f;
	if (!f)
		return -1;
	for (uint32_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)i;
	snprintf(f->file, sizeof(f->file), "/tmp/test-reader-%d", getpid());
	if (chip_store_open(&f->store, SIZE, f->file, NULL) ||
	    chip_store_write(&f->store, 0, bytes, SIZE))
		return -1;
	return chip_reader_init(&f->reader, &f->store);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	chip_reader_fini(&f->reader);
	chip_store_close(&f->store);
	unlink(f->file);
	free(f);
	return 0;
}

static uint8_t clock_out(struct fixture *f, uint32_t addr)
{
	uint8_t byte = 0;

	assert_int_equal(chip_reader_byte(&f->reader, addr, &byte), 0);
	chip_reader_clocked(&f->reader);
	return byte;
}

/* Changes the file behind the reader's back. */
static void overwrite(struct fixture *f, uint32_t addr)
{
	const uint8_t byte = 0xee;

	assert_int_equal(chip_store_write(&f->store, addr, &byte, 1), 0);
}

TEST_WITH(announced_bytes_are_read_at_once, struct fixture *f)
{
	chip_reader_announce(&f->reader, 3);
	assert_int_equal(clock_out(f, 7), 7);
	overwrite(f, 8);
	overwrite(f, 10);
	assert_int_equal(clock_out(f, 8), 8);
	assert_int_equal(clock_out(f, 9), 9);
	/* The fourth one was not announced. */
	assert_int_equal(clock_out(f, 10), 0xee);
}

TEST_WITH(command_bytes_count_as_announced, struct fixture *f)
{
	chip_reader_announce(&f->reader, 2);
	chip_reader_clocked(&f->reader);
	assert_int_equal(clock_out(f, 7), 7);
	overwrite(f, 8);
	assert_int_equal(clock_out(f, 8), 0xee);
}

TEST_WITH(next_announcement_reads_anew, struct fixture *f)
{
	chip_reader_announce(&f->reader, 100);
	assert_int_equal(clock_out(f, 7), 7);
	overwrite(f, 8);
	chip_reader_announce(&f->reader, 100);
	assert_int_equal(clock_out(f, 8), 0xee);
}

TEST_WITH(unannounced_bytes_are_read_one_by_one, struct fixture *f)
{
	assert_int_equal(clock_out(f, 7), 7);
	overwrite(f, 8);
	assert_int_equal(clock_out(f, 8), 0xee);
}

TEST_WITH(read_ahead_ends_where_the_contents_end, struct fixture *f)
{
	chip_reader_announce(&f->reader, 100);
	assert_int_equal(clock_out(f, SIZE - 1), 0xff);
	assert_int_equal(clock_out(f, 0), 0);
}

TEST_WITH(truncated_file_is_an_error_until_it_is_whole, struct fixture *f)
{
	uint8_t byte;

	chip_reader_announce(&f->reader, 100);
	assert_int_equal(truncate(f->file, 16), 0);
	assert_int_equal(chip_reader_byte(&f->reader, 20, &byte), -ENODATA);
	assert_int_equal(truncate(f->file, SIZE), 0);
	assert_int_equal(clock_out(f, 20), 0);
}

TEST_MAIN(setup, teardown)
