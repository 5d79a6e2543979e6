/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>

#include "tests/unit/vhost/ring/vrings_rig.h"
#include "vhost/poll.h"

#define KICK VHOST_POLL_BIT(VHOST_POLL_KICK)

static void expect(struct setup *s, int state, int kick, int timeout)
{
	const int *fds = s->f->waits.fds;

	assert_int_equal(vhost_session_poll(&s->f->session, 0), timeout);
	assert_int_equal(fds[VHOST_POLL_FRONT_END], s->f->session.sock.fd);
	assert_int_equal(fds[VHOST_POLL_STATE], state);
	assert_int_equal(fds[VHOST_POLL_KICK], kick);
	for (unsigned int i = VHOST_POLL_KICK + 1; i < WAIT_SET_PLACES; i++)
		assert_int_equal(fds[i], -1);
}

/* What is ready now */
static uint32_t ready(struct setup *s)
{
	const struct timespec none = { 0 };

	vhost_session_poll(&s->f->session, 0);
	return wait_set_wait(&s->f->waits, &none);
}

static void start_and_enable(struct setup *s, int kick)
{
	start_ring(s->f, 0, &s->ring, 0, kick);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
}

static void write_one(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

TEST_WITH(test_kick_is_awaited_while_the_ring_is_active, struct setup *s)
{
	expect(s, -1, -1, -1);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	expect(s, -1, -1, -1);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
	expect(s, -1, s->f->session.rings[0].kick, -1);
	ask_base(s->f, 0);
	expect(s, -1, -1, -1);
}

TEST_WITH(test_ring_without_kick_descriptor_has_a_timeout, struct setup *s)
{
	start_ring(s->f, 0, &s->ring, 0, -1);
	expect(s, -1, -1, -1);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
	expect(s, -1, -1, 1);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 0);
	expect(s, -1, -1, -1);
}

TEST_WITH(test_eventfd_is_ready_once_for_a_kick_and_is_not_read,
	  struct setup *s)
{
	start_and_enable(s, s->kick);
	assert_int_equal(ready(s), 0);
	for (uint64_t kicks = 1; kicks < 4; kicks++) {
		write_one(s->kick);
		assert_int_equal(ready(s), KICK);
		assert_int_equal(vhost_ring_take_kick(ring_of(s)), 0);
		assert_int_equal(ready(s), 0);
	}
	assert_int_equal(read(s->kick, &(uint64_t){ 0 }, 8), 8);
}

/* It came while the ring was not active. */
TEST_WITH(test_kick_before_the_ring_is_active_is_not_lost, struct setup *s)
{
	write_one(s->kick);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_int_equal(ready(s), 0);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
	assert_int_equal(ready(s), KICK);
}

/* A pipe that nobody reads is full at last, and its writer waits. */
TEST_WITH(test_pipe_is_ready_until_it_was_read, struct setup *s)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	start_and_enable(s, ends[0]);
	close(ends[0]);
	write_one(ends[1]);
	write_one(ends[1]);
	for (int kicks = 0; kicks < 2; kicks++) {
		assert_int_equal(ready(s), KICK);
		assert_int_equal(ready(s), KICK);
		assert_int_equal(vhost_ring_take_kick(ring_of(s)), 0);
	}
	assert_int_equal(ready(s), 0);
	close(ends[1]);
	assert_int_equal(ready(s), KICK);
	assert_int_equal(vhost_ring_take_kick(ring_of(s)), -EPIPE);
}

/* The front end keeps the file, whose entry in the set would stay, too. */
TEST_WITH(test_kick_that_was_replaced_is_not_heard_of, struct setup *s)
{
	int next = eventfd(0, EFD_CLOEXEC);

	start_and_enable(s, s->kick);
	assert_int_equal(ready(s), 0);
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, next), 0);
	write_one(s->kick);
	assert_int_equal(ready(s), 0);
	write_one(next);
	assert_int_equal(ready(s), KICK);
	ask_base(s->f, 0);
	write_one(next);
	assert_int_equal(ready(s), 0);
	close(next);
}

/* Two numbers, one file */
TEST_WITH(test_kick_that_came_twice_wakes_both_rings, struct setup *s)
{
	struct hand_ring other;

	hand_ring_open(&other, &s->ram, QUEUES, KIB(8));
	start_and_enable(s, s->kick);
	start_ring(s->f, 1, &other, 0, s->kick);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 1, 1);
	assert_int_equal(ready(s), 0);
	write_one(s->kick);
	assert_int_equal(ready(s), KICK | KICK << 1);
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, -1), 0);
	write_one(s->kick);
	assert_int_equal(ready(s), KICK << 1);
}

TEST_WITH(test_paused_kick_is_ready_afterwards, struct setup *s)
{
	const struct timespec none = { 0 };

	start_and_enable(s, s->kick);
	write_one(s->kick);
	assert_int_equal(ready(s), KICK);
	assert_int_equal(vhost_ring_clear_kick(ring_of(s)), 0);
	assert_int_equal(vhost_session_poll(&s->f->session, KICK), -1);
	assert_int_equal(s->f->waits.fds[VHOST_POLL_KICK], -1);
	assert_int_equal(ready(s), 0);
	assert_int_equal(vhost_session_poll(&s->f->session, KICK), -1);
	write_one(s->kick);
	assert_int_equal(wait_set_wait(&s->f->waits, &none), 0);
	assert_int_equal(ready(s), KICK);
}

/* Of all kernel objects only these are taken as a kick. */
TEST_WITH(test_descriptor_that_epoll_refuses_is_no_kick, struct setup *s)
{
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, s->ram.fd),
			 1);
}

TEST_WITH(test_state_is_awaited_while_it_is_loaded, struct setup *s)
{
	struct vhost_wire_state_transfer load = { .direction = 1 };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	say(s->f, VHOST_USER_SET_DEVICE_STATE_FD, VHOST_USER_VERSION, &load,
	    sizeof(load), &ends[0], 1);
	handle(s->f);
	assert_true(s->f->session.state.fd >= 0);
	expect(s, s->f->session.state.fd, -1, -1);
	close(ends[1]);
	vhost_session_read_state(&s->f->session);
	expect(s, -1, -1, -1);
	close(ends[0]);
}

/* epoll does not take files, and whoever needs the state reads them. */
TEST_WITH(test_state_in_a_file_is_not_awaited, struct setup *s)
{
	struct vhost_wire_state_transfer load = { .direction = 1 };

	say(s->f, VHOST_USER_SET_DEVICE_STATE_FD, VHOST_USER_VERSION, &load,
	    sizeof(load), &s->ram.fd, 1);
	handle(s->f);
	assert_true(s->f->session.state.fd >= 0);
	expect(s, -1, -1, -1);
}

TEST_MAIN(setup, teardown)
