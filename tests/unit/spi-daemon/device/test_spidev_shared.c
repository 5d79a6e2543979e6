/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A device that other programs of this host use, too */
#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/spidev_watch.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/test.h"

static const char *path;       /* of device 0 */
static struct spi_device *dev; /* on it */
static int host = -1;	       /* another program's descriptor of it */

static const struct spi_piece byte = {
	.tx = (const uint8_t *)"a",
	.len = 1,
	.bits_per_word = 8,
	.speed_hz = 1000000,
};

static void begin(const struct fake_spidev_board *board, bool host_shared)
{
	fake_spidev_need();
	path = fake_spidev_make(0, board);
	assert_int_equal(spidev_open(path, CS_HIGH_YES, host_shared, &dev), 0);
	host = open(path, O_RDWR | O_CLOEXEC);
	assert_true(host >= 0);
	fake_spidev_take(0);
}

static int finish(void **state)
{
	(void)state;
	if (dev)
		spi_device_close(dev);
	dev = NULL;
	if (host >= 0)
		close(host);
	host = -1;
	fake_spidev_remove_all();
	return 0;
}

static void host_sets_mode(uint32_t mode)
{
	assert_int_equal(ioctl(host, SPI_IOC_WR_MODE32, &mode), 0);
}

static void host_sets_bits(uint8_t bits)
{
	assert_int_equal(ioctl(host, SPI_IOC_WR_BITS_PER_WORD, &bits), 0);
}

static void host_sets_speed(uint32_t hz)
{
	assert_int_equal(ioctl(host, SPI_IOC_WR_MAX_SPEED_HZ, &hz), 0);
}

/* The message works, in @mode and with its own word size and speed. */
static void expect_in_mode(const struct spi_piece *p, uint32_t mode)
{
	const struct fake_spidev_log *log;
	unsigned int clocks = 0;

	assert_int_equal(spi_device_transfer(dev, p), 0);
	log = fake_spidev_take(0);
	for (unsigned int i = 0; i < log->count; i++) {
		if (log->events[i].kind != FAKE_CLOCK)
			continue;
		assert_int_equal(log->events[i].mode, mode);
		assert_int_equal(log->events[i].bits, p->bits_per_word);
		assert_int_equal(log->events[i].speed_hz, p->speed_hz);
		clocks++;
	}
	assert_int_equal(clocks, 1);
}

static void wait_for_the_next_look(void)
{
	const struct timespec time = { 0, SPIDEV_WATCH_NS + 1000000 };

	nanosleep(&time, NULL);
}

TEST(settings_of_others_do_not_reach_a_message)
{
	struct fake_spidev_board board = fake_spidev_plain;

	board.mode_bits |= SPI_LSB_FIRST;
	begin(&board, true);
	for (uint32_t mode = 0; mode < 4; mode++) {
		struct spi_piece p = byte;

		p.mode = mode;
		expect_in_mode(&p, mode);
		host_sets_mode(mode ^ SPI_MODE_3);
		expect_in_mode(&p, mode);
		host_sets_mode(mode | SPI_LSB_FIRST);
		expect_in_mode(&p, mode);
		host_sets_bits(16);
		host_sets_speed(12345);
		expect_in_mode(&p, mode);
	}
}

TEST(message_is_over_when_another_program_cuts_it)
{
	struct spi_piece held = byte;

	begin(&fake_spidev_plain, true);
	held.keep = true;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(spi_device_transfer(dev, &held), 0);
		fake_spidev_take(0);
		if (round == 0)
			host_sets_mode(SPI_MODE_3);
		else if (round == 1)
			host_sets_bits(16);
		else
			host_sets_speed(12345);
		assert_int_equal(spi_device_transfer(dev, &byte), -EIO);
		assert_string_equal(spi_device_failed_step(dev, ""),
				    "another program changed the settings");
		assert_int_equal(fake_spidev_take(0)->sent_len, 0);
		assert_false(fake_spidev_is_selected(0));
		expect_in_mode(&byte, 0);
	}
}

TEST(message_fails_when_the_mode_changes_right_before_it)
{
	const struct fake_spidev_log *log;

	begin(&fake_spidev_plain, true);
	assert_int_equal(spi_device_transfer(dev, &byte), 0);
	fake_spidev_take(0);
	fake_spidev_meddle(0, SPI_MODE_3);
	assert_int_equal(spi_device_transfer(dev, &byte), -EIO);
	assert_string_equal(spi_device_failed_step(dev, ""),
			    "another program changed the settings");
	log = fake_spidev_take(0);
	assert_int_equal(log->sent_len, 1);
	assert_false(fake_spidev_is_selected(0));
	expect_in_mode(&byte, 0);
}

