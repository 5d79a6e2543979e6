/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * After a failed ioctl, no message runs inside an old selection or in the wrong
 * mode.
 */
#include <errno.h>
#include <linux/spi/spidev.h>
#include <string.h>

#include "spi-daemon/device/spidev.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/test.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Opens fake device 0, and empties its log. */
static struct spi_device *open_on(const struct fake_spidev_board *board)
{
	struct spi_device *dev;

	fake_spidev_need();
	assert_int_equal(spidev_open(fake_spidev_make(0, board),
				     CS_HIGH_DEFAULT, false, &dev),
			 0);
	fake_spidev_take(0);
	return dev;
}

static struct spi_piece piece(bool keep)
{
	return (struct spi_piece){
		.tx = (const uint8_t *)"a",
		.len = 1,
		.bits_per_word = 8,
		.speed_hz = 1000000,
		.keep = keep,
	};
}

static int transfer(struct spi_device *dev, bool keep)
{
	struct spi_piece p = piece(keep);

	return spi_device_transfer(dev, &p);
}

static int transfer_with_setup(struct spi_device *dev)
{
	struct spi_piece p = piece(false);

	p.setup_ns = 2000;
	return spi_device_transfer(dev, &p);
}

/* Compares the events since the last call, one letter each, with @want. */
static void check_events(const char *want)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	char got[FAKE_SPIDEV_EVENTS + 1];

	for (unsigned int i = 0; i < log->count; i++)
		got[i] = "SRCDM"[log->events[i].kind];
	got[log->count] = '\0';
	assert_string_equal(got, want);
}

/* Controllers whose drivers fail a transfer without data */
static const struct {
	int error;
	bool stays_after;
} refusals[] = {
	{ ETIMEDOUT, false }, { ETIMEDOUT, true }, { EINVAL, false },
	{ EINVAL, true },     { EIO, false },	   { EIO, true },
	{ EOPNOTSUPP, true }, { EPROTO, false },
};

static struct spi_device *open_refusing(size_t row)
{
	struct fake_spidev_board board = fake_spidev_plain;

	board.empty_error = refusals[row].error;
	board.stays_after = refusals[row].stays_after;
	return open_on(&board);
}

TEST(held_chip_is_released_without_an_empty_transfer)
{
	for (size_t i = 0; i < ROWS(refusals); i++) {
		struct spi_device *dev = open_refusing(i);

		for (int round = 0; round < 3; round++) {
			assert_int_equal(transfer(dev, true), 0);
			check_events("SC");
			assert_int_equal(spi_device_release(dev), 0);
			assert_false(fake_spidev_is_selected(0));
			check_events("RM");
		}
		assert_int_equal(transfer(dev, false), 0);
		check_events("SCR");
		spi_device_close(dev);
	}
}

TEST(refused_empty_transfer_is_tried_once)
{
	struct spi_device *dev = open_refusing(0);

	transfer(dev, true);
	spi_device_release(dev);
	assert_int_equal(fake_spidev_take(0)->messages, 2);
	for (int round = 0; round < 3; round++) {
		transfer(dev, true);
		spi_device_release(dev);
		assert_int_equal(fake_spidev_take(0)->messages, 1);
	}
	spi_device_close(dev);
}

TEST(closing_releases_without_an_empty_transfer)
{
	for (size_t i = 0; i < ROWS(refusals); i++) {
		struct spi_device *dev = open_refusing(i);

		assert_int_equal(transfer(dev, true), 0);
		spi_device_close(dev);
		assert_false(fake_spidev_is_selected(0));
	}
}

TEST(setup_delay_is_no_more_offered_when_it_cannot_be_done)
{
	for (size_t i = 0; i < ROWS(refusals); i++) {
		struct spi_device *dev = open_refusing(i);

		assert_true(spi_device_max_setup_ns(dev) > 0);
		assert_int_equal(transfer_with_setup(dev), -refusals[i].error);
		assert_false(fake_spidev_is_selected(0));
		assert_int_equal(spi_device_max_setup_ns(dev), 0);
		assert_non_null(strstr(dev->failed_step, "setup delay"));
		assert_int_equal(fake_spidev_take(0)->sent_len, 0);

		/* It was learnt: no ioctl is tried. */
		assert_int_equal(transfer_with_setup(dev), -EOPNOTSUPP);
		assert_non_null(strstr(dev->failed_step, "setup delay"));
		assert_int_equal(fake_spidev_take(0)->ioctls, 0);
		assert_int_equal(transfer(dev, false), 0);
		check_events("SCR");
		spi_device_close(dev);
	}
}

