/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The whole daemon on SPI device files whose kernel side a thread of this test
 * plays (see tests/lib/host/fake_spidev.h): what guests ask for against what
 * goes over the bus.
 */
#include <endian.h>
#include <errno.h>
#include <linux/spi/spi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define PARAM_ERR VIRTIO_SPI_PARAM_ERR

/* A daemon on device 0, with @keys; the log is that since its probing. */
static void start(struct rig *rig, const struct fake_spidev_board *board,
		  const char *keys)
{
	char device[128];
	const char *args[] = { device, NULL };

	fake_spidev_need();
	snprintf(device, sizeof(device), "--device=%s%s",
		 fake_spidev_make(0, board), keys);
	daemon_start(&rig->daemon, 2, args);
	fake_spidev_take(0);
}

/* One letter for each event: Select, Release, Clock, Delay, Mode. */
static void check_events(const char *want)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	char got[FAKE_SPIDEV_EVENTS + 1];

	for (unsigned int i = 0; i < log->count; i++)
		got[i] = "SRCDM"[log->events[i].kind];
	got[log->count] = '\0';
	assert_string_equal(got, want);
}

static void wait_released(void)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	struct timespec nap = { 0, 1000000 };

	while (fake_spidev_is_selected(0)) {
		assert_true(deadline_left(deadline) > 0);
		nanosleep(&nap, NULL);
	}
}

TEST_WITH(config_space_is_that_of_the_controller, struct rig *rig)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct virtio_spi_wire_config config;

	board.mode_bits |= SPI_LOOP | SPI_TX_DUAL | SPI_TX_QUAD | SPI_RX_DUAL;
	start(rig, &board, "");
	assert_int_equal(spi_front_config(rig_open(rig, 0), &config), 0);
	assert_int_equal(config.cs_max_number, 1);
	assert_int_equal(config.tx_nbits_supported, 3);
	assert_int_equal(config.rx_nbits_supported, 1);
	assert_int_equal(le32toh(config.bits_per_word_mask), 0xffffff80);
	assert_int_equal(le32toh(config.mode_func_supported), 0x4f);
	assert_int_equal(le32toh(config.max_freq_hz), 10000000);
}

TEST_WITH(every_request_is_one_ioctl, struct rig *rig)
{
	const struct fake_spidev_log *log;
	struct spi_front *front;
	uint8_t tx[64], rx[64];

	start(rig, &fake_spidev_plain, "");
	front = rig_open(rig, 0);
	for (uint32_t i = 0; i < 50; i++) {
		rig_pattern(tx, sizeof(tx), i);
		rig_duplex(front, tx, rx, sizeof(tx));
		for (size_t j = 0; j < sizeof(tx); j++)
			assert_int_equal(rx[j], (uint8_t)~tx[j]);
	}
	log = fake_spidev_take(0);
	assert_int_equal(log->ioctls, 50);
	assert_int_equal(log->messages, 50);
	assert_int_equal(log->sent_len, 50 * sizeof(tx));
}

