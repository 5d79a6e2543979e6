/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "tests/unit/vhost/ring/inflight_rig.h"

#define OK	    (1u << 8) /* and no descriptor comes */
#define SAVE	    0
#define LOAD	    1
#define HEAD	    24 /* bytes; then the config space, the device's bytes */
#define DEVICE_SIZE 7

/* The device of these tests has some bytes of state. */
static uint8_t device_state[DEVICE_SIZE];
static unsigned int loads;

static uint32_t save_bytes(void *opaque, uint8_t *to)
{
	(void)opaque;
	memcpy(to, device_state, DEVICE_SIZE);
	return DEVICE_SIZE;
}

static int load_bytes(void *opaque, const uint8_t *from, uint32_t size)
{
	(void)opaque;
	if (size != DEVICE_SIZE || from[0] == 0xee)
		return -EINVAL;
	memcpy(device_state, from, DEVICE_SIZE);
	loads++;
	return 0;
}

static struct vhost_device_ops with_state;

static int setup_state(void **state)
{
	struct setup *s;

	setup(state);
	s = *state;
	with_state = *s->f->device.ops;
	with_state.save = save_bytes;
	with_state.load = load_bytes;
	s->f->device.ops = &with_state;
	memset(device_state, 0x11, DEVICE_SIZE);
	loads = 0;
	return 0;
}

/* Sends the transfer's start; the answer. */
static uint64_t transfer(struct setup *s, uint32_t direction, uint32_t phase,
			 int fd)
{
	struct vhost_wire_state_transfer t = { direction, phase };
	struct fixture *f = s->f;

	say(f, VHOST_USER_SET_DEVICE_STATE_FD, VHOST_USER_VERSION, &t,
	    sizeof(t), &fd, fd >= 0);
	handle(f);
	assert_true(hear(f));
	assert_int_equal(f->reply.header.size, 8);
	return f->reply.payload.u64;
}

static bool check(struct setup *s)
{
	assert_int_equal(ask(s->f, VHOST_USER_CHECK_DEVICE_STATE, NULL, 0), 8);
	assert_int_equal(!s->f->reply.payload.u64,
			 s->f->session.reason.text[0] == 0);
	return !s->f->reply.payload.u64;
}

/* Saves, as a front end does: until the end of the pipe. */
static size_t save(struct setup *s, uint8_t *blob)
{
	ssize_t n, have = 0;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(transfer(s, SAVE, 0, ends[1]), OK);
	close(ends[1]);
	while ((n = read(ends[0], blob + have, 1000 - (size_t)have)) > 0)
		have += n;
	assert_int_equal(n, 0);
	close(ends[0]);
	assert_true(check(s));
	return (size_t)have;
}

/* Returns what the check says. */
static bool load(struct setup *s, const uint8_t *blob, size_t size)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(transfer(s, LOAD, 0, ends[0]), OK);
	close(ends[0]);
	if (size)
		assert_int_equal(write(ends[1], blob, size), size);
	assert_false(check(s)); /* it has not ended */
	close(ends[1]);
	return check(s);
}

TEST_WITH(test_what_was_saved_can_be_loaded, struct setup *s)
{
	uint8_t blob[1000];
	size_t size = save(s, blob);

	assert_int_equal(size, HEAD + FIXTURE_CONFIG + DEVICE_SIZE);
	memset(device_state, 0x22, DEVICE_SIZE);
	assert_true(load(s, blob, size));
	assert_int_equal(device_state[0], 0x11);
	/* Asked twice, it is loaded once. */
	assert_true(check(s));
	assert_int_equal(loads, 1);
}

/* Only the inflight region knows whether a message was cut. */
TEST_WITH(test_nothing_is_saved_before_the_region_is_read, struct setup *s)
{
	struct area a;
	uint8_t blob[1000];
	int ends[2];

	area_open(&a);
	a.region->version = 1;
	a.region->desc_num = QUEUES;
	assert_int_equal(tell_inflight(s, &a.inflight, a.fd), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(transfer(s, SAVE, 0, ends[1]) & 0xff);
	close(ends[1]);
	assert_int_equal(read(ends[0], blob, sizeof(blob)), 0);
	close(ends[0]);
	assert_int_equal(start_tracked(s, &a, 0), 0);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(save(s, blob), HEAD + FIXTURE_CONFIG + DEVICE_SIZE);
	area_close(&a);
}

/* A device that leaves out all that it can */
TEST_WITH(test_device_without_operations_and_config, struct setup *s)
{
	static const struct vhost_device_ops none;
	uint8_t blob[1000];
	size_t size;

	s->f->device.ops = &none;
	s->f->device.config = NULL;
	s->f->device.config_size = 0;
	size = save(s, blob);
	assert_int_equal(size, HEAD);
	assert_true(load(s, blob, size));
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1),
			 0);
	assert_true(vhost_ring_is_active(&s->f->session.rings[0]));
	assert_int_equal(ask_base(s->f, 0), 0);
}

TEST_WITH(test_ring_goes_on_after_a_load, struct setup *s)
{
	uint8_t blob[1000];
	size_t size = save(s, blob);

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(s->f->fresh[0]);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_true(load(s, blob, size));
	s->ring.used->idx = 9;
	start_ring(s->f, 0, &s->ring, 9, s->kick);
	assert_false(s->f->fresh[0]);
	/* Once. */
	ask_base(s->f, 0);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(s->f->fresh[0]);
	/* Nor when the driver begins anew. */
	ask_base(s->f, 0);
	assert_true(load(s, blob, size));
	assert_int_equal(tell(s->f, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0),
			 0);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(s->f->fresh[0]);
}