TEST(setup_delay_stays_offered_when_something_else_failed)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);

	fake_spidev_fail(0, 1, 1, ETIMEDOUT);
	assert_int_equal(transfer_with_setup(dev), -ETIMEDOUT);
	assert_string_equal(dev->failed_step, "SPI_IOC_MESSAGE");
	assert_true(spi_device_max_setup_ns(dev) > 0);
	fake_spidev_take(0);
	assert_int_equal(transfer_with_setup(dev), 0);
	check_events("SDCR");

	/* An empty transfer worked before: one failure does not count. */
	assert_int_equal(transfer(dev, true), 0);
	fake_spidev_fail(0, 1, 1, EIO);
	assert_int_equal(spi_device_release(dev), 0);
	assert_int_equal(transfer_with_setup(dev), 0);
	spi_device_close(dev);
}

TEST(no_message_joins_a_selection_that_cannot_be_ended)
{
	for (size_t i = 0; i < ROWS(refusals); i++) {
		struct spi_device *dev = open_refusing(i);

		assert_int_equal(transfer(dev, true), 0);
		fake_spidev_fail_setup(0, 1, 5, EIO, FAKE_SETUP_NOTHING);
		assert_int_equal(spi_device_release(dev), -EIO);
		assert_true(fake_spidev_is_selected(0));
		fake_spidev_take(0);

		/* Two writes each: before the message, and after the error. */
		for (int round = 0; round < 2; round++) {
			assert_int_equal(transfer(dev, false), -EIO);
			assert_string_equal(dev->failed_step,
					    "SPI_IOC_WR_MODE32");
			check_events("");
		}
		assert_int_equal(transfer(dev, false), 0);
		check_events("RMSCR");
		spi_device_close(dev);
	}
}

/* Writing the mode failed too, so the device failed, not the transfer. */
TEST(setup_delay_stays_offered_when_nothing_works)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);

	assert_int_equal(transfer(dev, true), 0);
	fake_spidev_fail(0, 1, 1, EIO);
	fake_spidev_fail_setup(0, 1, 1, EIO, FAKE_SETUP_NOTHING);
	assert_int_equal(spi_device_release(dev), -EIO);
	assert_int_equal(transfer_with_setup(dev), 0);
	assert_true(spi_device_max_setup_ns(dev) > 0);
	spi_device_close(dev);
}

/* Whether the kernel ran the message or refused it */
TEST(failed_message_leaves_no_chip_selected)
{
	static uint8_t byte;
	static const struct {
		bool held;  /* the chip is held before the message */
		bool stays; /* the driver leaves the chip selected */
		struct spi_piece bad;
		int ret;
	} rows[] = {
		{ true, false, { .tx = (void *)8, .len = 1 }, -EFAULT },
		{ true,
		  false,
		  { .tx = (void *)8, .len = 1, .keep = true },
		  -EFAULT },
		{ true, false, { .rx = (void *)8, .len = 1 }, -EFAULT },
		{ false,
		  false,
		  { .rx = (void *)8, .len = 1, .keep = true },
		  -EFAULT },
		{ true, false, { .tx = &byte, .len = 8192 }, -EMSGSIZE },
		{ true,
		  false,
		  { .tx = &byte, .len = 1, .tx_nbits = 4 },
		  -EINVAL },
		{ true, true, { .tx = &byte, .len = 1 }, -EIO },
		{ false, true, { .tx = &byte, .len = 1 }, -EIO },
		{ false, true, { .tx = &byte, .len = 1, .keep = true }, -EIO },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fake_spidev_board board = fake_spidev_plain;
		struct spi_piece bad = rows[i].bad;
		struct spi_device *dev;

		board.stays_after = rows[i].stays;
		dev = open_on(&board);
		if (rows[i].held)
			assert_int_equal(transfer(dev, true), 0);
		if (rows[i].ret == -EIO)
			fake_spidev_fail(0, 1, 1, EIO);
		bad.bits_per_word = 8;
		assert_int_equal(spi_device_transfer(dev, &bad), rows[i].ret);
		assert_false(fake_spidev_is_selected(0));
		fake_spidev_take(0);
		assert_int_equal(transfer(dev, false), 0);
		check_events("SCR");
		spi_device_close(dev);
	}
}

