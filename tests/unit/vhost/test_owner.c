/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* SET_OWNER on a connection that has an owner: nothing is left. */
#include <endian.h>
#include <sys/socket.h>

#include "tests/unit/vhost/ring/vrings_rig.h"

static void set_owner(struct setup *s)
{
	assert_int_equal(tell(s->f, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
}

TEST_WITH(test_first_owner_changes_nothing, struct setup *s)
{
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	enable(s, 1);
	set_owner(s);
	assert_int_equal(s->f->session.mem.count, 1);
	assert_true(vhost_ring_is_active(ring_of(s)));
	assert_int_equal(s->f->released, 0);
}

TEST_WITH(test_next_owner_drops_memory_and_rings, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	uint64_t protocol = session->protocol_features;
	unsigned int fds;

	set_owner(s);
	fds = open_fds();
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 1, s->kick);
	assert_int_equal(
		tell(s->f, VHOST_USER_SET_LOG_FD, NULL, 0, &s->kick, 1), 0);
	enable(s, 1);
	tell_u64(s->f, VHOST_USER_SET_STATUS, 15);
	offer(s);
	serve(s);

	set_owner(s);
	assert_int_equal(s->f->quiesced[0], 1);
	assert_int_equal(s->f->released, 1);
	assert_int_equal(s->f->regions_at_release, 1);
	assert_int_equal(session->mem.count, 0);
	assert_int_equal(session->status, 0);
	assert_int_equal(session->features, 0);
	assert_true(session->protocol_features == protocol);
	assert_int_equal(open_fds(), fds);
	assert_int_equal(ring_of(s)->size, 0);
	assert_int_equal(kick(s), 1);
	assert_int_equal(ask_base(s->f, 0), 0);
	assert_int_equal(session->renewals, 1);
}

TEST_WITH(test_next_device_begins_with_the_same_memory, struct setup *s)
{
	uint64_t features = s->f->session.features;

	for (unsigned int i = 0; i < 8; i++) {
		set_owner(s);
		if (i) {
			tell_u64(s->f, VHOST_USER_SET_FEATURES, features);
			assert_int_equal(tell_region(s->f,
						     VHOST_USER_ADD_MEM_REG,
						     &s->ram, true),
					 0);
		}
		hand_ring_open(&s->ring, &s->ram, QUEUES, 0);
		start_ring(s->f, 0, &s->ring, 0, s->kick);
		assert_true(s->f->fresh[0]);
		enable(s, 1);
		offer(s);
		serve(s);
		assert_int_equal(le16toh(s->ring.used->idx), 1);
	}
}

static uint64_t set_channel(struct setup *s, int fd)
{
	return tell(s->f, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0, &fd, 1);
}

TEST_WITH(test_channel_of_this_handshake_stays, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	set_owner(s);
	tell_u64(s->f, VHOST_USER_SET_PROTOCOL_FEATURES,
		 session->protocol_features);
	assert_int_equal(set_channel(s, pair[0]), 0);
	set_owner(s);
	assert_true(session->translation.channel >= 0);
	set_owner(s);
	assert_int_equal(session->translation.channel, -1);

	/* SET_PROTOCOL_FEATURES begins a handshake. */
	assert_int_equal(set_channel(s, pair[0]), 0);
	tell_u64(s->f, VHOST_USER_SET_PROTOCOL_FEATURES,
		 session->protocol_features);
	assert_true(session->translation.channel >= 0);
	set_owner(s);
	assert_int_equal(session->translation.channel, -1);
	close(pair[0]);
	close(pair[1]);
}

TEST_WITH(test_channel_goes_with_its_feature, struct setup *s)
{
	struct vhost_session *session = &s->f->session;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(set_channel(s, pair[0]), 0);
	tell_u64(s->f, VHOST_USER_SET_PROTOCOL_FEATURES,
		 session->protocol_features &
			 ~BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ));
	assert_int_equal(session->translation.channel, -1);
	close(pair[0]);
	close(pair[1]);
}

TEST_MAIN(setup, teardown)
