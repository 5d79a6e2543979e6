/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The daemon is killed with requests in the ring, and a new one gets the ring
 * and the inflight region: each request is completed once, and run at most
 * once.
 */
#include <endian.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"

#define SLOW_LEN 2000 /* words, each followed by this delay: half a second */
#define DELAY_NS 255000
#define QUICK	 5 /* requests behind the slow one */
#define LEN	 32

static const char *const loopback[] = { "--device=sim:loopback", NULL };
static const char *const replay[] = { "--replay", RIG_WITH_PACKED,
				      "--device=sim:loopback", NULL };

/* A slow request and some quick ones, full duplex on the loopback chip. */
struct batch {
	uint8_t tx[SLOW_LEN], rx[1 + QUICK][SLOW_LEN];
	uint16_t ids[1 + QUICK];
};

static void submit(struct spi_front *front, struct batch *b, unsigned int i,
		   uint32_t len, uint32_t delay_ns)
{
	struct spi_front_request request = { rig_head(0), b->tx, len, b->rx[i],
					     len };

	request.head.word_delay_ns = htole32(delay_ns);
	assert_int_equal(spi_front_submit(front, &request, NULL, &b->ids[i]),
			 0);
}

static struct batch *submit_batch(struct spi_front *front)
{
	struct batch *b = malloc(sizeof(*b));

	assert_non_null(b);
	rig_pattern(b->tx, SLOW_LEN, 1);
	memset(b->rx, 0x77, sizeof(b->rx));
	submit(front, b, 0, SLOW_LEN, DELAY_NS);
	for (unsigned int i = 1; i <= QUICK; i++)
		submit(front, b, i, LEN, 0);
	return b;
}

