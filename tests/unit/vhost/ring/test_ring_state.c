/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The table of ring.h: each event in each state. */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vhost/ring/ring.h"

#define STATES	   (VHOST_RING_RUNNING + 1)
#define STOPPED_AT 7u /* where a ring that ran goes on */
#define SET_BASE   3u /* where one is to start that did not run */

#define NEVER	   -1 /* the event cannot happen in this state */

static uint16_t indexes[64];

/* A ring in @state, with a kick descriptor and an old message's marks. */
static struct vhost_ring ring_in(enum vhost_ring_state state)
{
	struct vring vring = {
		.areas = { indexes, indexes, indexes },
		.size = 4,
	};
	struct vhost_ring ring;

	vhost_ring_init(&ring, NULL);
	vhost_ring_set_base(&ring, SET_BASE);
	assert_int_equal(vring_start(&vring, STOPPED_AT), 0);
	ring.vring = vring;
	ring.kick = eventfd(0, EFD_CLOEXEC);
	ring.accept_unreachable = true;
	ring.inflight.begun = true;
	ring.state = state;
	return ring;
}

static void start(struct vhost_ring *ring)
{
	vhost_ring_start(ring);
}

static void begin(struct vhost_ring *ring)
{
	const struct vring vring = ring->vring;

	vhost_ring_begin(ring, &vring, VHOST_RING_RECOVERED);
}

static void cancel(struct vhost_ring *ring)
{
	vhost_ring_cancel(ring, VHOST_RING_BROKEN);
}

static void move(struct vhost_ring *ring)
{
	const struct vring_areas areas = { indexes + 8, indexes, indexes };

	vhost_ring_move(ring, &areas);
	assert_ptr_equal(ring->vring.areas.desc, indexes + 8);
}

static void break_ring(struct vhost_ring *ring)
{
	bool started = vhost_ring_is_started(ring);

	assert_int_equal(vhost_ring_break(ring), started);
}

static const struct {
	const char *name;
	void (*act)(struct vhost_ring *ring);
	int next[STATES]; /* of STOPPED, BROKEN, STARTING, UNMAPPED, RUNNING */
} events[] = {
	{ "start",
	  start,
	  { VHOST_RING_STARTING, VHOST_RING_STARTING, NEVER, NEVER, NEVER } },
	{ "begin", begin, { NEVER, NEVER, VHOST_RING_RUNNING, NEVER, NEVER } },
	{ "cancel", cancel, { NEVER, NEVER, VHOST_RING_BROKEN, NEVER, NEVER } },
	{ "move",
	  move,
	  { NEVER, NEVER, NEVER, VHOST_RING_RUNNING, VHOST_RING_RUNNING } },
	{ "unmap",
	  vhost_ring_unmap,
	  { VHOST_RING_STOPPED, VHOST_RING_BROKEN, VHOST_RING_STARTING,
	    VHOST_RING_UNMAPPED, VHOST_RING_UNMAPPED } },
	{ "stop",
	  vhost_ring_stop,
	  { VHOST_RING_STOPPED, VHOST_RING_STOPPED, VHOST_RING_STOPPED,
	    VHOST_RING_STOPPED, VHOST_RING_STOPPED } },
	{ "break",
	  break_ring,
	  { VHOST_RING_STOPPED, VHOST_RING_BROKEN, VHOST_RING_BROKEN,
	    VHOST_RING_BROKEN, VHOST_RING_BROKEN } },
	{ "reset",
	  vhost_ring_reset,
	  { VHOST_RING_STOPPED, VHOST_RING_STOPPED, VHOST_RING_STOPPED,
	    VHOST_RING_STOPPED, VHOST_RING_STOPPED } },
};

static void event_leads_to_the_next_state(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		for (int state = 0; state < STATES; state++) {
			struct vhost_ring ring = ring_in(state);

			if (events[i].next[state] != NEVER) {
				events[i].act(&ring);
				if ((int)ring.state != events[i].next[state])
					fail_msg("%s in state %d: %d",
						 events[i].name, state,
						 (int)ring.state);
			}
			vhost_ring_close_fds(&ring);
		}
	}
}

/* One whose areas were never found has not gone on. */
static void base_is_where_the_ring_goes_on(void **unused)
{
	(void)unused;
	for (int state = 0; state < STATES; state++) {
		bool ran = state >= VHOST_RING_UNMAPPED;
		struct vhost_ring ring = ring_in(state);

		vhost_ring_stop(&ring);
		assert_int_equal(ring.base, ran ? STOPPED_AT : SET_BASE);
		assert_int_equal(ring.origin,
				 ran ? VHOST_RING_RESUMED : VHOST_RING_FRESH);
		assert_true(ring.inflight.begun);
		assert_false(ring.accept_unreachable);
		assert_int_equal(ring.kick == -1, state >= VHOST_RING_STARTING);
		vhost_ring_close_fds(&ring);
	}
}

static void reset_forgets_where_the_ring_stopped(void **unused)
{
	(void)unused;
	for (int state = 0; state < STATES; state++) {
		struct vhost_ring ring = ring_in(state);

		ring.size = 4;
		vhost_ring_reset(&ring);
		assert_false(ring.has_base);
		assert_int_equal(ring.base, 0);
		assert_int_equal(ring.origin, VHOST_RING_FRESH);
		assert_false(ring.inflight.begun);
		assert_int_equal(ring.size, 4);
		assert_false(vhost_ring_may_have_called(&ring));
		vhost_ring_close_fds(&ring);
	}
}

static void base_elsewhere_makes_a_resumed_ring_fresh(void **unused)
{
	struct vhost_ring ring = ring_in(VHOST_RING_RUNNING);

	(void)unused;
	vhost_ring_stop(&ring);
	vhost_ring_set_base(&ring, STOPPED_AT);
	assert_int_equal(ring.origin, VHOST_RING_RESUMED);
	assert_true(ring.inflight.begun);
	vhost_ring_set_base(&ring, STOPPED_AT + 1);
	assert_int_equal(ring.origin, VHOST_RING_FRESH);
	assert_false(ring.inflight.begun);
	/* One that was loaded resumes wherever its base is. */
	vhost_ring_loaded(&ring);
	vhost_ring_set_base(&ring, STOPPED_AT);
	assert_int_equal(ring.origin, VHOST_RING_LOADED);
	vhost_ring_close_fds(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_leads_to_the_next_state),
		cmocka_unit_test(base_is_where_the_ring_goes_on),
		cmocka_unit_test(reset_forgets_where_the_ring_stopped),
		cmocka_unit_test(base_elsewhere_makes_a_resumed_ring_fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
