/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the daemon tells of itself: --stats and SIGUSR1. */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/stats/stats_rig.h"
#include "tests/lib/test.h"
#include "tests/lib/skip.h"
#include "vhost/front/deadline.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define PARAM_ERR VIRTIO_SPI_PARAM_ERR

/* Two chips of one bus, which a guest holds for a moment between requests. */
#define CHIP	 ",device=sim:loopback,bus=x,cs=spec,cs-hold=1"
#define GUEST_A	 "guest name=a,socket=%s/a" CHIP "\n"
#define GUEST_B	 "guest name=b,socket=%s/b" CHIP "\n"

#define BOTH	 GUEST_A GUEST_B
#define DEVICE_A "{device=\"sim:loopback\",bus=\"sim:x\"}"
#define DEVICE_B "{device=\"sim:loopback#2\",bus=\"sim:x\"}"

static struct spi_front *open_guest(struct rig *rig, unsigned int slot)
{
	return config_open(rig, slot, slot ? "b" : "a");
}

TEST_WITH(traffic_is_counted_for_each_guest, struct rig *rig)
{
	struct spi_front *a, *b;
	uint8_t bytes[100] = { 0 };

	stats_start(rig, BOTH);
	a = open_guest(rig, 0);
	b = open_guest(rig, 1);
	for (unsigned int i = 0; i < 5; i++)
		rig_check_loopback(a, 100);
	rig_tx(a, 1, bytes, 7);
	rig_rx(a, 1, bytes, 9);
	for (unsigned int i = 0; i < 3; i++)
		rig_tx(b, 1, bytes, 10);
	stats_wait_tick(rig, "guest_requests_total{guest=\"a\"}", 7);
	stats_wait(rig, "guest_requests_total{guest=\"b\"}", 3);
	stats_check(rig, "guest_sent_bytes_total{guest=\"a\"}", 507);
	stats_check(rig, "guest_received_bytes_total{guest=\"a\"}", 509);
	stats_check(rig, "guest_sent_bytes_total{guest=\"b\"}", 30);
	stats_check(rig, "guest_received_bytes_total{guest=\"b\"}", 0);
	stats_check(rig, "guest_connections_total{guest=\"a\"}", 1);
	stats_check(rig, "guests{state=\"running\"}", 2);
	stats_check(rig, "device_requests_total" DEVICE_A, 7);
	stats_check(rig, "device_sent_bytes_total" DEVICE_A, 507);
	stats_check(rig, "device_received_bytes_total" DEVICE_A, 509);
	stats_check(rig, "device_requests_total" DEVICE_B, 3);
	stats_check(rig, "device_sent_bytes_total" DEVICE_B, 30);
	stats_check(rig, "device_guests" DEVICE_B, 1);
	stats_check(rig, "bus_owner_changes_total{bus=\"sim:x\"}", 2);
	stats_check(rig, "guest_bus_wait_seconds_count{guest=\"a\"}", 7);
	stats_check(rig, "guest_bus_hold_seconds_count{guest=\"a\"}", 7);
	assert_true(stats_value(rig,
				"guest_bus_hold_seconds_sum{guest=\"a\"}") > 0);
	assert_true(
		stats_value(rig, "device_bus_seconds_total" DEVICE_A) ==
		stats_value(rig, "guest_bus_hold_seconds_sum{guest=\"a\"}"));
	stats_stop(rig);
}

/* Each of them, and nothing for the other guest. */
TEST_WITH(errors_are_counted_by_their_causes, struct rig *rig)
{
	struct spi_front_request request = { .tx = NULL };
	struct spi_front *a, *b;
	uint8_t byte = 0;

	stats_start(rig, BOTH);
	a = open_guest(rig, 0);
	b = open_guest(rig, 1);
	request.head = rig_head(9);
	request.rx_len = 4;
	for (unsigned int i = 0; i < 3; i++)
		rig_expect(a, &request, PARAM_ERR);
	/* The rest of a message comes when another guest has had the bus. */
	rig_tx(a, 0, &byte, 1);
	rig_tx(b, 1, &byte, 1);
	stats_wait(rig,
		   "guest_cut_messages_total{guest=\"a\",cause=\"cs_hold\"}",
		   1);
	request.head = rig_head(0);
	rig_expect(a, &request, TRANS_ERR);
	stats_wait(rig, "guest_requests_total{guest=\"a\"}", 5);
	stats_check(rig,
		    "guest_request_errors_total{guest=\"a\",cause=\"refused\"}",
		    3);
	stats_check(rig,
		    "guest_request_errors_total{guest=\"a\",cause=\"lost\"}",
		    1);
	stats_check(rig,
		    "guest_request_errors_total{guest=\"a\",cause=\"device\"}",
		    0);
	stats_check(rig, "guest_requests_total{guest=\"b\"}", 1);
	stats_check(rig, "device_requests_total" DEVICE_A, 1);
	stats_stop(rig);
}

