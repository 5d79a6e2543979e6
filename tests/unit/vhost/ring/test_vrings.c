/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What each request takes, and what it refuses. */
#include <endian.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "tests/unit/vhost/ring/vrings_rig.h"

TEST_WITH(test_size_is_a_power_of_two_up_to_32768, struct setup *s)
{
	static const uint32_t bad[] = { 0,     3,	   6,
					32769, 65535,	   65536,
					65537, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(num(s, bad[i]), 1);
		assert_int_equal(ring_of(s)->size, 0);
	}
	for (uint32_t good = 1; good <= 32768; good *= 2) {
		assert_int_equal(num(s, good), 0);
		assert_int_equal(ring_of(s)->size, good);
	}
}

TEST_WITH(test_base_has_16_bits, struct setup *s)
{
	assert_int_equal(base(s, 7), 0);
	assert_int_equal(base(s, 65536), 1);
	assert_int_equal(base(s, 0x80008000), 1); /* a packed ring's */
	assert_int_equal(ask_base(s->f, 0), 7);
}

TEST_WITH(test_running_ring_keeps_its_size_and_base, struct setup *s)
{
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_int_equal(num(s, 2), 1);
	assert_int_equal(base(s, 1), 1);
	enable(s, 1);
	assert_int_equal(num(s, 2), 1);
	offer(s);
	serve(s);
	assert_int_equal(ask_base(s->f, 0), 1);
	assert_int_equal(num(s, 2), 0);
	assert_int_equal(base(s, 1), 0);
}

TEST_WITH(test_ring_that_is_not_set_up_does_not_start, struct setup *s)
{
	unsigned int fds = open_fds();

	assert_int_equal(kick(s), 1);
	num(s, QUEUES);
	assert_int_equal(kick(s), 1);
	tell_addr(s->f, 0, &s->ring);
	assert_int_equal(tell_mem(s->f, NULL, 0), 0);
	assert_int_equal(kick(s), 1);
	assert_int_equal(ring_of(s)->kick, -1);
	assert_int_equal(open_fds(), fds);
	assert_int_equal(s->f->started[0], 0);

	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(kick(s), 0);
	assert_int_equal(s->f->started[0], 1);
}

TEST_WITH(test_ring_needs_its_size_and_its_address, struct setup *s)
{
	/* An address without a size: nothing would be outside of memory. */
	tell_addr(s->f, 0, &s->ring);
	assert_int_equal(kick(s), 1);
	/* A size without an address, and there is memory at 0. */
	s->ram.spec.user_addr = 0;
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	tell_state(s->f, VHOST_USER_SET_VRING_NUM, 1, QUEUES);
	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 1, -1), 1);
	assert_int_equal(s->f->started[0] + s->f->started[1], 0);
}

/* Where the three areas are, from the start of guest memory. */
static const struct {
	const char *name;
	uint64_t desc, avail, used;
	bool ok;
} places[] = {
	{ "usual", 0, 64, 80, true },
	{ "ends with the region", RAM_SIZE - 64, 64, 80, true },
	{ "avail ends with it", 0, RAM_SIZE - 14, 80, true },
	{ "used ends with it", 0, 64, RAM_SIZE - 40, true },
	{ "desc over its end", RAM_SIZE - 48, 64, 80, false },
	{ "avail event over its end", 0, RAM_SIZE - 12, 80, false },
	{ "used event over its end", 0, 64, RAM_SIZE - 36, false },
	{ "desc before it", (uint64_t)-16, 64, 80, false },
	{ "avail behind it", 0, RAM_SIZE, 80, false },
	{ "used far away", 0, 64, UINT64_MAX / 2, false },
	{ "wraps", (uint64_t)-16 - RAM_USER_SHIFT - KIB(64), 64, 80, false },
	{ "desc off by 8", 8, 128, 256, false },
	{ "avail off by 1", 0, 65, 80, false },
	{ "used off by 2", 0, 64, 82, false },
};

TEST_WITH(test_ring_must_be_in_memory_and_aligned, struct setup *s)
{
	num(s, QUEUES);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct hand_ring ring = {
			.desc_addr = KIB(64) + places[i].desc,
			.avail_addr = KIB(64) + places[i].avail,
			.used_addr = KIB(64) + places[i].used,
		};

		/* Not started, the address may be anything. */
		assert_int_equal(tell_addr(s->f, 0, &ring), 0);
		if (kick(s) != !places[i].ok)
			fail_msg("start: %s", places[i].name);
		ask_base(s->f, 0);

		tell_addr(s->f, 0, &s->ring);
		assert_int_equal(kick(s), 0);
		if (tell_addr(s->f, 0, &ring) != !places[i].ok)
			fail_msg("move: %s", places[i].name);
		ask_base(s->f, 0);
	}
}

TEST_WITH(test_address_of_a_running_ring_may_move, struct setup *s)
{
	struct hand_ring moved = s->ring, lost = s->ring;
	struct vhost_wire_vring_addr logged = { .flags = 1 };

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	enable(s, 1);
	lost.used_addr = 0;
	assert_int_equal(tell_addr(s->f, 0, &lost), 1);
	assert_int_equal(tell(s->f, VHOST_USER_SET_VRING_ADDR, &logged,
			      sizeof(logged), NULL, 0),
			 1);
	offer(s);
	serve(s);
	assert_int_equal(le16toh(s->ring.used->idx), 1);

	moved.used_addr = KIB(64) + KIB(8);
	moved.used = ram_at(&s->ram, moved.used_addr);
	assert_int_equal(tell_addr(s->f, 0, &moved), 0);
	offer(s);
	serve(s);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
	assert_int_equal(le16toh(moved.used->idx), 2);
	assert_int_equal(s->f->started[0], 1);
}