TEST(others_are_found_out_when_they_are_not_expected)
{
	begin(&fake_spidev_plain, false);
	host_sets_mode(SPI_MODE_3);
	wait_for_the_next_look();
	expect_in_mode(&byte, 0);
	/* Now it is known that there are others. */
	host_sets_mode(SPI_MODE_3);
	expect_in_mode(&byte, 0);
	host_sets_mode(SPI_MODE_1);
	expect_in_mode(&byte, 0);
}

/* The message that follows the first sight of others is held. */
TEST(hold_goes_on_when_others_were_found_out_before_it)
{
	struct spi_piece held = byte;

	begin(&fake_spidev_plain, false);
	host_sets_mode(SPI_MODE_3);
	wait_for_the_next_look();
	held.keep = true;
	assert_int_equal(spi_device_transfer(dev, &held), 0);
	assert_int_equal(spi_device_transfer(dev, &held), 0);
	fake_spidev_take(0);
	expect_in_mode(&byte, 0);
}

TEST(looks_cost_nothing_when_nobody_else_is_there)
{
	const struct fake_spidev_log *log;

	begin(&fake_spidev_plain, false);
	wait_for_the_next_look();
	for (int i = 0; i < 50; i++)
		assert_int_equal(spi_device_transfer(dev, &byte), 0);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 50);
	assert_in_range(log->reads, 3, 3 * 50);
	finish(NULL);

	begin(&fake_spidev_plain, true);
	for (int i = 0; i < 50; i++)
		assert_int_equal(spi_device_transfer(dev, &byte), 0);
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 50);
	/* Three settings before a message, the mode after it */
	assert_int_equal(log->reads, 4 * 50);
}

TEST(a_bit_that_does_not_read_back_is_no_change)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_piece p = byte;

	board.gpio_cs = true;
	begin(&board, true);
	p.mode = VIRTIO_SPI_MODE_CS_HIGH;
	assert_int_equal(spi_device_transfer(dev, &p), 0);
	fake_spidev_take(0);
	assert_int_equal(spi_device_transfer(dev, &p), 0);
	/* No mode was written. */
	assert_int_equal(fake_spidev_take(0)->ioctls, 1);
}

/* As the chip came up with it, it is a part of each mode. */
TEST(a_bit_that_the_kernel_drops_is_no_change)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_piece p = byte;

	board.mode_bits |= SPI_READY;
	board.mode = board.drops = SPI_READY;
	begin(&board, true);
	for (p.mode = 0; p.mode < 4; p.mode++) {
		expect_in_mode(&p, p.mode);
		assert_int_equal(spi_device_transfer(dev, &p), 0);
		assert_int_equal(fake_spidev_take(0)->ioctls, 1);
	}
}

TEST(device_is_refused_when_another_program_has_locked_it)
{
	struct spi_device *second;

	begin(&fake_spidev_plain, false);
	assert_int_equal(spidev_open(path, CS_HIGH_YES, false, &second),
			 -EWOULDBLOCK);
	assert_int_equal(spidev_open(path, CS_HIGH_YES, true, &second),
			 -EWOULDBLOCK);
	/* Nothing was tried on the device. */
	assert_int_equal(fake_spidev_take(0)->ioctls, 0);
	assert_int_equal(flock(host, LOCK_SH | LOCK_NB), -1);
	spi_device_close(dev);
	dev = NULL;
	assert_int_equal(flock(host, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(spidev_open(path, CS_HIGH_YES, true, &second),
			 -EWOULDBLOCK);
}

TEST(lock_is_shared_when_others_are_expected)
{
	begin(&fake_spidev_plain, true);
	assert_int_equal(flock(host, LOCK_SH | LOCK_NB), 0);
	assert_int_equal(flock(host, LOCK_EX | LOCK_NB), -1);
	expect_in_mode(&byte, 0);
}

TEST(lock_is_taken_again_when_the_device_comes_back)
{
	int other;

	begin(&fake_spidev_plain, false);
	fake_spidev_unbind(0);
	assert_int_equal(spi_device_transfer(dev, &byte), -ESHUTDOWN);
	fake_spidev_bind(0);
	other = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(spi_device_transfer(dev, &byte), -EWOULDBLOCK);
	assert_string_equal(spi_device_failed_step(dev, ""), "flock");
	assert_int_equal(flock(other, LOCK_UN), 0);
	assert_int_equal(spi_device_transfer(dev, &byte), 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(other);
}

TEST_MAIN(NULL, finish)
