/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The serving process is killed, and upgraded, KILLS times (60) or more: while
 * sessions are set up, run, and are torn down. The chip's log has each number
 * that was sent: none twice, and each whose request succeeded once. Afterwards
 * the keeper has what it had before. The chip is behind a spidev, or is a
 * program, which needs less of the machine.
 */
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/fixture/chip_program.h"
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

/* However fast they are killed */
#define SESSIONS_MIN 8

/* Sent behind a session: the chip has all of that when it has this. */
#define LAST UINT32_MAX

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
	struct chip_program *program; /* NULL: a spidev */
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

static struct spi_front_request send_of(const uint32_t *number)
{
	struct spi_front_request request = { rig_head(0),
					     (const uint8_t *)number,
					     sizeof(*number), NULL, 0 };

	/* With cs=transfer: the chip is released after it. */
	request.head.cs_change = 0;
	return request;
}

static uint16_t submit(struct run *run)
{
	const uint32_t number = htobe32(run->first + run->sent++);
	const struct spi_front_request request = send_of(&number);
	uint16_t id;

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

/* Counts how often the chip was sent each number, and forgets that. */
static void count_runs(struct run *run, unsigned int runs[NUMBERS])
{
	const struct fake_spidev_log *log;
	const uint8_t *sent;
	uint32_t number;
	size_t len;

	if (run->program) {
		sent = run->program->sent;
		len = run->program->sent_len;
	} else {
		log = fake_spidev_take(0);
		sent = log->sent;
		len = log->sent_len;
	}
	assert_int_equal(len % sizeof(number), 0);
	for (size_t at = 0; at < len; at += sizeof(number)) {
		memcpy(&number, sent + at, sizeof(number));
		number = be32toh(number);
		if (number == LAST)
			continue;
		assert_true(number - run->first < run->sent);
		runs[number - run->first]++;
	}
	if (run->program)
		chip_program_forget(run->program);
}

/* Compares the session before with the chip's log. */
static void check_session(struct run *run)
{
	unsigned int runs[NUMBERS] = { 0 };

	count_runs(run, runs);
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

/*
 * A process that was told to end may still be about to send, and a program to
 * read what it has sent.
 */
static void settle(struct run *run)
{
	const uint32_t number = LAST;
	const struct spi_front_request request = send_of(&number);
	struct spi_front_result result = { .status = NONE };

	run->front = rig_open(run->rig, 0);
	rig_check_control(run->front);
	while (run->program && result.status != VIRTIO_SPI_TRANS_OK)
		assert_int_equal(
			spi_front_transfer(run->front, &request, NULL, &result),
			0);
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

/* Kills @run's daemon, which has the @device. */
static void check(struct run *run, const char *device, bool upgrades)
{
	const uint64_t kills = test_number("KILLS", 60);
	const char *args[] = { device, "--keeper", KILLER_TIMEOUT,
			       RIG_WITH_PACKED, NULL };
	const struct daemon *daemon = &run->rig->daemon;
	struct killer *killer, *upgrader = NULL;
	struct holdings before;

	daemon_start(&run->rig->daemon, 1, args);
	killer_crash(daemon, SIGKILL);
	before = look(run);
	killer = killer_start(daemon, CALM_US);
	if (upgrades)
		upgrader = killer_start_upgrades(daemon, 4 * CALM_US);
	while (killer->kills < kills || run->sessions < SESSIONS_MIN) {
		run_session(run, (unsigned int)rand());
		settle(run);
		check_session(run);
	}
	killer_stop(upgrader);
	print_message("%u kills, %u sessions, %u requests, of which %u "
		      "failed\n",
		      killer_stop(killer), run->sessions, run->first,
		      run->failed);
	check_leaks(run, &before);
	daemon_stop(&run->rig->daemon, SIGTERM);
}

static void check_spidev(struct rig *rig, bool upgrades)
{
	struct run run = { .rig = rig };
	char device[128];

	fake_spidev_need();
	snprintf(device, sizeof(device), "--device=%s,cs=transfer",
		 fake_spidev_make(0, &fake_spidev_plain));
	check(&run, device, upgrades);
	fake_spidev_remove_all();
}

static void check_program(struct rig *rig, bool upgrades)
{
	static struct chip_program program;
	struct run run = { .rig = rig, .program = &program };
	char device[128];

	chip_program_init(&program);
	chip_program_start(&program, CHIP_PROPER);
	snprintf(device, sizeof(device), "--device=sim:socket=%s,cs=transfer",
		 program.path);
	check(&run, device, upgrades);
	chip_program_stop(&program);
}

TEST_WITH(kills_run_nothing_twice_and_leak_nothing, struct rig *rig)
{
	check_spidev(rig, false);
}

TEST_WITH(kills_in_upgrades_run_nothing_twice_and_leak_nothing, struct rig *rig)
{
	check_spidev(rig, true);
}

TEST_WITH(kills_send_a_program_nothing_twice, struct rig *rig)
{
	check_program(rig, false);
}

TEST_WITH(kills_in_upgrades_send_a_program_nothing_twice, struct rig *rig)
{
	check_program(rig, true);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
