/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Messages of several requests, of two guests that share a chip, while the
 * serving process is killed and upgraded KILLS times. On the wire each message
 * is whole, or its begin; none is there twice, and none begins with the rest of
 * one that was cut.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

/* Between two kills, at most */
#define CALM_US 15000

#define GUESTS	2
#define ROUND	16 /* messages of each guest between two looks at the log */
#define READ	0x03
#define STATUS	0x05 /* read by the daemon itself, of a flash */
#define ADDRESS 3    /* bytes: the number of the message */
#define DATA	4

enum {
	OPCODE,
	NUMBER,
	ANSWER,
	PARTS
};

struct message {
	uint32_t number;
	uint8_t status[PARTS];
	uint8_t rx[DATA];
	uint16_t ids[PARTS];
	unsigned int runs; /* as a whole */
};

struct run {
	struct rig *rig;
	bool spec; /* the guest says where a message ends */
	struct message messages[GUESTS * ROUND];
	unsigned int count, done, failed;
	uint32_t next;
	/* What has come since the chip was selected. */
	uint8_t bytes[64];
	size_t len, received;
};

/* Puts a request in the ring; the daemon does not see it yet. */
static void add(struct run *run, unsigned int guest, struct message *m,
		unsigned int part)
{
	const uint8_t tx[PARTS][ADDRESS] = {
		[OPCODE] = { READ },
		[NUMBER] = { (uint8_t)(m->number >> 16),
			     (uint8_t)(m->number >> 8), (uint8_t)m->number },
	};
	const uint8_t lens[PARTS] = { 1, ADDRESS, 0 };
	struct spi_front_request request = {
		.head = rig_head(0),
		.tx = tx[part],
		.tx_len = lens[part],
		.rx = part == ANSWER ? m->rx : NULL,
		.rx_len = part == ANSWER ? DATA : 0,
	};

	request.head.cs_change = run->spec && part == ANSWER;
	assert_int_equal(spi_front_add(&run->rig->fronts[guest], &request, NULL,
				       &m->ids[part]),
			 0);
}

static void finish(struct run *run, unsigned int guest, struct message *m,
		   unsigned int part)
{
	struct spi_front_result result;

	assert_int_equal(
		spi_front_wait(&run->rig->fronts[guest], m->ids[part], &result),
		0);
	m->status[part] = result.status;
	assert_int_not_equal(result.status, VIRTIO_SPI_PARAM_ERR);
}

static struct message *begin(struct run *run)
{
	struct message *m = &run->messages[run->count++];

	*m = (struct message){ .number = run->next++ };
	memset(m->status, VIRTIO_SPI_TRANS_ERR, sizeof(m->status));
	return m;
}

/* Request by request; a driver gives a message up at the first error. */
static void send_slowly(struct run *run, unsigned int guest)
{
	struct message *m = begin(run);

	for (unsigned int part = 0; part < PARTS; part++) {
		add(run, guest, m, part);
		spi_front_flush(&run->rig->fronts[guest]);
		finish(run, guest, m, part);
		if (m->status[part] != VIRTIO_SPI_TRANS_OK)
			return;
		if (rand() % 8 == 0)
			usleep((useconds_t)(rand() % CALM_US));
	}
}

/* All requests of both guests at once */
static void send_at_once(struct run *run)
{
	struct message *m[GUESTS] = { begin(run), begin(run) };

	for (unsigned int part = 0; part < PARTS; part++)
		for (unsigned int guest = 0; guest < GUESTS; guest++)
			add(run, guest, m[guest], part);
	for (unsigned int guest = 0; guest < GUESTS; guest++)
		spi_front_flush(&run->rig->fronts[guest]);
	for (unsigned int part = 0; part < PARTS; part++)
		for (unsigned int guest = 0; guest < GUESTS; guest++)
			finish(run, guest, m[guest], part);
}

