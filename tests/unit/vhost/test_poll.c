/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <fcntl.h>
#include <string.h>

#include "tests/unit/vhost/ring/vrings_rig.h"
#include "vhost/poll.h"

static void expect(struct setup *s, int state, int kick, int timeout)
{
	struct pollfd fds[VHOST_POLL_FDS];

	memset(fds, 0x55, sizeof(fds));
	assert_int_equal(vhost_session_poll(&s->f->session, fds), timeout);
	for (unsigned int i = 0; i < VHOST_POLL_FDS; i++) {
		assert_int_equal(fds[i].events, POLLIN);
		assert_int_equal(fds[i].revents, 0);
		if (i > VHOST_POLL_KICK)
			assert_int_equal(fds[i].fd, -1);
	}
	assert_int_equal(fds[VHOST_POLL_FRONT_END].fd, s->f->session.sock.fd);
	assert_int_equal(fds[VHOST_POLL_STATE].fd, state);
	assert_int_equal(fds[VHOST_POLL_KICK].fd, kick);
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

TEST_MAIN(setup, teardown)