TEST_WITH(test_new_descriptor_replaces_and_closes_the_old, struct setup *s)
{
	static const uint32_t requests[] = { VHOST_USER_SET_VRING_KICK,
					     VHOST_USER_SET_VRING_CALL,
					     VHOST_USER_SET_VRING_ERR };
	unsigned int fds;

	start_ring(s->f, 0, &s->ring, 0, -1);
	fds = open_fds();
	for (int i = 0; i < 3; i++) {
		for (int again = 0; again < 3; again++) {
			assert_int_equal(tell_fd(s->f, requests[i], 0, s->kick),
					 0);
			assert_int_equal(open_fds(), fds + 1);
		}
		assert_int_equal(tell_fd(s->f, requests[i], 0, -1), 0);
		assert_int_equal(open_fds(), fds);
		tell_fd(s->f, requests[i], 0, s->kick);
		fds = open_fds();
	}
	assert_int_equal(s->f->started[0], 1);
}

TEST_WITH(test_descriptor_that_contradicts_its_flag_is_refused, struct setup *s)
{
	static const uint32_t requests[] = { VHOST_USER_SET_VRING_KICK,
					     VHOST_USER_SET_VRING_CALL,
					     VHOST_USER_SET_VRING_ERR };
	const uint64_t none = VHOST_USER_VRING_NOFD, some = 0;
	unsigned int fds;

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, s->kick);
	fds = open_fds();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tell(s->f, requests[i], &none, 8, &s->kick, 1),
				 1);
		assert_int_equal(tell(s->f, requests[i], &some, 8, NULL, 0), 1);
	}
	assert_int_equal(open_fds(), fds);
	assert_true(ring_of(s)->kick >= 0);
	assert_true(ring_of(s)->call >= 0);
	assert_true(ring_of(s)->err >= 0);
	/* A refused kick does not start a ring either. */
	ask_base(s->f, 0);
	tell(s->f, VHOST_USER_SET_VRING_KICK, &some, 8, NULL, 0);
	assert_false(vhost_ring_is_started(ring_of(s)));
}

static int open_kind(unsigned int kind, const struct setup *s)
{
	switch (kind) {
	case 0:
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	case 1:
		return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 2:
		return dup(s->ram.fd);
	case 3:
		return posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	case 4:
		return epoll_create1(EPOLL_CLOEXEC);
	default:
		return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	}
}

/* They would be readable for ever, or could wait for who serves the file. */
TEST_WITH(test_what_cannot_signal_is_refused, struct setup *s)
{
	static const uint32_t requests[] = { VHOST_USER_SET_VRING_KICK,
					     VHOST_USER_SET_VRING_CALL,
					     VHOST_USER_SET_VRING_ERR };
	unsigned int fds;

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	fds = open_fds();
	for (unsigned int kind = 0; kind < 6; kind++) {
		int fd = open_kind(kind, s);

		/* There is not always a /dev/pts. */
		if (fd < 0)
			continue;
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(tell_fd(s->f, requests[i], 0, fd), 1);
		assert_int_equal(
			tell(s->f, VHOST_USER_SET_LOG_FD, NULL, 0, &fd, 1), 1);
		close(fd);
	}
	assert_true(vhost_ring_is_started(ring_of(s)));
	assert_true(ring_of(s)->kick >= 0);
	/* Some of them were closed by threads. */
	for (int i = 0; i < 500 && open_fds() != fds; i++)
		usleep(10000);
	assert_int_equal(open_fds(), fds);
}

TEST_WITH(test_enable_is_0_or_1, struct setup *s)
{
	assert_int_equal(enable(s, 1), 0);
	assert_int_equal(enable(s, 2), 1);
	assert_int_equal(enable(s, 256), 1);
	assert_int_equal(enable(s, UINT32_MAX), 1);
	assert_true(ring_of(s)->enabled);
	assert_false(s->f->session.rings[1].enabled);
	assert_int_equal(enable(s, 0), 0);
	assert_false(ring_of(s)->enabled);
}

TEST_WITH(test_features_count_from_the_next_start_on, struct setup *s)
{
	const uint64_t plain = BIT(VIRTIO_F_VERSION_1) |
			       BIT(VHOST_USER_F_PROTOCOL_FEATURES);

	start_ring(s->f, 0, &s->ring, 0, s->kick);
	assert_true(ring_of(s)->vring.features.indirect);
	assert_true(ring_of(s)->vring.features.event_idx);
	tell_u64(s->f, VHOST_USER_SET_FEATURES, plain);
	assert_true(ring_of(s)->vring.features.event_idx);
	ask_base(s->f, 0);
	assert_int_equal(kick(s), 0);
	assert_false(ring_of(s)->vring.features.indirect);
	assert_false(ring_of(s)->vring.features.event_idx);
}

TEST_MAIN(setup, teardown)
