/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The ioctls that pieces, errors and an unbind lead to */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/spidev.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/test.h"

static struct spi_device *dev; /* on device 0 */

static struct spi_piece piece(const void *tx, void *rx, uint32_t len)
{
	return (struct spi_piece){
		.tx = tx,
		.rx = rx,
		.len = len,
		.bits_per_word = 8,
		.speed_hz = 1000000,
	};
}

/* Opens the device, whose log is empty then. Returns a piece of one byte. */
static struct spi_piece begin(void)
{
	fake_spidev_need();
	assert_int_equal(spidev_open(fake_spidev_make(0, &fake_spidev_plain),
				     CS_HIGH_DEFAULT, false, &dev),
			 0);
	fake_spidev_take(0);
	return piece("a", NULL, 1);
}

static void finish(void)
{
	if (dev)
		spi_device_close(dev);
	dev = NULL;
}

/* Checks the events since the last time: one letter for each. */
static void check_events(const char *want)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	char got[FAKE_SPIDEV_EVENTS + 1];

	for (unsigned int i = 0; i < log->count; i++)
		got[i] = "SRCDM"[log->events[i].kind];
	got[log->count] = '\0';
	assert_string_equal(got, want);
}

static void expect(const struct spi_piece *p, int ret)
{
	assert_int_equal(spi_device_transfer(dev, p), ret);
}

/* The transfer returns @ret and causes @events. */
static void expect_events(const struct spi_piece *p, int ret,
			  const char *events)
{
	expect(p, ret);
	check_events(events);
}

TEST(a_piece_is_one_ioctl)
{
	struct spi_piece p = begin();
	uint8_t rx[5];
	const struct fake_spidev_log *log;

	p = piece("hello", rx, 5);
	expect(&p, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rx[i], (uint8_t) ~"hello"[i]);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 1);
	assert_int_equal(log->count, 3);
	assert_int_equal(log->events[1].speed_hz, 1000000);
	assert_int_equal(log->events[1].bits, 8);
	assert_int_equal(log->events[1].len, 5);

	p = piece(NULL, rx, 5);
	expect(&p, 0);
	assert_int_equal(rx[4], fake_spidev_answer(4));
	p = piece("abc", NULL, 3);
	expect(&p, 0);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 2);
	assert_memory_equal(log->sent, "abc", 3);
	assert_false(log->events[1].has_tx);
	assert_false(log->events[4].has_rx);
	finish();
	assert_int_equal(fake_spidev_take(0)->ioctls, 0);
}

TEST(keep_holds_until_the_next_piece_or_release)
{
	struct spi_piece p = begin();

	p.keep = true;
	expect_events(&p, 0, "SC");
	expect_events(&p, 0, "C");
	p.keep = false;
	expect_events(&p, 0, "CR");

	p.keep = true;
	expect_events(&p, 0, "SC");
	assert_int_equal(spi_device_release(dev), 0);
	check_events("R");
	/* A released chip costs no system call. */
	assert_int_equal(spi_device_release(dev), 0);
	assert_int_equal(fake_spidev_take(0)->ioctls, 0);
}

TEST(closing_releases_a_held_chip)
{
	struct spi_piece p = begin();

	p.keep = true;
	expect(&p, 0);
	finish();
	check_events("SCR");
}

TEST(mode_is_set_only_when_it_changes)
{
	struct spi_piece p = begin();

	for (int round = 0; round < 3; round++) {
		for (p.mode = 0; p.mode < 4; p.mode++) {
			const struct fake_spidev_log *log;

			expect(&p, 0);
			expect(&p, 0);
			log = fake_spidev_take(0);
			assert_int_equal(log->ioctls,
					 2 + (round || p.mode ? 1 : 0));
			assert_int_equal(log->events[log->count - 1].mode,
					 p.mode);
		}
	}
}

/* A change of mode would release the chip, so the request fails. */
TEST(mode_never_changes_under_a_held_chip)
{
	struct spi_piece p = begin();

	p.keep = true;
	expect_events(&p, 0, "SC");
	p.mode = VIRTIO_SPI_MODE_CPHA;
	expect(&p, -EINVAL);
	assert_string_equal(dev->failed_step,
			    "change of mode inside a message");
	check_events("R");
	expect_events(&p, 0, "MSC");
	assert_null(dev->failed_step);
}

TEST(delays_are_never_shorter_than_asked)
{
	struct spi_piece p = begin();
	const struct fake_spidev_log *log;

	p.tx = (const uint8_t *)"ab";
	p.len = 2;
	p.setup_ns = 1001;
	p.word_delay_ns = 254001;
	p.hold_ns = 65534001;
	p.keep = true;
	expect(&p, 0);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 1);
	assert_int_equal(log->count, 6);
	assert_int_equal(log->events[0].kind, FAKE_SELECT);
	assert_int_equal(log->events[1].kind, FAKE_DELAY);
	assert_int_equal(log->events[1].delay_us, 2);
	assert_int_equal(log->events[1].len, 0);
	assert_int_equal(log->events[2].kind, FAKE_CLOCK);
	assert_int_equal(log->events[2].len, 1);
	assert_int_equal(log->events[3].kind, FAKE_DELAY);
	assert_int_equal(log->events[3].delay_us, 255);
	assert_int_equal(log->events[4].kind, FAKE_CLOCK);
	assert_int_equal(log->events[5].kind, FAKE_DELAY);
	assert_int_equal(log->events[5].delay_us, 65535);

	/* No setup delay without a select edge */
	p.word_delay_ns = 0;
	p.hold_ns = 0;
	expect_events(&p, 0, "C");
}

