/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A message that has begun when its process is replaced: an upgrade takes its
 * parts along. After a crash its rest fails, however many processes follow, and
 * is never sent as a message of its own.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

struct begun {
	const char *device;
	uint8_t parts[2][4];
	uint8_t lens[2]; /* 0: there is no such part */
	bool taken;	 /* by an upgrade; if not, that cuts the message */
};

static const struct begun messages[] = {
	{ "sim:nor,size=64k,cs=nor",
	  { { 0x03 }, { 0x00, 0x00, 0x10 } },
	  { 1, 3 },
	  true },
	{ "sim:nand,size=64M,cs=nand", { { 0x0f }, { 0xa0 } }, { 1, 1 }, true },
	{ "sim:eeprom,size=4k,cs=eeprom",
	  { { 0x03 }, { 0x00, 0x10 } },
	  { 1, 2 },
	  true },
	{ "sim:nor,size=64k,cs=spec,cs-hold=1", { { 0x9f } }, { 1 }, false },
};

/* k: the process is killed. u: it is upgraded. s: the ring stops and starts. */
static const char *const events[] = {
	"k",   "kk",  "u",   "uu",  "uk",  "ukk",  "uuk",
	"ku",  "kuk", "kus", "s",   "sk",  "us",   "usk",
	"usu", "suk", "ks",  "ksk", "ssk", "usuk", "kusk",
};

/* The same while the ring is stopped. */
static const char *const stopped[] = { "", "k", "kk", "u", "uk", "uu", "ku" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * With each message, one in so many of the events; others with the next one. It
 * is all of them if processes start fast.
 */
static unsigned int share_of_events(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return COUNT(messages);
#else
	return killer_hang_timeout() > 5 ? COUNT(messages) : 1;
#endif
}

/* Both processes are replaced. */
static void upgrade(const struct rig *rig)
{
	static const char line[] = "the keeper runs the new binary, too";
	const unsigned int before = daemon_count_log(&rig->daemon, line);

	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, line, before + 1);
}

static void replace(struct rig *rig, struct spi_front *front, char event)
{
	if (event == 'k')
		killer_crash(&rig->daemon, SIGKILL);
	else
		upgrade(rig);
	/* An answer means that the next process serves. */
	rig_check_control(front);
}

static void stop(struct spi_front *front, uint32_t *base)
{
	assert_int_equal(front_stop_vring(&front->fe, 0, base), 0);
}

static void start(struct spi_front *front, uint32_t base)
{
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
}

static void happen(struct rig *rig, struct spi_front *front, const char *event)
{
	uint32_t base;

	for (; *event; event++) {
		if (*event == 's') {
			stop(front, &base);
			start(front, base);
		} else {
			replace(rig, front, *event);
		}
	}
}

static void begin(struct spi_front *front, const struct begun *m)
{
	for (unsigned int i = 0; i < 2 && m->lens[i]; i++)
		rig_tx(front, 0, m->parts[i], m->lens[i]);
}

/* Reads the rest, after these events. */
static void finish(struct spi_front *front, const struct begun *m,
		   const char *after, bool was_stopped)
{
	bool fails = strchr(after, 'k') || (!m->taken && strchr(after, 'u'));
	struct spi_front_result result;
	uint8_t rx[2];
	struct spi_front_request request = {
		.head = rig_head(0),
		.rx = rx,
		.rx_len = sizeof(rx),
	};

	assert_int_equal(spi_front_transfer(front, &request, NULL, &result), 0);
	if (result.status !=
	    (fails ? VIRTIO_SPI_TRANS_ERR : VIRTIO_SPI_TRANS_OK))
		fail_msg("%s, after \"%s\"%s: status %u", m->device, after,
			 was_stopped ? " of a stopped ring" : "",
			 result.status);
}

static void check(struct rig *rig, struct spi_front *front,
		  const struct begun *m)
{
	const unsigned int share = share_of_events();
	const unsigned int first = (unsigned int)(m - messages) % share;
	uint32_t base;

	for (unsigned int i = first; i < COUNT(events); i += share) {
		begin(front, m);
		happen(rig, front, events[i]);
		finish(front, m, events[i], false);
	}
	for (unsigned int i = first; i < COUNT(stopped); i += share) {
		begin(front, m);
		stop(front, &base);
		happen(rig, front, stopped[i]);
		start(front, base);
		finish(front, m, stopped[i], true);
	}
}