TEST_WITH(long_transfer_is_cut_and_held, struct rig *rig)
{
	const uint32_t len = 20000;
	const struct fake_spidev_log *log;
	uint8_t *tx, *rx;

	start(rig, &fake_spidev_plain, "");
	tx = malloc(len);
	rx = malloc(len);
	assert_non_null(tx);
	assert_non_null(rx);
	rig_pattern(tx, len, 1);
	rig_duplex(rig_open(rig, 0), tx, rx, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(rx[i], (uint8_t)~tx[i]);
	log = fake_spidev_take(0);
	assert_int_equal(log->sent_len, len);
	assert_memory_equal(log->sent, tx, len);
	assert_int_equal(log->events[0].kind, FAKE_SELECT);
	assert_int_equal(log->events[log->count - 1].kind, FAKE_RELEASE);
	for (unsigned int i = 1; i < log->count - 1; i++)
		assert_int_equal(log->events[i].kind, FAKE_CLOCK);
	free(tx);
	free(rx);
}

TEST_WITH(every_field_reaches_the_wire, struct rig *rig)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_front_request request = { .head = rig_head(0),
					     .tx = (const uint8_t *)"abcd",
					     .tx_len = 4 };
	const struct fake_spidev_event *e;

	board.mode_bits |= SPI_LSB_FIRST | SPI_TX_QUAD;
	start(rig, &board, "");
	request.head.bits_per_word = 16;
	request.head.tx_nbits = 4;
	request.head.mode =
		htole32(VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_LSB_FIRST);
	request.head.freq = htole32(123456);
	request.head.word_delay_ns = htole32(2500);
	request.head.cs_setup_ns = htole32(3500);
	request.head.cs_delay_hold_ns = htole32(4500);
	rig_expect(rig_open(rig, 0), &request, OK);

	e = fake_spidev_take(0)->events;
	assert_int_equal(e[0].kind, FAKE_SETUP);
	assert_int_equal(e[1].kind, FAKE_SELECT);
	assert_int_equal(e[2].kind, FAKE_DELAY);
	assert_int_equal(e[2].delay_us, 4);
	assert_int_equal(e[3].kind, FAKE_CLOCK);
	assert_int_equal(e[3].mode, SPI_CPOL | SPI_LSB_FIRST | SPI_TX_QUAD);
	assert_int_equal(e[3].bits, 16);
	assert_int_equal(e[3].speed_hz, 123456);
	assert_int_equal(e[3].tx_nbits, 4);
	assert_int_equal(e[4].kind, FAKE_DELAY);
	assert_int_equal(e[4].delay_us, 3);
	assert_int_equal(e[5].kind, FAKE_CLOCK);
	assert_int_equal(e[6].kind, FAKE_DELAY);
	assert_int_equal(e[6].delay_us, 5);
	assert_int_equal(e[7].kind, FAKE_RELEASE);
}

TEST_WITH(linux_write_then_read_is_one_message, struct rig *rig)
{
	struct spi_front *front;
	uint8_t rx[3];

	start(rig, &fake_spidev_plain, ",cs=linux,cs-hold=10000");
	front = rig_open(rig, 0);
	rig_tx(front, 0, "\x9f", 1);
	rig_rx(front, 0, rx, 3);
	check_events("SCCR");
}

/* So the chip is selected for as long as the controller's driver takes. */
TEST_WITH(flash_message_of_a_slow_guest_is_one_ioctl, struct rig *rig)
{
	const struct timespec pause = { 0, 3000000 };
	const struct fake_spidev_log *log;
	struct spi_front *front;
	uint8_t rx[256];

	start(rig, &fake_spidev_plain, ",cs=nor,cs-hold=10000");
	front = rig_open(rig, 0);
	for (int i = 0; i < 20; i++) {
		rig_tx(front, 0, "\x03", 1);
		nanosleep(&pause, NULL);
		rig_tx(front, 0, "\0\x10\0", 3);
		nanosleep(&pause, NULL);
		assert_false(fake_spidev_is_selected(0));
		rig_rx(front, 0, rx, sizeof(rx));
	}
	log = fake_spidev_take(0);
	assert_int_equal(log->messages, 20);
	assert_int_equal(log->count, 20 * strlen("SCCCR"));
}

TEST_WITH(hold_ends_by_itself, struct rig *rig)
{
	start(rig, &fake_spidev_plain, ",cs-hold=1");
	rig_tx(rig_open(rig, 0), 0, "\x9f", 1);
	wait_released();
	check_events("SCR");
}

TEST_WITH(pause_holds_disconnect_and_exit_release, struct rig *rig)
{
	struct spi_front *front;
	uint32_t base;

	start(rig, &fake_spidev_plain, ",cs=spec,cs-hold=10000");
	front = rig_open(rig, 0);
	rig_tx(front, 0, "a", 1);
	assert_true(fake_spidev_is_selected(0));
	assert_int_equal(front_set_vring_enable(&front->fe, 0, false), 0);
	rig_check_control(front);
	/* Whoever is paused goes on later. */
	assert_true(fake_spidev_is_selected(0));
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_true(fake_spidev_is_selected(0));
	rig_close(rig, 0);
	wait_released();

	front = rig_open(rig, 0);
	rig_tx(front, 0, "a", 1);
	assert_true(fake_spidev_is_selected(0));
	rig_close(rig, 0);
	wait_released();

	front = rig_open(rig, 0);
	rig_tx(front, 0, "a", 1);
	assert_true(fake_spidev_is_selected(0));
	daemon_stop(&rig->daemon, SIGTERM);
	assert_false(fake_spidev_is_selected(0));
}