/* The words take several messages; the chip stays selected between them. */
TEST(word_delay_takes_a_transfer_a_word)
{
	uint8_t bytes[2 * 100];
	struct spi_piece p = begin();
	const struct fake_spidev_log *log;
	unsigned int words = 0, selects = 0;

	memset(bytes, 'x', sizeof(bytes));
	p.tx = bytes;
	p.len = sizeof(bytes);
	p.bits_per_word = 16;
	p.word_delay_ns = 1;
	expect(&p, 0);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 4);
	for (unsigned int i = 0; i < log->count; i++) {
		selects += log->events[i].kind == FAKE_SELECT;
		if (log->events[i].kind != FAKE_CLOCK)
			continue;
		assert_int_equal(log->events[i].len, 2);
		words++;
	}
	assert_int_equal(words, 100);
	assert_int_equal(selects, 1);
	assert_false(fake_spidev_is_selected(0));
}

TEST(mode_is_left_as_it_was_found)
{
	struct spi_piece p = begin();
	const struct fake_spidev_log *log;

	p.mode = VIRTIO_SPI_MODE_CPHA;
	expect(&p, 0);
	fake_spidev_take(0);
	finish();
	log = fake_spidev_take(0);
	assert_int_equal(log->count, 1);
	assert_int_equal(log->events[0].kind, FAKE_SETUP);
	assert_int_equal(log->events[0].mode, 0);
}

TEST(every_host_error_releases_and_is_named)
{
	static const int errors[] = { EIO, ETIMEDOUT, EINPROGRESS, ENODEV };
	struct spi_piece p = begin();

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		p.keep = true;
		expect(&p, 0);
		fake_spidev_fail(0, 1, 1, errors[i]);
		expect(&p, -errors[i]);
		assert_string_equal(dev->failed_step, "SPI_IOC_MESSAGE");
		assert_false(fake_spidev_is_selected(0));
		p.keep = false;
		expect(&p, 0);
	}
}

/* The kernel keeps a chip selected when it refuses a message. */
TEST(refused_message_releases_a_held_chip)
{
	struct spi_piece p = begin(), bad = p;

	p.keep = true;
	expect(&p, 0);
	bad.bits_per_word = 3;
	expect_events(&bad, -EINVAL, "SCRM");
	bad.bits_per_word = 16;
	expect(&bad, -EINVAL);
	bad = piece(calloc(1, 8192), NULL, 8192);
	expect(&bad, -EMSGSIZE);
	free((void *)(uintptr_t)bad.tx);
	bad = piece((void *)8, NULL, 1);
	expect_events(&bad, -EFAULT, "MMM");
}

/* The kernel fails the message after it ran, and keeps the chip selected. */
TEST(bytes_that_cannot_be_stored_release_the_chip)
{
	struct spi_piece p = begin();

	p.rx = (void *)8;
	expect_events(&p, -EFAULT, "SCRM");
	p.keep = true;
	expect_events(&p, -EFAULT, "SCRM");
	assert_false(fake_spidev_is_selected(0));
}

TEST(largest_piece_fits)
{
	static uint8_t tx[65536], rx[65536];
	struct spi_piece p = begin();

	p.tx = tx;
	p.rx = rx;
	p.len = dev->caps.max_piece;
	assert_in_range(p.len, 4, sizeof(tx));
	p.setup_ns = 1;
	expect(&p, 0);
	p.len--;
	expect(&p, 0);
}

TEST(unbound_device_fails_until_it_is_back)
{
	struct spi_piece p = begin();

	p.mode = VIRTIO_SPI_MODE_CPOL;
	expect(&p, 0);
	fake_spidev_unbind(0);
	expect(&p, -ESHUTDOWN);
	assert_string_equal(dev->failed_step, "SPI_IOC_MESSAGE");
	expect(&p, -ENOENT);
	assert_string_equal(dev->failed_step, "open");

	fake_spidev_bind(0);
	fake_spidev_take(0);
	expect(&p, 0);
	/* The mode is the default after a bind, so it is written again. */
	check_events("MSCR");
}

TEST(unbound_and_bound_unnoticed_fails_once)
{
	struct spi_piece p = begin();

	p.keep = true;
	expect(&p, 0);
	fake_spidev_unbind(0);
	fake_spidev_bind(0);
	fake_spidev_take(0);
	expect_events(&p, -ESHUTDOWN, "M");
	expect_events(&p, 0, "SC");
	finish();
	assert_false(fake_spidev_is_selected(0));
}

static int teardown(void **state)
{
	(void)state;
	finish();
	fake_spidev_remove_all();
	return 0;
}

TEST_MAIN(NULL, teardown)
