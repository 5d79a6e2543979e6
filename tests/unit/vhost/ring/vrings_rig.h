/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A session with memory and a ring, not started: for tests of vrings.c. */
#ifndef TEST_VRINGS_RIG_H
#define TEST_VRINGS_RIG_H

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

#define RAM_SIZE KIB(16)
#define QUEUES	 4

struct setup {
	struct fixture *f;
	struct ram ram;
	struct hand_ring ring;
	struct chain chain;
	int kick;
};

/* Guest memory is there, a ring is laid out, nothing was said of it. */
static inline int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	void *f;

	assert_non_null(s);
	session_setup_negotiated(&f);
	s->f = f;
	ram_open(&s->ram, KIB(64), RAM_SIZE, 0);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	hand_ring_open(&s->ring, &s->ram, QUEUES, 0);
	assert_int_equal(chain_init(&s->chain, QUEUES), 0);
	s->kick = eventfd(0, EFD_CLOEXEC);
	*state = s;
	return 0;
}

static inline int teardown(void **state)
{
	struct setup *s = *state;
	void *f = s->f;

	chain_fini(&s->chain);
	ram_close(&s->ram);
	close(s->kick);
	free(s);
	return session_teardown(&f);
}

static inline struct vhost_ring *ring_of(struct setup *s)
{
	return &s->f->session.rings[0];
}

static inline uint64_t num(struct setup *s, uint32_t value)
{
	return tell_state(s->f, VHOST_USER_SET_VRING_NUM, 0, value);
}

static inline uint64_t base(struct setup *s, uint32_t value)
{
	return tell_state(s->f, VHOST_USER_SET_VRING_BASE, 0, value);
}

static inline uint64_t kick(struct setup *s)
{
	return tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, s->kick);
}

static inline uint64_t enable(struct setup *s, uint32_t value)
{
	return tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, value);
}

static inline void offer(struct setup *s)
{
	hand_desc(&s->ring.desc[0], s->ring.buffers, 1, VIRTQ_DESC_F_WRITE, 0);
	hand_offer(&s->ring, 0);
}

static inline void serve(struct setup *s)
{
	assert_true(vhost_ring_is_active(ring_of(s)));
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	vring_push(&ring_of(s)->vring, &s->chain, 1);
}

#endif