TEST_WITH(test_wrong_bytes_fail_the_check_and_change_nothing, struct setup *s)
{
	uint8_t good[1000], bad[1000] = { 0 };
	size_t size = save(s, good);

	for (size_t i = 0; i < HEAD + FIXTURE_CONFIG; i++) {
		memcpy(bad, good, size);
		bad[i] ^= 0x80;
		assert_false(load(s, bad, size));
	}
	for (size_t len = 0; len < size; len++)
		assert_false(load(s, good, len));
	memcpy(bad, good, size);
	bad[size] = 0;
	assert_false(load(s, bad, size + 1));
	assert_false(load(s, bad, sizeof(bad)));
	bad[HEAD + FIXTURE_CONFIG] = 0xee; /* the device says no */
	assert_false(load(s, bad, size));
	assert_int_equal(loads, 0);
	assert_int_equal(s->f->session.rings[0].origin, VHOST_RING_FRESH);
	assert_true(load(s, good, size));
}

static int take_any(void *opaque, const uint8_t *from, uint32_t size)
{
	(void)opaque, (void)from, (void)size;
	loads++;
	return 0;
}

TEST_WITH(test_device_gets_no_more_than_it_may_save, struct setup *s)
{
	uint8_t blob[1000 + VHOST_DEVICE_STATE_MAX] = { 0 };
	uint32_t size = VHOST_DEVICE_STATE_MAX;

	save(s, blob);
	with_state.load = take_any;
	memcpy(blob + 16, &(uint32_t){ htole32(size) }, 4);
	assert_true(load(s, blob, HEAD + FIXTURE_CONFIG + size));
	size++;
	memcpy(blob + 16, &(uint32_t){ htole32(size) }, 4);
	assert_false(load(s, blob, HEAD + FIXTURE_CONFIG + size));
	assert_int_equal(loads, 1);
}

TEST_WITH(test_device_without_state_takes_none, struct setup *s)
{
	uint8_t blob[1000];
	size_t size = save(s, blob);

	with_state.save = NULL;
	with_state.load = NULL;
	assert_false(load(s, blob, size));
	assert_int_equal(save(s, blob), HEAD + FIXTURE_CONFIG);
	assert_true(load(s, blob, HEAD + FIXTURE_CONFIG));
}

TEST_WITH(test_unknown_transfers_are_refused, struct setup *s)
{
	unsigned int fds = open_fds();
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(transfer(s, 2, 0, ends[1]) & 0xff);
	assert_true(transfer(s, SAVE, 1, ends[1]) & 0xff);
	assert_true(transfer(s, LOAD, 1, ends[0]) & OK);
	assert_true(transfer(s, SAVE, 0, -1) & 0xff);
	assert_true(transfer(s, SAVE, 0, ends[0]) & 0xff); /* wrong end */
	assert_false(check(s));
	assert_int_equal(transfer(s, LOAD, 0, ends[1]), OK);
	assert_false(check(s));
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(open_fds(), fds);
}

TEST_WITH(test_check_without_a_transfer_is_an_error, struct setup *s)
{
	assert_false(check(s));
}

/* A pipe that is full, and that nobody drains. */
TEST_WITH(test_channel_without_room_is_refused_at_once, struct setup *s)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], device_state, 1) == 1)
		;
	fcntl(ends[1], F_SETFL, 0);
	assert_true(transfer(s, SAVE, 0, ends[1]) & 0xff);
	assert_false(check(s));
	close(ends[0]);
	close(ends[1]);
}

TEST_WITH(test_closed_channel_is_refused, struct setup *s)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	assert_true(transfer(s, SAVE, 0, ends[1]) & 0xff);
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

/* Who sends too much is not left to wait: the pipe is closed. */
TEST_WITH(test_endless_state_is_cut_off, struct setup *s)
{
	uint8_t junk[4096] = { 0 };
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(transfer(s, LOAD, 0, ends[0]), OK);
	close(ends[0]);
	assert_int_equal(write(ends[1], junk, sizeof(junk)), sizeof(junk));
	vhost_session_read_state(&s->f->session);
	assert_int_equal(s->f->session.state.fd, -1);
	assert_int_equal(write(ends[1], junk, 1), -1);
	assert_int_equal(errno, EPIPE);
	assert_false(check(s));
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

TEST_WITH(test_state_comes_in_any_parts, struct setup *s)
{
	uint8_t blob[1000];
	size_t size = save(s, blob);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(transfer(s, LOAD, 0, ends[0]), OK);
	close(ends[0]);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(write(ends[1], blob + i, 1), 1);
		vhost_session_read_state(&s->f->session);
		assert_int_equal(s->f->session.state.have, i + 1);
	}
	close(ends[1]);
	vhost_session_read_state(&s->f->session);
	assert_int_equal(s->f->session.state.fd, -1);
	assert_true(check(s));
}

/* A new transfer, and the session's end, close the old one. */
TEST_WITH(test_transfer_that_is_given_up_is_closed, struct setup *s)
{
	unsigned int fds = open_fds();
	uint8_t blob[1000];
	int ends[2];

	for (int i = 0; i < 3; i++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(transfer(s, LOAD, 0, ends[0]), OK);
		close(ends[0]);
		close(ends[1]);
	}
	assert_int_equal(open_fds(), fds + 1);
	save(s, blob);
	assert_int_equal(open_fds(), fds);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(transfer(s, LOAD, 0, ends[0]), OK);
	close(ends[0]);
	close(ends[1]);
}

/* Better no migration than one that leaves a page behind. */
TEST_WITH(test_saving_fails_the_check_when_marks_were_lost, struct setup *s)
{
	uint8_t blob[1000];

	save(s, blob);
	s->f->session.log.dirty.lost = 1;
	assert_false(check(s));
}

TEST_MAIN(setup_state, teardown)