static void expect_run(struct spi_front *front, struct batch *b, unsigned int i,
		       uint32_t len)
{
	rig_expect_wait(front, b->ids[i], len, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(b->rx[i], b->tx, len);
}

/* Failed, and nothing in the rx buffer looks like data. */
static void expect_unknown(struct spi_front *front, struct batch *b,
			   unsigned int i, uint32_t len)
{
	rig_expect_wait(front, b->ids[i], len, VIRTIO_SPI_TRANS_ERR);
	for (uint32_t k = 0; k < len; k++)
		assert_int_equal(b->rx[i][k], 0);
}

/* Long enough for the slow request to begin, not to end. */
static void let_it_begin(void)
{
	usleep(150000);
}

TEST_WITH(begun_fails_and_the_rest_is_run, struct rig *rig)
{
	struct spi_front *front;
	struct batch *b;

	daemon_start(&rig->daemon, 1, loopback);
	front = rig_open_tracked(rig, 0);
	rig_check_loopback(front, 10);
	b = submit_batch(front);
	let_it_begin();
	rig_crash(rig);
	daemon_start(&rig->daemon, 1, loopback);
	assert_int_equal(spi_front_reconnect(front), 0);
	expect_unknown(front, b, 0, SLOW_LEN);
	for (unsigned int i = 1; i <= QUICK; i++)
		expect_run(front, b, i, LEN);
	rig_check_loopback(front, 10);
	rig_close_tracked(rig, 0);
	free(b);
}

/* The daemon ends so many times while it runs the first request. */
static void check_replay(struct rig *rig, bool packed, unsigned int crashes)
{
	struct spi_front *front;
	struct batch *b;

	rig->packed = packed;
	daemon_start(&rig->daemon, 1, replay);
	front = rig_open_tracked(rig, 0);
	b = submit_batch(front);
	for (unsigned int i = 0; i < crashes; i++) {
		let_it_begin();
		rig_crash(rig);
		daemon_start(&rig->daemon, 1, replay);
		assert_int_equal(spi_front_reconnect(front), 0);
	}
	if (crashes < 10)
		expect_run(front, b, 0, SLOW_LEN);
	else
		expect_unknown(front, b, 0, SLOW_LEN);
	for (unsigned int i = 1; i <= QUICK; i++)
		expect_run(front, b, i, LEN);
	rig_close_tracked(rig, 0);
	free(b);
	daemon_stop(&rig->daemon, SIGTERM);
}

TEST_WITH(begun_is_run_again_with_replay, struct rig *rig)
{
	check_replay(rig, false, 2);
	check_replay(rig, true, 2);
}

/* It may be what ends them. */
TEST_WITH(request_that_ends_ten_daemons_fails, struct rig *rig)
{
	check_replay(rig, false, 10);
	check_replay(rig, true, 10);
}

/* The session ends the request itself; the ring's memory stays good. */
TEST_WITH(same_daemon_goes_on_after_a_reconnect, struct rig *rig)
{
	struct spi_front *front;
	struct batch *b;

	daemon_start(&rig->daemon, 1, loopback);
	front = rig_open_tracked(rig, 0);
	b = submit_batch(front);
	let_it_begin();
	assert_int_equal(spi_front_reconnect(front), 0);
	expect_unknown(front, b, 0, SLOW_LEN);
	for (unsigned int i = 1; i <= QUICK; i++)
		expect_run(front, b, i, LEN);
	rig_close_tracked(rig, 0);
	free(b);
}

/* Popped and checked, but the other guest had the bus. */
TEST_WITH(request_that_waited_for_its_bus_is_run, struct rig *rig)
{
	struct spi_front *busy, *waits;
	struct batch *first, *second;

	daemon_start(&rig->daemon, 2, loopback);
	busy = rig_open_tracked(rig, 0);
	waits = rig_open_tracked(rig, 1);
	first = submit_batch(busy);
	let_it_begin();
	second = submit_batch(waits);
	usleep(50000);
	rig_crash(rig);
	daemon_start(&rig->daemon, 2, loopback);
	assert_int_equal(spi_front_reconnect(waits), 0);
	expect_run(waits, second, 0, SLOW_LEN);
	assert_int_equal(spi_front_reconnect(busy), 0);
	expect_unknown(busy, first, 0, SLOW_LEN);
	rig_close_tracked(rig, 0);
	rig_close_tracked(rig, 1);
	free(first);
	free(second);
}

/*
 * The write of a write-then-read was used before the crash: the chip is not
 * selected any more, and the read would return garbage.
 */
TEST_WITH(rest_of_a_message_fails, struct rig *rig)
{
	static const char *const held[] = {
		"--device=sim:loopback,cs-hold=10000", NULL
	};
	struct spi_front *front;
	struct spi_front_request read = { rig_head(0), NULL, 0, NULL, 4 };

	daemon_start(&rig->daemon, 1, held);
	front = rig_open_tracked(rig, 0);
	for (unsigned int i = 0; i < 3; i++) {
		/* A message that ended is none: the read after it is run. */
		bool ended = i == 1;

		rig_tx(front, ended, "\x9f", 1);
		rig_crash(rig);
		daemon_start(&rig->daemon, 1, held);
		assert_int_equal(spi_front_reconnect(front), 0);
		rig_expect(front, &read,
			   ended ? VIRTIO_SPI_TRANS_OK : VIRTIO_SPI_TRANS_ERR);
		rig_check_loopback(front, 10);
	}
	rig_close_tracked(rig, 0);
}

/* Wherever it is killed, each request ends, and the data is right or none. */
TEST_WITH(every_request_ends_wherever_the_daemon_is_killed, struct rig *rig)
{
	struct spi_front *front;
	struct batch b;

	rig_pattern(b.tx, SLOW_LEN, 1);
	daemon_start(&rig->daemon, 1, loopback);
	front = rig_open_tracked(rig, 0);
	for (unsigned int round = 0; round < 25; round++) {
		unsigned int failed = 0;

		for (unsigned int i = 0; i <= QUICK; i++)
			submit(front, &b, i, LEN, 40000);
		usleep(round * 331);
		rig_crash(rig);
		daemon_start(&rig->daemon, 1, loopback);
		assert_int_equal(spi_front_reconnect(front), 0);
		for (unsigned int i = 0; i <= QUICK; i++) {
			struct spi_front_result result;

			assert_int_equal(
				spi_front_wait(front, b.ids[i], &result), 0);
			if (result.status == VIRTIO_SPI_TRANS_OK) {
				assert_memory_equal(b.rx[i], b.tx, LEN);
				continue;
			}
			assert_int_equal(result.status, VIRTIO_SPI_TRANS_ERR);
			failed++;
		}
		/* One at most can have been begun. */
		assert_true(failed <= 1);
	}
	rig_close_tracked(rig, 0);
}

/* The front end cuts its own region short: its own ring stops. */
TEST_WITH(region_cut_short_stops_the_ring_only, struct rig *rig)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, LEN };
	struct spi_front *front, *other;
	uint16_t id;

	need_fault_address();
	daemon_start(&rig->daemon, 2, loopback);
	front = rig_open_tracked(rig, 0);
	other = rig_open(rig, 1);
	rig_check_loopback(front, LEN);
	assert_int_equal(ftruncate(front->inflight_fd, 0), 0);
	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	rig_wait_ring_error(front);
	rig_check_control(front);
	rig_check_loopback(other, LEN);
	rig_close_tracked(rig, 0);
	front = rig_open_tracked(rig, 0);
	rig_check_loopback(front, LEN);
	rig_close_tracked(rig, 0);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
