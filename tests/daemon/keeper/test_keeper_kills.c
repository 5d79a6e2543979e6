/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The serving process is killed, and upgraded, KILLS times: while sessions are
 * set up, run, and are torn down. The chip's log has each number that was sent:
 * none twice, and each whose request succeeded once. Afterwards the keeper has
 * what it had before.
 */
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

/* Between two kills, at most */
#define CALM_US 15000

#define BURSTS	8 /* of a session, at most */
#define DEPTH	8 /* requests of a burst */
#define NUMBERS (BURSTS * DEPTH)

/* Where memory is plugged, behind what it is an alias of */
#define ALIAS (UINT64_C(1) << 32)

/* Whatever was going on is over then. */
#define QUIET_MS 500

/* What the keeper may grow by, for good: its heap is not given back. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GROWTH_KB (32 << 10)
#else
#define GROWTH_KB 512
#endif

/* Where a session is: each number is sent once, by one request. */
struct run {
	struct rig *rig;
	struct spi_front *front;
	struct front_region alias;
	bool plugged;	/* that is there */
	uint32_t first; /* number of this session */
	uint32_t sent;
	uint8_t status[NUMBERS]; /* of each; NONE: there was no answer */
	unsigned int failed;
	unsigned int sessions;
};

#define NONE 0xff

static uint16_t submit(struct run *run)
{
	uint32_t number = htobe32(run->first + run->sent++);
	struct spi_front_request request = { rig_head(0),
					     (const uint8_t *)&number,
					     sizeof(number), NULL, 0 };
	uint16_t id;

	/* With cs=transfer: the chip is released after it. */
	request.head.cs_change = 0;
	assert_int_equal(spi_front_submit(run->front, &request, NULL, &id), 0);
	return id;
}

static void run_burst(struct run *run)
{
	uint32_t from = run->sent;
	uint16_t ids[DEPTH];

	for (unsigned int i = 0; i < DEPTH; i++)
		ids[i] = submit(run);
	for (unsigned int i = 0; i < DEPTH; i++) {
		struct spi_front_result result;

		assert_int_equal(spi_front_wait(run->front, ids[i], &result),
				 0);
		run->status[from + i] = result.status;
		run->failed += result.status != VIRTIO_SPI_TRANS_OK;
	}
}

static void restart_ring(struct run *run)
{
	struct spi_front *front = run->front;
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
}

/* The same memory at another address comes, or goes. */
static void plug_memory(struct run *run)
{
	struct front_end *fe = &run->front->fe;

	if (run->plugged)
		assert_int_equal(front_remove_region(fe, &run->alias), 0);
	else
		assert_int_equal(front_add_region(fe, &run->alias), 0);
	run->plugged = !run->plugged;
}

static void run_session(struct run *run, unsigned int kind)
{
	unsigned int bursts = (unsigned int)rand() % BURSTS;
	struct rig *rig = run->rig;

	rig->packed = kind & 1;
	run->front = kind & 2 ? rig_open_tracked(rig, 0) : rig_open(rig, 0);
	run->alias = run->front->mem.regions[0];
	run->alias.guest_addr += ALIAS;
	run->plugged = false;
	run->sent = 0;
	memset(run->status, NONE, sizeof(run->status));
	for (unsigned int i = 0; i < bursts; i++) {
		run_burst(run);
		if (rand() % 4 == 0)
			restart_ring(run);
		if (rand() % 4 == 0)
			plug_memory(run);
	}
	/* Half of them leave while requests are in the ring. */
	for (unsigned int i = 0; kind & 4 && i < DEPTH; i++)
		submit(run);
	if (kind & 2)
		rig_close_tracked(rig, 0);
	else
		rig_close(rig, 0);
	run->sessions++;
}

/* Compares the session before with the chip's log. */
static void check_session(struct run *run)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	unsigned int runs[NUMBERS] = { 0 };
	uint32_t number;

	assert_int_equal(log->sent_len % sizeof(number), 0);
	for (size_t at = 0; at < log->sent_len; at += sizeof(number)) {
		memcpy(&number, log->sent + at, sizeof(number));
		number = be32toh(number) - run->first;
		assert_true(number < run->sent);
		runs[number]++;
	}
	for (uint32_t i = 0; i < run->sent; i++) {
		const uint8_t status = run->status[i];
		const bool done = status == VIRTIO_SPI_TRANS_OK;

		if (runs[i] > 1 || (done && !runs[i]) ||
		    status == VIRTIO_SPI_PARAM_ERR)
			fail_msg("request %u of %u: status %u, %u runs", i,
				 run->sent, status, runs[i]);
	}
	run->first += run->sent;
}

/* A process that was told to end may still be about to send. */
static void settle(struct run *run)
{
	run->front = rig_open(run->rig, 0);
	rig_check_control(run->front);
	rig_close(run->rig, 0);
}

struct holdings {
	unsigned int fds, children;
	unsigned long kb;
};

/* What the keeper has while a front end is connected, and nothing happens */
static struct holdings look(struct run *run)
{
	const struct daemon *daemon = &run->rig->daemon;
	struct holdings found;

	rig_check_control(rig_open(run->rig, 0));
	process_sleep_ms(QUIET_MS);
	found = (struct holdings){ daemon_fds(daemon), daemon_children(daemon),
				   daemon_memory_kb(daemon) };
	rig_close(run->rig, 0);
	return found;
}

/* An upgrade that was asked for last may still be going on. */
static void check_leaks(struct run *run, const struct holdings *before)
{
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	struct holdings after;

	do
		after = look(run);
	while ((after.fds != before->fds || after.children != 1) &&
	       deadline_left(deadline));
	print_message("the keeper has %u descriptors, and %lu KiB (before: %u, "
		      "%lu)\n",
		      after.fds, after.kb, before->fds, before->kb);
	assert_int_equal(after.fds, before->fds);
	assert_int_equal(after.children, 1);
	assert_true(after.kb <= before->kb + GROWTH_KB);
}

static void check(struct rig *rig, bool upgrades)
{
	const uint64_t kills = test_number("KILLS", 60);
	struct killer *killer, *upgrader = NULL;
	struct run run = { .rig = rig };
	struct holdings before;
	char device[128];
	const char *args[] = { device, "--keeper", RIG_WITH_PACKED, NULL };

	fake_spidev_need();
	snprintf(device, sizeof(device), "--device=%s,cs=transfer",
		 fake_spidev_make(0, &fake_spidev_plain));
	daemon_start(&rig->daemon, 1, args);
	killer_crash(&rig->daemon, SIGKILL);
	before = look(&run);
	fake_spidev_take(0);
	killer = killer_start(&rig->daemon, CALM_US);
	if (upgrades)
		upgrader = killer_start_upgrades(&rig->daemon, 4 * CALM_US);
	while (killer->kills < kills) {
		run_session(&run, (unsigned int)rand());
		settle(&run);
		check_session(&run);
	}
	killer_stop(upgrader);
	print_message("%u kills, %u sessions, %u requests, of which %u "
		      "failed\n",
		      killer_stop(killer), run.sessions, run.first, run.failed);
	check_leaks(&run, &before);
	daemon_stop(&rig->daemon, SIGTERM);
	fake_spidev_remove_all();
}

TEST_WITH(kills_run_nothing_twice_and_leak_nothing, struct rig *rig)
{
	check(rig, false);
}

TEST_WITH(kills_in_upgrades_run_nothing_twice_and_leak_nothing, struct rig *rig)
{
	check(rig, true);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
