/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a guest that is slow, or stopped, in the middle of a message costs the
 * bus: for how long its chip is selected, and how long another guest waits. The
 * chips are simulated at the pace of their clock, and the daemon's statistics
 * tell the times.
 */
#include <dirent.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "tests/lib/host/emulator.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/stats/stats_rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

#define READS	  10
#define HEADER	  4 /* bytes: command and address */
#define DATA	  256
#define HZ	  100000
#define PAUSE_MS  20 /* of a guest between two parts of a message */

#define HOLD_S	  10

/* Two guests, each with a flash of its own on one bus */
static void start(struct rig *rig, const char *cs)
{
	char config[512];

	snprintf(config, sizeof(config),
		 "guest name=a,socket=%%s/a,device=sim:nor,size=1M,id=c22014,"
		 "bus=x,timing=real,cs-hold=%d,cs=%s\n"
		 "guest name=b,socket=%%s/b,device=sim:nor,size=1M,bus=x,"
		 "timing=real,cs=nor\n",
		 HOLD_S * 1000, cs);
	stats_start(rig, config);
}

/* One part of a message; @last with the flag that the specification has. */
static void part(struct spi_front *front, const uint8_t *tx, uint32_t tx_len,
		 uint32_t rx_len, bool last)
{
	struct spi_front_request request = {
		.head = rig_head(0),
		.tx = tx,
		.tx_len = tx_len,
		.rx_len = rx_len,
	};

	request.head.freq = htole32(HZ);
	request.head.cs_change = last;
	rig_expect(front, &request, OK);
}

/*
 * Reads from the flash as a slow guest does. Returns the time for which the
 * chip was selected, where 1 is the time for which its clock ran.
 */
static double read_slowly(struct rig *rig, bool spec)
{
	static const uint8_t header[HEADER] = { 0x03, 0, 0x10, 0 };
	const double clock_s = READS * (HEADER + DATA) * 8.0 / HZ;
	struct spi_front *front = config_open(rig, 0, "a");

	for (int i = 0; i < READS; i++) {
		part(front, header, 1, 0, false);
		process_sleep_ms(PAUSE_MS);
		part(front, header + 1, HEADER - 1, 0, false);
		process_sleep_ms(PAUSE_MS);
		part(front, NULL, 0, DATA, spec);
	}
	stats_wait_tick(rig, "guest_bus_hold_seconds_count{guest=\"a\"}",
			READS);
	return stats_value(rig, "guest_bus_hold_seconds_sum{guest=\"a\"}") /
	       clock_s;
}

TEST_WITH(chip_is_selected_while_its_clock_runs, struct rig *rig)
{
	double ratio;

	start(rig, "nor");
	ratio = read_slowly(rig, false);
	print_message("cs=nor: selected for %.2f of the clock's time\n", ratio);
	assert_true(ratio >= 1);
	/* The pauses of the guest would make it 2.9. */
	assert_true(ratio < 2);
	stats_stop(rig);
}

TEST_WITH(chip_is_selected_between_parts_when_the_guest_says_so,
	  struct rig *rig)
{
	double ratio;

	start(rig, "spec");
	ratio = read_slowly(rig, true);
	print_message("cs=spec: selected for %.2f of the clock's time\n",
		      ratio);
	assert_true(ratio > 2.9);
	stats_stop(rig);
}

/* Guest a begins a message, and is stopped. Returns where its ring stopped. */
static uint32_t stop_in_a_message(struct spi_front *front)
{
	static const uint8_t read_id = 0x9f;
	uint32_t base = 0;

	part(front, &read_id, 1, 0, false);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	return base;
}

/* Guest a goes on where it stopped: it reads the id. */
static void resume(struct spi_front *front, uint32_t base, uint8_t status)
{
	struct spi_front_request rest = { .head = rig_head(0), .rx_len = 3 };
	uint8_t id[3];

	assert_int_equal(spi_front_new_ring(front, (uint16_t)base), 0);
	assert_int_equal(
		front_start_vring(&front->fe, 0, &front->ring, (uint16_t)base),
		0);
	rest.rx = id;
	rig_expect(front, &rest, status);
	if (status == OK)
		assert_memory_equal(id, "\xc2\x20\x14", 3);
}

/*
 * Guest a is stopped in a message. Returns how long guest b, which then sends
 * some, has waited for the bus at most, s. The rest of the message gets
 * @status.
 */
static double wait_beside_stopped(struct rig *rig, const char *cs,
				  uint8_t status)
{
	static const uint8_t bytes[16];
	struct spi_front *a, *b;
	double longest;
	uint32_t base;

	start(rig, cs);
	a = config_open(rig, 0, "a");
	b = config_open(rig, 1, "b");
	base = stop_in_a_message(a);
	for (int i = 0; i < 5; i++)
		rig_duplex(b, bytes, NULL, sizeof(bytes));
	stats_wait_tick(rig, "guest_bus_wait_seconds_count{guest=\"b\"}", 5);
	longest =
		stats_value(rig, "guest_bus_wait_longest_seconds{guest=\"b\"}");
	print_message("cs=%s: longest wait beside a stopped guest %.6f s\n", cs,
		      longest);
	resume(a, base, status);
	stats_stop(rig);
	return longest;
}

TEST_WITH(stopped_guest_has_no_bus_when_its_part_is_kept, struct rig *rig)
{
	/* Nobody has the bus, and the message is whole when it goes on. */
	assert_true(wait_beside_stopped(rig, "nor", OK) == 0);
}

TEST_WITH(stopped_guest_gives_up_its_hold_at_once, struct rig *rig)
{
	/* No part of cs-hold, which is so long. */
	assert_true(wait_beside_stopped(rig, "spec", TRANS_ERR) < HOLD_S / 2.0);
}

TEST_WITH(stopped_guest_gives_up_its_write_at_once, struct rig *rig)
{
	assert_true(wait_beside_stopped(rig, "linux", TRANS_ERR) <
		    HOLD_S / 2.0);
}

TEST_WITH(stopped_guest_has_its_write_sent_again, struct rig *rig)
{
	assert_true(wait_beside_stopped(rig, "linux,cs-late=again", OK) <
		    HOLD_S / 2.0);
}

/* In ns, of the thread of this number */
static unsigned int timer_slack(const char *thread)
{
	unsigned int slack = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/timerslack_ns", thread);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &slack), 1);
	fclose(file);
	return slack;
}

/* The end of a hold, or of a simulated transfer, is not put off by the kernel.
 */
TEST_WITH(threads_of_guests_are_woken_in_time, struct rig *rig)
{
	char path[64];
	struct dirent *entry;
	unsigned int threads = 0, others = 0;
	DIR *dir;

	if (prctl(PR_SET_TIMERSLACK, prctl(PR_GET_TIMERSLACK)) < 0)
		skip_because("a thread has no timer slack here");
	start(rig, "nor");
	snprintf(path, sizeof(path), "/proc/%d/task",
		 (int)daemon_serving(&rig->daemon));
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (timer_slack(entry->d_name) == 1000)
			threads++;
		else
			others++;
	}
	closedir(dir);
	assert_true(threads >= 3);
	assert_true(others <= count_hidden_threads());
	stats_stop(rig);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
