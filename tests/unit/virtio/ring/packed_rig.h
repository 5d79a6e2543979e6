/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A packed ring without a session, and the driver's half of it by hand: what
 * the tests of vring_packed.c begin with.
 */
#ifndef TEST_PACKED_RIG_H
#define TEST_PACKED_RIG_H

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/ring_fixture.h"
#include "virtio/ring/vring.h"

#define NEXT	   VIRTQ_DESC_F_NEXT
#define WRITE	   VIRTQ_DESC_F_WRITE
#define INDIRECT   VIRTQ_DESC_F_INDIRECT
#define AVAIL	   VIRTQ_PACKED_DESC_F_AVAIL
#define USED	   VIRTQ_PACKED_DESC_F_USED
#define WRAP	   0x8000u     /* in a place or an event */
#define FIRST_BASE 0x80008000u /* of a new ring */

#define SIZE	   5 /* no power of two */
#define MAX_SEGS   16
#define LOW	   KIB(64)
#define LOW_SIZE   KIB(1024)
#define BORDER	   (LOW + LOW_SIZE) /* of the two regions */
#define HIGH_SIZE  KIB(1024)

struct setup {
	struct guest_mem mem;
	struct ram low, high;
	struct virtq_packed_desc *ring;
	struct virtq_event_suppress *driver, *device;
	struct vring vring;
	struct chain chain;
	uint16_t next, next_wrap;   /* what the driver fills next, */
	uint16_t taken, taken_wrap; /* and where it looks for used ones */
};

/* A new, zeroed ring that begins at @base. */
static inline int begin(struct setup *s, uint16_t size, uint32_t base)
{
	uint8_t *at = ram_at(&s->low, LOW);

	memset(at, 0, LOW_SIZE);
	s->ring = (void *)at;
	s->driver = (void *)(at + KIB(512));
	s->device = (void *)(at + KIB(513));
	s->next = base & 0x7fff;
	s->next_wrap = base >> 15 & 1;
	s->taken = base >> 16 & 0x7fff;
	s->taken_wrap = base >> 31;
	s->vring = (struct vring){
		.mem = &s->mem,
		.areas = { s->ring, s->driver, s->device },
		.size = size,
		.features = s->vring.features,
	};
	return vring_start(&s->vring, base);
}

static inline int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->low, LOW, LOW_SIZE, KIB(4));
	ram_open(&s->high, BORDER, HIGH_SIZE, 0);
	ram_share(&s->low, &s->mem);
	ram_share(&s->high, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	s->vring.features.packed = true;
	assert_int_equal(begin(s, SIZE, FIRST_BASE), 0);
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

static inline int setup_indirect(void **state)
{
	struct setup *s;

	setup(state);
	s = *state;
	s->vring.features.indirect = true;
	return 0;
}

static inline int teardown(void **state)
{
	struct setup *s = *state;

	chain_fini(&s->chain);
	guest_mem_clear(&s->mem);
	ram_close(&s->low);
	ram_close(&s->high);
	free(s);
	return 0;
}

static inline void put_desc(struct virtq_packed_desc *to, uint64_t addr,
			    uint32_t len, uint16_t id, unsigned int flags)
{
	*to = (struct virtq_packed_desc){
		.addr = htole64(addr),
		.len = htole32(len),
		.id = htole16(id),
		.flags = htole16((uint16_t)flags),
	};
}

static inline void driver_forward(const struct setup *s, uint16_t *index,
				  uint16_t *wrap, unsigned int count)
{
	for (; count; count--) {
		if (++*index == s->vring.size) {
			*index = 0;
			*wrap = !*wrap;
		}
	}
}

/* The driver's next entry, available. */
static inline void offer(struct setup *s, uint64_t addr, uint32_t len,
			 uint16_t id, unsigned int flags)
{
	put_desc(&s->ring[s->next], addr, len, id,
		 flags | (s->next_wrap ? AVAIL : USED));
	driver_forward(s, &s->next, &s->next_wrap, 1);
}

/*
 * A chain of @count entries, the last of which has the id: each has a byte,
 * at 0x100 and up, the last one is writable.
 */
static inline void offer_chain(struct setup *s, unsigned int count, uint16_t id)
{
	for (unsigned int i = 1; i < count; i++)
		offer(s, 0xff + i, 1, (uint16_t)~id, NEXT);
	offer(s, 0xff + count, 1, id, WRITE);
}

/* The next used entry is one of @id and @len, and has @count entries. */
static inline void expect_used(struct setup *s, unsigned int count, uint16_t id,
			       uint32_t len)
{
	const struct virtq_packed_desc *d = &s->ring[s->taken];
	unsigned int flags = s->taken_wrap ? AVAIL | USED : 0;

	if (len)
		flags |= WRITE;
	assert_int_equal(le16toh(d->flags), flags);
	assert_int_equal(le16toh(d->id), id);
	if (len)
		assert_int_equal(le32toh(d->len), len);
	driver_forward(s, &s->taken, &s->taken_wrap, count);
}

/* Takes one chain and uses it. */
static inline void serve_one(struct setup *s)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	vring_push(&s->vring, &s->chain, 1);
}

/* The driver offers @count entries, the device uses them, it is told so. */
static inline void go_round(struct setup *s, unsigned int count, uint16_t id)
{
	offer_chain(s, count, id);
	serve_one(s);
	assert_int_equal(s->chain.head, id);
	assert_int_equal(s->chain.ring_entries, count);
	expect_used(s, count, id, 1);
}

/* What a base is made of */
static inline uint32_t base_of(uint16_t avail, bool avail_wrap, uint16_t used,
			       bool used_wrap)
{
	return avail | (avail_wrap ? WRAP : 0) |
	       (uint32_t)(used | (used_wrap ? WRAP : 0)) << 16;
}

static inline void assert_broken(struct setup *s, const char *why)
{
	uint32_t base = vring_base(&s->vring);

	assert_int_equal(vring_pop(&s->vring, &s->chain), -EPROTO);
	assert_string_equal(s->vring.error, why);
	/* It stays where the bad chain is. */
	assert_int_equal(vring_base(&s->vring), base);
}

#endif