TEST_WITH(host_errors_are_logged_with_ioctl_device_and_guest, struct rig *rig)
{
	struct spi_front_request request = { .head = rig_head(0), .rx_len = 9 };
	struct spi_front *front;

	start(rig, &fake_spidev_plain, "");
	front = rig_open(rig, 1);
	fake_spidev_fail(0, 1, 1, EIO);
	rig_expect(front, &request, TRANS_ERR);
	rig_expect(front, &request, OK);
	assert_non_null(strstr(daemon_stderr(&rig->daemon), "guest 1: "));
	assert_non_null(strstr(daemon_stderr(&rig->daemon), "/spidev0."));
	/* How the error is called depends on the daemon's libc. */
	assert_non_null(
		strstr(daemon_stderr(&rig->daemon), ": SPI_IOC_MESSAGE: "));
}

TEST_WITH(error_in_the_middle_releases, struct rig *rig)
{
	struct spi_front_request request = { .head = rig_head(0),
					     .rx_len = 9000 };
	struct spi_front *front;

	start(rig, &fake_spidev_plain, "");
	front = rig_open(rig, 0);
	fake_spidev_fail(0, 2, 2, ETIMEDOUT);
	rig_expect(front, &request, TRANS_ERR);
	assert_false(fake_spidev_is_selected(0));
	/*
	 * Not every driver releases the chip after a message that failed: the
	 * daemon writes the mode, which does.
	 */
	check_events("SCCRM");
	rig_expect(front, &request, OK);
}

static struct fake_spidev_board board_without_empty_transfers(void)
{
	struct fake_spidev_board board = fake_spidev_plain;

	board.empty_error = ETIMEDOUT;
	return board;
}

TEST_WITH(hold_ends_where_empty_transfers_fail, struct rig *rig)
{
	struct fake_spidev_board board = board_without_empty_transfers();
	struct spi_front *front;
	uint8_t rx[4];

	start(rig, &board, ",cs=linux,cs-hold=1");
	front = rig_open(rig, 0);
	for (int round = 0; round < 3; round++) {
		rig_tx(front, 0, "\x06", 1);
		wait_released();
		rig_duplex(front, (const uint8_t *)"\x9f\0\0", rx, 4);
		check_events("SCRMSCR");
	}
	assert_null(strstr(daemon_stderr(&rig->daemon), "release"));
}

TEST_WITH(messages_stay_apart_where_empty_transfers_fail, struct rig *rig)
{
	struct fake_spidev_board board = board_without_empty_transfers();
	struct spi_front *front;
	uint8_t rx[3];

	start(rig, &board, ",cs=linux,cs-hold=10000");
	front = rig_open(rig, 0);
	for (int round = 0; round < 3; round++) {
		rig_tx(front, 0, "\x06", 1);
		/* The next write begins a message: it does not join this. */
		rig_tx(front, 0, "\x9f", 1);
		rig_rx(front, 0, rx, 3);
		check_events("SCRMSCCR");
	}
}

TEST_WITH(config_space_has_no_setup_where_empty_transfers_fail, struct rig *rig)
{
	struct fake_spidev_board board = board_without_empty_transfers();
	struct spi_front_request request = { .head = rig_head(0),
					     .tx = (const uint8_t *)"a",
					     .tx_len = 1 };
	struct virtio_spi_wire_config config;
	struct spi_front *front;

	start(rig, &board, "");
	front = rig_open(rig, 0);
	request.head.cs_setup_ns = htole32(2000);
	rig_expect(front, &request, TRANS_ERR);
	assert_int_equal(spi_front_config(front, &config), 0);
	assert_int_equal(config.max_cs_setup_ns, 0);
	rig_expect(front, &request, PARAM_ERR);
	assert_int_equal(fake_spidev_take(0)->sent_len, 0);
	request.head.cs_setup_ns = 0;
	rig_expect(front, &request, OK);
	assert_non_null(strstr(daemon_stderr(&rig->daemon),
			       ": setup delay, for which the driver "
			       "takes no empty transfer: "));
}