/* The failed change may have reached the controller or not. */
TEST(next_message_has_its_mode_when_a_change_failed)
{
	static const struct {
		enum fake_spidev_setup how;
		uint32_t from, to, next; /* SPI_..., as VIRTIO_SPI_MODE_... */
	} rows[] = {
		{ FAKE_SETUP_NOTHING, 0, 3, 3 },
		{ FAKE_SETUP_NOTHING, 0, 3, 0 },
		{ FAKE_SETUP_HALF_WAY, 0, 3, 3 },
		{ FAKE_SETUP_HALF_WAY, 0, 3, 0 },
		{ FAKE_SETUP_HALF_WAY, 1, 2, 1 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct spi_device *dev = open_on(&fake_spidev_plain);
		struct spi_piece p = piece(false);
		const struct fake_spidev_log *log;

		p.mode = rows[i].from;
		assert_int_equal(spi_device_transfer(dev, &p), 0);
		/* The change, and the release after it. */
		fake_spidev_fail_setup(0, 1, 2, EIO, rows[i].how);
		p.mode = rows[i].to;
		assert_int_equal(spi_device_transfer(dev, &p), -EIO);
		fake_spidev_take(0);
		p.mode = rows[i].next;
		assert_int_equal(spi_device_transfer(dev, &p), 0);
		log = fake_spidev_take(0);
		assert_int_equal(log->events[log->count - 1].mode,
				 rows[i].next);
		spi_device_close(dev);
	}
}

TEST(mode_is_left_as_it_was_found_when_a_change_failed)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);
	struct spi_piece p = piece(false);
	const struct fake_spidev_log *log;

	p.mode = VIRTIO_SPI_MODE_CPHA;
	fake_spidev_fail_setup(0, 1, 2, EIO, FAKE_SETUP_HALF_WAY);
	assert_int_equal(spi_device_transfer(dev, &p), -EIO);
	fake_spidev_take(0);
	spi_device_close(dev);
	log = fake_spidev_take(0);
	assert_true(log->count > 0);
	assert_int_equal(log->events[log->count - 1].kind, FAKE_SETUP);
	assert_int_equal(log->events[log->count - 1].mode, 0);
}

/* The first ioctl that fails is the write of the mode. */
TEST(unbound_device_is_used_again_when_the_mode_changes)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);
	struct spi_piece p = piece(false);

	fake_spidev_unbind(0);
	fake_spidev_bind(0);
	fake_spidev_take(0);
	p.mode = VIRTIO_SPI_MODE_CPOL;
	assert_int_equal(spi_device_transfer(dev, &p), -ESHUTDOWN);
	fake_spidev_take(0);
	assert_int_equal(spi_device_transfer(dev, &p), 0);
	check_events("MSCR");
	spi_device_close(dev);
}

TEST(chip_that_was_held_is_released_when_its_device_is_back)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);

	assert_int_equal(transfer(dev, true), 0);
	fake_spidev_unbind(0);
	for (int round = 0; round < 3; round++)
		assert_int_equal(spi_device_release(dev), -ENOENT);
	assert_string_equal(dev->failed_step, "open");
	fake_spidev_bind(0);
	fake_spidev_take(0);
	assert_int_equal(spi_device_release(dev), 0);
	check_events("M");
	assert_int_equal(spi_device_release(dev), 0);
	check_events("");
	spi_device_close(dev);
}

TEST(closing_releases_what_was_held_when_the_device_left)
{
	struct spi_device *dev = open_on(&fake_spidev_plain);

	assert_int_equal(transfer(dev, true), 0);
	fake_spidev_unbind(0);
	assert_int_equal(spi_device_release(dev), -ENOENT);
	fake_spidev_bind(0);
	fake_spidev_take(0);
	spi_device_close(dev);
	check_events("M");
}

/* For each write of a setting that fails: open fails, or restores all. */
TEST(failed_probe_is_told_or_leaves_all_as_it_was)
{
	unsigned int failed = 0, done = 0;

	fake_spidev_need();
	for (unsigned int n = 1; n < 60; n++) {
		const char *path = fake_spidev_make(0, &fake_spidev_plain);
		const struct fake_spidev_log *log;
		struct spi_device *dev;

		fake_spidev_fail_setup(0, n, n, EIO, FAKE_SETUP_NOTHING);
		if (spidev_open(path, CS_HIGH_DEFAULT, false, &dev) < 0) {
			failed++;
			continue;
		}
		done++;
		log = fake_spidev_take(0);
		assert_int_equal(log->events[log->count - 1].bits, 8);
		assert_int_equal(log->events[log->count - 1].mode, 0);
		spi_device_close(dev);
	}
	assert_int_equal(failed, 2);
	assert_true(done > 20);
}

static int teardown(void **state)
{
	(void)state;
	fake_spidev_remove_all();
	return 0;
}

TEST_MAIN(NULL, teardown)