/* The chip was released: looks at what it has seen. */
static void end_message(struct run *run)
{
	const uint8_t *b = run->bytes;
	uint32_t number = (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	const uint32_t first = run->next - run->count;
	const bool whole = run->len == 1 + ADDRESS && run->received == DATA;

	if (run->len && b[0] == STATUS && !run->spec)
		return;
	if (!run->len && !run->received)
		return;
	if (b[0] != READ || run->len > 1 + ADDRESS ||
	    (!whole && run->received) ||
	    (run->len != 1 && run->len != 1 + ADDRESS))
		fail_msg("on the wire: %zu bytes, the first %02x; %zu received",
			 run->len, b[0], run->received);
	if (!whole)
		return;
	assert_true(number - first < run->count);
	run->messages[number - first].runs++;
}

static void look(struct run *run)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	const uint8_t *sent = log->sent;

	assert_true(log->count < FAKE_SPIDEV_EVENTS);
	for (unsigned int i = 0; i < log->count; i++) {
		const struct fake_spidev_event *e = &log->events[i];

		if (e->kind == FAKE_SELECT) {
			run->len = run->received = 0;
		} else if (e->kind == FAKE_RELEASE) {
			end_message(run);
			run->len = run->received = 0;
		} else if (e->kind == FAKE_CLOCK && e->has_tx) {
			assert_true(run->len + e->len <= sizeof(run->bytes));
			memcpy(run->bytes + run->len, sent, e->len);
			run->len += e->len;
			sent += e->len;
		} else if (e->kind == FAKE_CLOCK) {
			run->received += e->len;
		}
	}
}

static void check_round(struct run *run)
{
	look(run);
	for (unsigned int i = 0; i < run->count; i++) {
		const struct message *m = &run->messages[i];
		const bool ok = m->status[ANSWER] == VIRTIO_SPI_TRANS_OK;

		if (m->runs > 1 || (ok && !m->runs))
			fail_msg("message %u: status %u, %u, %u; %u runs",
				 m->number, m->status[0], m->status[1],
				 m->status[2], m->runs);
		run->done += ok;
		run->failed += !ok;
	}
	run->count = 0;
}

static void run_round(struct run *run)
{
	for (unsigned int i = 0; i < ROUND; i++) {
		if (rand() % 2)
			send_at_once(run);
		else
			send_slowly(run, (unsigned int)rand() % GUESTS);
	}
	check_round(run);
}

static void check(struct rig *rig, const char *framing, bool packed)
{
	const uint64_t kills = test_number("KILLS", 60);
	struct run run = { .rig = rig, .spec = !strcmp(framing, "spec") };
	struct killer *killer, *upgrader;
	char device[128];
	const char *args[] = { device, "--keeper", RIG_WITH_PACKED, NULL };

	fake_spidev_need();
	rig->packed = packed;
	snprintf(device, sizeof(device), "--device=%s,cs=%s,op-max=20",
		 fake_spidev_make(0, &fake_spidev_plain), framing);
	daemon_start(&rig->daemon, GUESTS, args);
	for (unsigned int i = 0; i < GUESTS; i++)
		rig_open(rig, i);
	fake_spidev_take(0);
	killer = killer_start(&rig->daemon, CALM_US);
	upgrader = killer_start_upgrades(&rig->daemon, 4 * CALM_US);
	while (killer->kills < kills)
		run_round(&run);
	killer_stop(upgrader);
	print_message("%u kills, %u messages, of which %u failed\n",
		      killer_stop(killer), run.next, run.failed);
	assert_true(run.done > 0);
	for (unsigned int i = 0; i < GUESTS; i++)
		rig_close(rig, i);
	daemon_stop(&rig->daemon, SIGTERM);
	fake_spidev_remove_all();
}

TEST_WITH(message_is_whole_or_its_begin, struct rig *rig)
{
	check(rig, "spec", false);
}

TEST_WITH(message_on_a_packed_ring_is_whole_or_its_begin, struct rig *rig)
{
	check(rig, "spec", true);
}

TEST_WITH(command_is_whole_or_its_begin, struct rig *rig)
{
	check(rig, "nor", false);
}

TEST_WITH(command_on_a_packed_ring_is_whole_or_its_begin, struct rig *rig)
{
	check(rig, "nor", true);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