TEST_WITH(device_that_comes_back_is_used_again, struct rig *rig)
{
	struct spi_front_request request = { .head = rig_head(0), .rx_len = 9 };
	struct spi_front *front;

	start(rig, &fake_spidev_plain, "");
	front = rig_open(rig, 0);
	rig_expect(front, &request, OK);
	fake_spidev_unbind(0);
	for (int i = 0; i < 3; i++)
		rig_expect(front, &request, TRANS_ERR);
	fake_spidev_bind(0);
	rig_expect(front, &request, OK);
	rig_expect(front, &request, OK);
}

TEST_WITH(two_guests_share_a_device, struct rig *rig)
{
	struct spi_front *a, *b;
	uint8_t tx[100], rx[100];

	start(rig, &fake_spidev_plain, ",cs-hold=10000");
	a = rig_open(rig, 0);
	b = rig_open(rig, 1);
	rig_pattern(tx, sizeof(tx), 7);
	for (int i = 0; i < 50; i++) {
		rig_tx(a, 0, "\x05", 1);
		rig_rx(a, 0, rx, 2);
		rig_duplex(b, tx, rx, sizeof(tx));
	}
	assert_false(fake_spidev_is_selected(0));
	assert_int_equal(fake_spidev_take(0)->messages, 150);
}

#define ROUNDS 200
#define BATCH  4

/* How a guest wants its transfers; the length tells whose it is. */
struct settings {
	uint32_t mode, speed_hz, len;
	uint8_t bits;
};

static void submit_batch(struct spi_front *front, const struct settings *s,
			 uint16_t ids[BATCH])
{
	struct spi_front_request request = { .head = rig_head(0),
					     .tx = (const uint8_t *)"abcde",
					     .tx_len = s->len };

	request.head.mode = htole32(s->mode);
	request.head.freq = htole32(s->speed_hz);
	request.head.bits_per_word = s->bits;
	for (int i = 0; i < BATCH; i++)
		assert_int_equal(
			spi_front_submit(front, &request, NULL, &ids[i]), 0);
}

static void wait_batch(struct spi_front *front, const uint16_t ids[BATCH])
{
	struct spi_front_result result;

	for (int i = 0; i < BATCH; i++) {
		assert_int_equal(spi_front_wait(front, ids[i], &result), 0);
		assert_int_equal(result.status, OK);
	}
}

/* Line 4 of what the old daemon did wrong. */
TEST_WITH(guests_keep_their_own_modes_speeds_and_word_sizes, struct rig *rig)
{
	static const struct settings settings[] = {
		{ 0, 1000000, 3, 8 },
		{ VIRTIO_SPI_MODE_CPHA | VIRTIO_SPI_MODE_CPOL, 4000000, 4, 16 },
	};
	static const uint32_t spi_modes[] = { 0, SPI_MODE_3 };
	unsigned int count[2] = { 0 };
	struct spi_front *fronts[2];
	uint16_t ids[2][BATCH];

	start(rig, &fake_spidev_plain, "");
	for (unsigned int i = 0; i < 2; i++)
		fronts[i] = rig_open(rig, i);
	for (int round = 0; round < ROUNDS; round++) {
		const struct fake_spidev_log *log;

		for (unsigned int i = 0; i < 2; i++)
			submit_batch(fronts[i], &settings[i], ids[i]);
		for (unsigned int i = 0; i < 2; i++)
			wait_batch(fronts[i], ids[i]);
		log = fake_spidev_take(0);
		for (unsigned int i = 0; i < log->count; i++) {
			const struct fake_spidev_event *e = &log->events[i];
			unsigned int whose = e->len == 4;

			if (e->kind != FAKE_CLOCK)
				continue;
			assert_int_equal(e->mode, spi_modes[whose]);
			assert_int_equal(e->speed_hz, settings[whose].speed_hz);
			assert_int_equal(e->bits, settings[whose].bits);
			count[whose]++;
		}
	}
	assert_int_equal(count[0], ROUNDS * BATCH);
	assert_int_equal(count[1], ROUNDS * BATCH);
}

static int teardown(void **state)
{
	int ret = rig_teardown(state);

	fake_spidev_remove_all();
	return ret;
}

TEST_MAIN(rig_setup_idle, teardown)
