/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Starts and stops, in the orders of real front ends. */
#include "tests/unit/vhost/ring/vrings_rig.h"

TEST_WITH(test_qemu_order_starts_and_stops, struct setup *s)
{
	struct fixture *f = s->f;
	int call = eventfd(0, EFD_CLOEXEC);

	/* CALL and ERR come before anything else */
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_CALL, 0, call), 0);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_ERR, 0, call), 0);
	for (uint16_t round = 0; round < 3; round++) {
		assert_int_equal(num(s, QUEUES), 0);
		assert_int_equal(base(s, round), 0);
		assert_int_equal(tell_addr(f, 0, &s->ring), 0);
		assert_int_equal(kick(s), 0);
		assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_CALL, 0, call),
				 0);
		assert_false(vhost_ring_is_active(ring_of(s)));
		assert_int_equal(enable(s, 1), 0);
		assert_int_equal(f->started[0], round + 1);
		assert_int_equal(f->fresh[0], round == 0);
		offer(s);
		serve(s);
		assert_int_equal(enable(s, 0), 0);
		assert_int_equal(f->quiesced[0], round + 1);
		assert_int_equal(ask_base(f, 0), round + 1);
		/* was still already */
		assert_int_equal(f->quiesced[0], round + 1);
	}
	close(call);
}

TEST_WITH(test_cloud_hypervisor_order_starts_pauses_and_stops, struct setup *s)
{
	struct fixture *f = s->f;

	assert_int_equal(num(s, QUEUES), 0);
	assert_int_equal(tell_addr(f, 0, &s->ring), 0);
	assert_int_equal(base(s, 0), 0);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_CALL, 0, s->kick), 0);
	assert_int_equal(kick(s), 0);
	assert_int_equal(enable(s, 1), 0);
	offer(s);
	serve(s);
	/* Pause is ENABLE alone: it holds what comes in. */
	assert_int_equal(enable(s, 0), 0);
	assert_false(vhost_ring_is_active(ring_of(s)));
	offer(s);
	assert_int_equal(enable(s, 1), 0);
	assert_int_equal(f->started[0], 1);
	serve(s);
	assert_int_equal(le16toh(s->ring.used->idx), 2);
	assert_int_equal(enable(s, 0), 0);
	assert_int_equal(ask_base(f, 0), 2);
}

TEST_WITH(test_enable_may_come_first, struct setup *s)
{
	assert_int_equal(enable(s, 1), 0);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(vhost_ring_is_active(ring_of(s)));
	/* GET_VRING_BASE without ENABLE 0: it must be still then, too. */
	offer(s);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(s->f->quiesced[0], 1);
	assert_int_equal(ring_of(s)->kick, -1);
	assert_true(ring_of(s)->enabled);
}

TEST_WITH(test_base_of_a_ring_that_never_ran_is_what_was_set, struct setup *s)
{
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(base(s, 65535), 0);
	assert_int_equal(ask_base(s->f, 0), 65535);
	assert_int_equal(ask_base(s->f, 0), 65535);
	assert_int_equal(ask_base(s->f, 1), 0);
	assert_int_equal(s->f->quiesced[0], 0);
}

TEST_WITH(test_requests_in_hand_end_before_the_base_is_told, struct setup *s)
{
	int call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t count;

	hand_ring_open(&s->ring, &s->ram, QUEUES, 65535);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	start_ring(s->f, 0, &s->ring, 65535, s->kick);
	enable(s, 1);
	offer(s);
	offer(s);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	s->f->held = &s->chain;
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(le16toh(s->ring.used->idx), 0); /* 65536 */
	assert_int_equal(read(call, &count, sizeof(count)), sizeof(count));

	/* The second is still there when it goes on. */
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_false(s->f->fresh[0]);
	serve(s);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
	close(call);
}

TEST_WITH(test_start_is_fresh_unless_it_goes_on, struct setup *s)
{
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(s->f->fresh[0]);
	enable(s, 1);
	offer(s);
	serve(s);
	assert_int_equal(ask_base(s->f, 0), 1);
	/* without any SET_VRING_BASE, it goes on */
	assert_int_equal(kick(s), 0);
	assert_false(s->f->fresh[0]);
	assert_int_equal(ask_base(s->f, 0), 1);
	/* the guest was reset */
	hand_ring_open(&s->ring, &s->ram, QUEUES, 0);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(s->f->fresh[0]);
	offer(s);
	serve(s);
	ask_base(s->f, 0);
	/* set to another, and back: what it meant by that is not known */
	base(s, 0);
	base(s, 1);
	assert_int_equal(kick(s), 0);
	assert_true(s->f->fresh[0]);
}

TEST_WITH(test_end_of_the_session_quiesces_active_rings, struct setup *s)
{
	struct fixture *f = s->f;

	start_ring(f, 0, &s->ring, 0, s->kick);
	enable(s, 1);
	offer(s);
	assert_int_equal(vhost_session_pop(&f->session, 0, &s->chain), 1);
	f->held = &s->chain;
	vhost_session_fini(&f->session);
	assert_int_equal(f->quiesced[0], 1);
	assert_int_equal(f->quiesced[1], 0);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
	/* for the teardown */
	vhost_session_init(&f->session, &f->device, dup(f->front), &f->waits);
}

static void resets(struct setup *s, uint32_t request, const void *payload,
		   uint32_t size)
{
	unsigned int released = s->f->released;

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	enable(s, 1);
	offer(s);
	serve(s);
	assert_int_equal(tell(s->f, request, payload, size, NULL, 0), 0);
	assert_int_equal(s->f->released, released + 1);
	assert_false(vhost_ring_is_started(ring_of(s)));
	assert_false(ring_of(s)->enabled);
	assert_int_equal(ask_base(s->f, 0), 0);
}

TEST_WITH(test_reset_stops_disables_and_forgets_the_place, struct setup *s)
{
	const uint64_t zero = 0;

	resets(s, VHOST_USER_RESET_DEVICE, NULL, 0);
	resets(s, VHOST_USER_SET_STATUS, &zero, sizeof(zero));
}

TEST_WITH(test_packed_ring_without_a_base_begins_with_wraps_of_1,
	  struct setup *s)
{
	assert_int_equal(tell_u64(s->f, VHOST_USER_SET_FEATURES,
				  BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
					  BIT(VIRTIO_F_RING_PACKED)),
			 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(num(s, QUEUES), 0);
		assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
		assert_int_equal(kick(s), 0);
		assert_int_equal(ask_base(s->f, 0), 0x80008000);
		tell(s->f, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0);
	}
}

TEST_MAIN(setup, teardown)
