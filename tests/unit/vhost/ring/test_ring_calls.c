/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The call for what was pushed: once for all, and never lost. */
#include "tests/lib/host/emulator.h"
#include "tests/unit/vhost/ring/vrings_rig.h"

struct calls {
	struct setup *s;
	int call;
};

static int calls_setup(void **state)
{
	static struct calls c;
	void *rig;

	setup(&rig);
	c.s = rig;
	c.call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	start_ring(c.s->f, 0, &c.s->ring, 0, c.s->kick);
	tell_fd(c.s->f, VHOST_USER_SET_VRING_CALL, 0, c.call);
	enable(c.s, 1);
	assert_int_equal(read(c.call, &(uint64_t){ 0 }, 8), 8); /* the start */
	*state = &c;
	return 0;
}

static int calls_teardown(void **state)
{
	struct calls *c = *state;
	void *rig = c->s;

	close(c->call);
	return teardown(&rig);
}

static void push(struct calls *c)
{
	struct vhost_session *session = &c->s->f->session;

	offer(c->s);
	assert_int_equal(vhost_session_pop(session, 0, &c->s->chain), 1);
	vhost_session_push(session, 0, &c->s->chain, 1);
}

/* How often the driver was called since the last time */
static uint64_t calls(struct calls *c)
{
	return event_count(c->call);
}

TEST_WITH(pushes_are_seen_at_once_and_called_for_together, struct calls *c)
{
	for (unsigned int i = 1; i <= 3; i++) {
		push(c);
		assert_int_equal(le16toh(c->s->ring.used->idx), i);
	}
	assert_int_equal(calls(c), 0);
	vhost_session_call(&c->s->f->session, 0);
	assert_int_equal(calls(c), 1);
	vhost_session_call(&c->s->f->session, 0);
	assert_int_equal(calls(c), 0);
}

TEST_WITH(ring_that_stops_calls, struct calls *c)
{
	push(c);
	ask_base(c->s->f, 0);
	assert_int_equal(calls(c), 1);
}

TEST_WITH(ring_that_is_disabled_calls, struct calls *c)
{
	push(c);
	enable(c->s, 0);
	assert_int_equal(calls(c), 1);
}

TEST_WITH(ring_that_breaks_calls, struct calls *c)
{
	push(c);
	vhost_session_break(&c->s->f->session, 0, "as a test");
	assert_int_equal(calls(c), 1);
}

TEST_WITH(ring_whose_driver_is_reset_calls, struct calls *c)
{
	push(c);
	tell_u64(c->s->f, VHOST_USER_SET_STATUS, 0);
	assert_int_equal(calls(c), 1);
}

TEST_WITH(request_that_ends_as_the_ring_stops_is_called_for, struct calls *c)
{
	offer(c->s);
	assert_int_equal(vhost_session_pop(&c->s->f->session, 0, &c->s->chain),
			 1);
	c->s->f->held = &c->s->chain;
	ask_base(c->s->f, 0);
	assert_int_equal(le16toh(c->s->ring.used->idx), 1);
	assert_int_equal(calls(c), 1);
}

/* Its areas cannot be read; it calls when it is found again. */
TEST_WITH(ring_that_is_moved_calls, struct calls *c)
{
	push(c);
	vhost_ring_unmap(ring_of(c->s));
	vhost_session_call(&c->s->f->session, 0);
	assert_int_equal(calls(c), 0);
	assert_int_equal(vhost_session_pop(&c->s->f->session, 0, &c->s->chain),
			 0);
	assert_int_equal(calls(c), 1);
}

TEST_MAIN(calls_setup, calls_teardown)
