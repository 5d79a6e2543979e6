/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A ring without a session: what the tests of vring.c begin with. */
#ifndef TEST_VRING_RIG_H
#define TEST_VRING_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/ring_fixture.h"
#include "virtio/ring/vring.h"

#define SIZE	 8
#define MAX_SEGS 16

struct setup {
	struct guest_mem mem;
	struct ram ram;
	struct hand_ring ring;
	struct vring vring;
	struct chain chain;
};

static inline void begin(struct setup *s, uint16_t size, uint16_t base)
{
	hand_ring_open(&s->ring, &s->ram, size, base);
	s->vring = (struct vring){
		.mem = &s->mem,
		.areas = hand_ring_areas(&s->ring, &s->mem),
		.size = size,
		.features.event_idx = s->vring.features.event_idx,
	};
	vring_start(&s->vring, base);
}

static inline int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->ram, KIB(64), KIB(1024), 0);
	ram_share(&s->ram, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	begin(s, SIZE, 0);
	return 0;
}

static inline int setup_event_idx(void **state)
{
	struct setup *s;

	setup(state);
	s = *state;
	s->vring.features.event_idx = true;
	return 0;
}

static inline int teardown(void **state)
{
	struct setup *s = *state;

	chain_fini(&s->chain);
	guest_mem_clear(&s->mem);
	ram_close(&s->ram);
	free(s);
	return 0;
}

/* One buffer of one byte for the device to write, at each descriptor. */
static inline void offer_one(struct setup *s, uint16_t head)
{
	hand_desc(&s->ring.desc[head], s->ring.buffers, 1, VIRTQ_DESC_F_WRITE,
		  0);
	hand_offer(&s->ring, head);
}

/* Takes one chain and uses it. */
static inline void serve_one(struct setup *s)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	vring_push(&s->vring, &s->chain, 1);
}

#endif