static void turn_away_second_front_end(struct rig *rig)
{
	struct front_end second;

	assert_int_equal(front_end_connect(&second,
					   daemon_file(&rig->daemon, "a"),
					   DAEMON_TIMEOUT_MS),
			 0);
	assert_int_equal(front_end_wait_closed(&second), 0);
	front_end_close(&second);
}

static void send_garbage(struct rig *rig)
{
	char garbage[64];

	memset(garbage, 0xff, sizeof(garbage));
	assert_int_equal(front_end_send_bytes(&rig->fronts[0].fe, garbage,
					      sizeof(garbage), NULL, 0),
			 0);
	assert_int_equal(front_end_wait_closed(&rig->fronts[0].fe), 0);
	rig_close(rig, 0);
}

TEST_WITH(front_ends_that_go_wrong_are_counted, struct rig *rig)
{
	struct spi_front *a;

	/* It is the keeper that disconnects. */
	const char *disconnected =
		daemon_is_kept() ? "keeper_given_up_total"
				 : "guest_disconnected_total{guest=\"a\"}";

	stats_start(rig, BOTH);
	stats_check(rig, "guest_state{guest=\"a\",state=\"no_front_end\"}", 1);
	a = open_guest(rig, 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(front_end_tell(&a->fe, 99, NULL, 0, NULL, 0),
				 -EREMOTEIO);
	turn_away_second_front_end(rig);
	stats_wait(rig, "guest_refused_messages_total{guest=\"a\"}", 4);
	stats_wait(rig, "guest_turned_away_total{guest=\"a\"}", 1);
	stats_check(rig, "guest_state{guest=\"a\",state=\"running\"}", 1);
	stats_check(rig, "guest_state{guest=\"b\",state=\"no_front_end\"}", 1);
	send_garbage(rig);
	stats_wait(rig, disconnected, 1);
	open_guest(rig, 0);
	rig_close(rig, 0);
	stats_wait(rig, "guest_connections_total{guest=\"a\"}", 2);
	stats_wait(rig, "guest_state{guest=\"a\",state=\"no_front_end\"}", 1);
	stats_check(rig, disconnected, 1);
	stats_check(rig, "guest_refused_messages_total{guest=\"a\"}", 4);
	stats_stop(rig);
}

TEST_WITH(broken_ring_is_a_state_until_it_starts_again, struct rig *rig)
{
	struct spi_front *a;

	stats_start(rig, BOTH);
	a = open_guest(rig, 0);
	rig_check_loopback(a, 8);
	a->ring.added += 1000;
	front_ring_publish(&a->ring);
	front_ring_kick_now(&a->ring);
	rig_wait_ring_error(a);
	stats_wait(rig, "guest_state{guest=\"a\",state=\"ring_broken\"}", 1);
	stats_check(rig, "guest_broken_rings_total{guest=\"a\"}", 1);
	stats_check(rig, "guests{state=\"ring_broken\"}", 1);
	rig_recover_ring(a);
	stats_wait(rig, "guest_state{guest=\"a\",state=\"running\"}", 1);
	stats_check(rig, "guest_broken_rings_total{guest=\"a\"}", 1);
	stats_stop(rig);
}

/* A message of a second, and another guest that waits for its end. */
TEST_WITH(guest_in_the_way_is_seen_while_it_is, struct rig *rig)
{
	static const uint8_t bytes[3000];
	struct spi_front_request slow = { .tx = bytes, .tx_len = 3000 };
	struct spi_front *a, *b;
	uint16_t ids[2];
	double held;

	stats_start(rig,
		    "guest name=a,socket=%s/a,device=sim:loopback,bus=x,"
		    "timing=real,max-message=10000\n"
		    "guest name=b,socket=%s/b,device=sim:loopback,bus=x\n");
	a = open_guest(rig, 0);
	b = open_guest(rig, 1);
	slow.head = rig_head(0);
	slow.head.freq = htole32(8000);
	assert_int_equal(spi_front_submit(a, &slow, NULL, &ids[0]), 0);
	while (stats_value(rig, "guest_bus_holding_seconds{guest=\"a\"}") == 0)
		usleep(20000);
	slow.tx_len = 1;
	assert_int_equal(spi_front_submit(b, &slow, NULL, &ids[1]), 0);
	stats_wait(rig, "bus_waiting_guests{bus=\"sim:x\"}", 1);
	assert_true(stats_value(rig, "guest_bus_waiting_seconds{guest=\"b\"}") >
		    0);
	held = stats_value(rig, "guest_bus_holding_seconds{guest=\"a\"}");
	assert_true(held > 0);
	/* What it has moved so far is counted already. */
	assert_in_range(stats_value(rig, "guest_sent_bytes_total{guest=\"a\"}"),
			1, 2999);
	rig_expect_wait(a, ids[0], 0, OK);
	rig_expect_wait(b, ids[1], 0, OK);
	stats_wait(rig, "guest_requests_total{guest=\"b\"}", 1);
	stats_wait(rig, "guest_bus_holding_seconds{guest=\"a\"}", 0);
	assert_true(stats_value(rig,
				"guest_bus_wait_longest_seconds{guest=\"b\"}") >
		    0.001);
	assert_true(
		stats_value(rig,
			    "guest_bus_hold_longest_seconds{guest=\"a\"}") >=
		held);
	stats_stop(rig);
}

TEST_WITH(guests_come_and_go_with_the_file, struct rig *rig)
{
	static const char requests[] = "guest_requests_total{guest=\"b\"}";
	struct spi_front *a;

	stats_start(rig, GUEST_A);
	a = open_guest(rig, 0);
	rig_check_loopback(a, 10);
	assert_false(stats_has(rig, requests));
	config_write(rig, GUEST_A GUEST_B);
	kill(rig->daemon.pid, SIGHUP);
	stats_wait_sample(rig, requests, true);
	rig_check_loopback(open_guest(rig, 1), 10);
	stats_wait(rig, "guest_requests_total{guest=\"b\"}", 1);
	stats_check(rig, "guest_requests_total{guest=\"a\"}", 1);

	config_write(rig, GUEST_A);
	kill(rig->daemon.pid, SIGHUP);
	stats_wait_sample(rig, requests, false);
	assert_false(stats_has(rig, "device_requests_total" DEVICE_B));
	rig_close(rig, 1);
	stats_check(rig, "guest_requests_total{guest=\"a\"}", 1);
	stats_check(rig, "guests{state=\"running\"}", 1);
	rig_check_loopback(a, 10);

	/* Another guest of that name begins with nothing. */
	config_write(rig, GUEST_A GUEST_B);
	kill(rig->daemon.pid, SIGHUP);
	stats_wait_sample(rig, requests, true);
	stats_check(rig, "guest_requests_total{guest=\"b\"}", 0);
	stats_stop(rig);
}

TEST_WITH(file_that_cannot_be_is_refused_at_start, struct rig *rig)
{
	mkdir(daemon_file(&rig->daemon, STATS_FILE), 0700);
	stats_spawn(rig, GUEST_A);
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	assert_non_null(strstr(daemon_stderr(&rig->daemon), "--stats="));
	assert_non_null(strstr(daemon_stderr(&rig->daemon), STATS_FILE
			       ": exists, and is not a regular file\n"));
	assert_int_not_equal(access(daemon_file(&rig->daemon, "a"), F_OK), 0);
	rmdir(daemon_file(&rig->daemon, STATS_FILE));
}

TEST_WITH(failed_start_leaves_no_file, struct rig *rig)
{
	stats_spawn(rig, "guest socket=%s/a,device=/dev/spidev-none\n");
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	assert_int_not_equal(
		access(daemon_file(&rig->daemon, STATS_FILE), F_OK), 0);
}

TEST_WITH(file_can_be_named_in_the_configuration, struct rig *rig)
{
	char conf[DAEMON_PATH_MAX + 16];
	const char *args[] = { conf, NULL };

	config_write(rig, GUEST_A "stats %s/" STATS_FILE "\n");
	snprintf(conf, sizeof(conf), "--config=%s/conf", rig->daemon.dir);
	daemon_spawn(&rig->daemon, args);
	stats_wait_sample(rig, "start_time_seconds", true);
	stats_stop(rig);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
