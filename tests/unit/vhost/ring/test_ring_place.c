/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Rings that have to be translated before they are found. */
#include "tests/unit/vhost/translation_rig.h"

TEST_WITH(ring_without_a_translation_is_started_and_begun_later,
	  struct setup *s)
{
	assert_int_equal(start(s), 0);
	assert_true(vhost_ring_is_active(ring_of(s)));
	assert_int_equal(s->f->started[0], 0);
	assert_int_equal(asked(s, VHOST_ACCESS_RO), s->ring.desc_addr);
	/* Asking again does not ask again. */
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(pop(s), -EAGAIN);
	asked_nothing(s);
	assert_int_equal(vhost_ring_pending(ring_of(s)), 0);
	map(s, BASE, PAGE);
	assert_int_equal(pop(s), 0);
	assert_int_equal(s->f->started[0], 1);
	asked_nothing(s);
}

/* Read-only is not enough for the used ring. */
TEST_WITH(ring_areas_need_their_access, struct setup *s)
{
	assert_int_equal(say_iotlb(s, VHOST_IOTLB_UPDATE, BASE, PAGE, BASE,
				   VHOST_ACCESS_RO),
			 0);
	assert_int_equal(start(s), 0);
	assert_int_equal(asked(s, VHOST_ACCESS_RW), s->ring.used_addr);
	assert_int_equal(pop(s), -EAGAIN);
	map(s, BASE, PAGE);
	assert_int_equal(pop(s), 0);
}

/* It can be stopped and started again without ever having begun. */
TEST_WITH(unborn_ring_keeps_its_base, struct setup *s)
{
	assert_int_equal(start(s), 0);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_NUM, 0, 8), 1);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_BASE, 0, 3), 1);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(tell_state(s->f, VHOST_USER_SET_VRING_BASE, 0, 3), 0);
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, -1), 0);
	assert_int_equal(ask_base(s->f, 0), 3);
	assert_int_equal(s->f->started[0], 0);
	assert_false(vhost_ring_is_started(ring_of(s)));
}

TEST_WITH(ring_that_cannot_be_is_refused_or_breaks, struct setup *s)
{
	uint64_t count;

	assert_int_equal(say_iotlb(s, VHOST_IOTLB_UPDATE, BASE, PAGE, 0,
				   VHOST_ACCESS_RW),
			 0);
	assert_int_equal(start(s), 1);
	assert_false(vhost_ring_is_started(ring_of(s)));
	unmap(s, BASE, PAGE);
	assert_int_equal(start(s), 0);
	assert_int_equal(say_iotlb(s, VHOST_IOTLB_UPDATE, BASE, PAGE, BASE + 1,
				   VHOST_ACCESS_RW),
			 0);
	assert_int_equal(pop(s), -EPROTO);
	assert_string_equal(
		s->f->session.reason.text,
		"ring 0 is broken, and stopped: the ring is not aligned");
	assert_false(vhost_ring_is_started(ring_of(s)));
	assert_int_equal(read(s->err, &count, sizeof(count)), sizeof(count));
}

/* There is no chain to be returned to a ring that is nowhere. */
TEST_WITH(lost_ring_is_not_given_up, struct setup *s)
{
	start_mapped(s);
	unmap(s, BASE, PAGE);
	assert_int_equal(pop(s), -EAGAIN);
	assert_false(vhost_session_stop_waiting(&s->f->session, 0));
	assert_int_equal(pop(s), -EAGAIN);
	assert_true(vhost_ring_is_active(ring_of(s)));
}

/* What was done and cannot be used comes back, and says so. */
TEST_WITH(chain_of_a_lost_ring_goes_back, struct setup *s)
{
	start_mapped(s);
	for (unsigned int begun = 0; begun < 2; begun++) {
		offer(s, 0, 0);
		assert_int_equal(pop(s), 1);
		assert_false(s->chain.outcome_unknown);
		if (begun)
			vhost_session_begin(&s->f->session, 0, &s->chain);
		unmap(s, BASE, PAGE);
		assert_false(reach(s));
		vhost_session_push(&s->f->session, 0, &s->chain, 8);
		assert_int_equal(le16toh(s->ring.used->idx), begun);
		map(s, BASE, PAGE);
		assert_int_equal(pop(s), 1);
		assert_int_equal(s->chain.outcome_unknown, begun);
		vhost_session_push(&s->f->session, 0, &s->chain, 8);
	}
	offer(s, 0, 0);
	assert_int_equal(pop(s), 1);
	assert_false(s->chain.outcome_unknown);
}

TEST_WITH(memory_table_may_change_under_a_translated_ring, struct setup *s)
{
	struct ram other;

	start_mapped(s);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(pop(s), 0);
	ram_open(&other, KIB(1024), PAGE, 0);
	assert_int_equal(tell_mem(s->f, &other, 1), 0);
	assert_int_equal(pop(s), -EPROTO);
	assert_string_equal(s->f->session.reason.text,
			    "ring 0 is broken, and stopped: the ring is not in "
			    "guest memory");
	ram_close(&other);
}

TEST_WITH(region_of_a_translated_ring_cannot_be_removed, struct setup *s)
{
	start_mapped(s);
	assert_int_equal(
		tell_region(s->f, VHOST_USER_REM_MEM_REG, &s->ram, false), 1);
	ask_base(s->f, 0);
	assert_int_equal(
		tell_region(s->f, VHOST_USER_REM_MEM_REG, &s->ram, false), 0);
}

TEST_MAIN(setup, teardown)
