/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What is asked for behind an IOMMU, and what the answers do. */
#include "tests/unit/vhost/translation_rig.h"

TEST_WITH(all_that_a_chain_lacks_is_asked_for, struct setup *s)
{
	start_mapped(s);
	offer(s, 2, 3);
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(asked(s, VHOST_ACCESS_RO), BASE + 2 * PAGE);
	assert_int_equal(asked(s, VHOST_ACCESS_WO), BASE + 3 * PAGE);
	map(s, BASE + 3 * PAGE, PAGE);
	assert_int_equal(pop(s), -EAGAIN);
	asked_nothing(s);
	map(s, BASE + 2 * PAGE, PAGE);
	assert_int_equal(pop(s), 1);
	assert_false(s->chain.unreachable);
	assert_true(reach(s));
	asked_nothing(s);
}

/* The answer may have come, and gone again, before anyone looked. */
TEST_WITH(answer_that_was_taken_back_is_asked_for_again, struct setup *s)
{
	start_mapped(s);
	offer(s, 0, 3);
	assert_int_equal(pop(s), -EAGAIN);
	asked(s, VHOST_ACCESS_WO);
	map(s, BASE + 3 * PAGE, PAGE);
	unmap(s, BASE + 3 * PAGE, PAGE);
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(asked(s, VHOST_ACCESS_WO), BASE + 3 * PAGE);
	asked_nothing(s);
}

TEST_WITH(given_up_chain_is_popped_as_it_is, struct setup *s)
{
	start_mapped(s);
	offer(s, 2, 0);
	assert_int_equal(pop(s), -EAGAIN);
	assert_true(vhost_session_stop_waiting(&s->f->session, 0));
	assert_int_equal(pop(s), 1);
	assert_true(s->chain.unreachable);
	vhost_session_push(&s->f->session, 0, &s->chain, 8);
	/* That was for one chain only. */
	offer(s, 2, 0);
	assert_int_equal(pop(s), -EAGAIN);
}

TEST_WITH(given_up_table_breaks_the_ring, struct setup *s)
{
	start_mapped(s);
	hand_desc(&s->ring.desc[0], BASE + SHIFT + 2 * PAGE, 16,
		  VIRTQ_DESC_F_INDIRECT, 0);
	hand_offer(&s->ring, 0);
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(asked(s, VHOST_ACCESS_RO), BASE + 2 * PAGE);
	assert_true(vhost_session_stop_waiting(&s->f->session, 0));
	assert_int_equal(pop(s), -EPROTO);
	assert_string_equal(s->f->session.reason.text,
			    "ring 0 is broken, and stopped: an indirect table "
			    "cannot be reached");
}

TEST_WITH(invalidation_is_noticed_in_the_middle_of_a_request, struct setup *s)
{
	start_mapped(s);
	map(s, BASE + 2 * PAGE, 2 * PAGE);
	offer(s, 2, 3);
	assert_int_equal(pop(s), 1);
	assert_true(reach(s));
	/* Of nothing that the request needs */
	unmap(s, BASE + 9 * PAGE, PAGE);
	assert_true(reach(s));
	unmap(s, BASE + 3 * PAGE, 1);
	assert_false(reach(s));
	assert_int_equal(asked(s, VHOST_ACCESS_RO), BASE + 2 * PAGE);
	assert_int_equal(asked(s, VHOST_ACCESS_WO), BASE + 3 * PAGE);
	map(s, BASE + 2 * PAGE, 2 * PAGE);
	assert_true(reach(s));
	/* And of the ring */
	unmap(s, s->ring.avail_addr, 1);
	assert_false(reach(s));
	map(s, BASE, PAGE);
	assert_true(reach(s));
	vhost_session_push(&s->f->session, 0, &s->chain, 8);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
}

/* The ring's pages may have been given to someone else. */
TEST_WITH(stopping_forgets_all_translations, struct setup *s)
{
	start_mapped(s);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(start(s), 0);
	assert_int_equal(asked(s, VHOST_ACCESS_RO), s->ring.desc_addr);
	map(s, BASE, PAGE);
	assert_int_equal(pop(s), 0);
	assert_int_equal(tell(s->f, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0),
			 0);
	assert_int_equal(s->f->session.translation.iotlb.count, 0);
}

TEST_WITH(feature_decides_what_addresses_mean, struct setup *s)
{
	start_mapped(s);
	/* Setting the same again changes nothing. */
	assert_int_equal(set_features(s, true), 0);
	assert_int_equal(pop(s), 0);
	assert_int_equal(set_features(s, false), 0);
	assert_int_equal(s->f->session.translation.iotlb.count, 0);
	assert_int_equal(say_iotlb(s, VHOST_IOTLB_UPDATE, BASE, PAGE, BASE, 3),
			 1);
	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	assert_int_equal(pop(s), 0);
	assert_int_equal(set_features(s, true), 0);
	assert_int_equal(pop(s), -EAGAIN);
}

TEST_WITH(channel_that_died_is_closed, struct setup *s)
{
	start_mapped(s);
	close(s->channel);
	offer(s, 2, 2);
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(s->f->session.translation.channel, -1);
	/* A new one hears of it. */
	open_channel(s);
	assert_int_equal(pop(s), -EAGAIN);
	assert_int_equal(asked(s, VHOST_ACCESS_RO), BASE + 2 * PAGE);
}

TEST_MAIN(setup, teardown)