static void check_all(struct rig *rig, bool packed, bool tracked)
{
	rig->packed = packed;
	for (unsigned int i = 0; i < COUNT(messages); i++) {
		char device[128];
		const char *args[] = { device, "--keeper", RIG_WITH_PACKED,
				       NULL };

		snprintf(device, sizeof(device), "--device=%s",
			 messages[i].device);
		daemon_start(&rig->daemon, 1, args);
		check(rig,
		      tracked ? rig_open_tracked(rig, 0) : rig_open(rig, 0),
		      &messages[i]);
		if (tracked)
			rig_close_tracked(rig, 0);
		else
			rig_close(rig, 0);
		daemon_stop(&rig->daemon, SIGTERM);
	}
}

TEST_WITH(rest_of_a_cut_message_fails, struct rig *rig)
{
	check_all(rig, false, false);
}

TEST_WITH(rest_of_a_cut_message_fails_on_a_packed_ring, struct rig *rig)
{
	check_all(rig, true, false);
}

/* The front end has an inflight region of its own. */
TEST_WITH(rest_of_a_cut_message_fails_with_a_tracked_ring, struct rig *rig)
{
	check_all(rig, false, true);
}

/* The driver begins anew: it knows nothing of a message. */
static void reset(struct spi_front *front)
{
	uint32_t base;

	stop(front, &base);
	assert_int_equal(
		front_end_set_u64(&front->fe, VHOST_USER_SET_STATUS, 0), 0);
}

static void start_anew(struct spi_front *front)
{
	assert_int_equal(
		front_end_set_u64(&front->fe, VHOST_USER_SET_STATUS, 15), 0);
	assert_int_equal(spi_front_new_ring(front, 0), 0);
	start(front, 0);
}

static void check_resets(struct rig *rig, bool packed)
{
	static const char *const times[] = { "", "k", "u", "uk", "ku" };
	const char *const args[] = { "--device=sim:nor,size=64k,cs=nor",
				     "--keeper", RIG_WITH_PACKED, NULL };
	struct spi_front_options options;
	struct spi_front *front;
	uint8_t rx[2];

	rig->packed = packed;
	daemon_start(&rig->daemon, 1, args);
	options = rig_options(rig, 0);
	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS);
	front = rig_open_with(rig, 0, &options);
	for (unsigned int i = 0; i < 3 * COUNT(times); i++) {
		begin(front, &messages[0]);
		happen(rig, front, i % 3 == 0 ? times[i / 3] : "");
		reset(front);
		happen(rig, front, i % 3 == 1 ? times[i / 3] : "");
		start_anew(front);
		happen(rig, front, i % 3 == 2 ? times[i / 3] : "");
		rig_rx(front, 0, rx, sizeof(rx));
	}
	rig_close(rig, 0);
}

TEST_WITH(reset_ends_a_message, struct rig *rig)
{
	check_resets(rig, false);
}

TEST_WITH(reset_ends_a_message_of_a_packed_ring, struct rig *rig)
{
	check_resets(rig, true);
}

/* A process that hangs is one more that is killed. */
TEST_WITH(rest_of_a_message_fails_after_a_hang, struct rig *rig)
{
	char timeout[40];
	const char *const args[] = { "--device=sim:nor,size=64k,cs=nor",
				     "--keeper", timeout, NULL };
	struct spi_front *front;
	pid_t before;

	snprintf(timeout, sizeof(timeout), "--keeper-timeout=%u",
		 killer_hang_timeout());
	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	begin(front, &messages[0]);
	replace(rig, front, 'u');
	before = daemon_child(&rig->daemon);
	process_stop(before);
	killer_wait_child(&rig->daemon, before);
	rig_check_control(front);
	finish(front, &messages[0], "uk", false);
	rig_close(rig, 0);
}

/* Without a timeout it is waited for, however long it stands still. */
TEST_WITH(process_may_stand_still_without_a_timeout, struct rig *rig)
{
	const char *const args[] = { "--device=sim:nor,size=64k,cs=nor",
				     "--keeper", "--keeper-timeout=0", NULL };
	struct spi_front *front;
	pid_t before;

	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	begin(front, &messages[0]);
	before = daemon_child(&rig->daemon);
	process_stop(before);
	process_sleep_ms(1500);
	assert_int_equal(daemon_child(&rig->daemon), before);
	kill(before, SIGCONT);
	rig_check_control(front);
	rig_close(rig, 0);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
