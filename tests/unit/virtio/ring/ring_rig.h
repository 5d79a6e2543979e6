/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The fixture of the tests of vring*.c: a ring without a session, split or
 * packed, and the driver's half of it. Most cases run for both layouts; the
 * functions here hide the differences.
 */
#ifndef TEST_RING_RIG_H
#define TEST_RING_RIG_H

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "virtio/ring/vring.h"

#define NEXT	     VIRTQ_DESC_F_NEXT
#define WRITE	     VIRTQ_DESC_F_WRITE
#define INDIRECT     VIRTQ_DESC_F_INDIRECT
#define AVAIL	     VIRTQ_PACKED_DESC_F_AVAIL
#define USED	     VIRTQ_PACKED_DESC_F_USED
#define WRAP	     0x8000u /* the wrap counter in a place or an event */

#define SPLIT_SIZE   8
#define PACKED_SIZE  5 /* no power of two */
#define MAX_SEGS     16
#define LOW	     KIB(64)
#define LOW_SIZE     KIB(1024)
#define BORDER	     (LOW + LOW_SIZE) /* of the two regions */
#define HIGH_SIZE    KIB(1024)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The negotiated features of a row */
static const struct vring_features split = { .packed = false };
static const struct vring_features packed = { .packed = true };

#define ROW(test, features)                                      \
	{                                                        \
#test " (" #features ")", test, setup, teardown, \
			(void *)(uintptr_t) & (features)         \
	}
#define BOTH(test) ROW(test, split), ROW(test, packed)

/* Sizes that at least one layout allows */
static const uint16_t sizes[] = { 1, 2, 3, 4, 5, 8, 256, 1000, 32767, 32768 };

struct setup {
	struct guest_mem mem;
	struct ram low, high; /* adjacent in the guest, holes around */
	struct vring vring;
	struct chain chain;
	/* The driver's half of a split ring */
	struct hand_ring ring;
	/* The driver's half of a packed ring */
	struct virtq_packed_desc *entries;
	struct virtq_event_suppress *driver, *device;
	uint16_t next, next_wrap;   /* where the next entry goes */
	uint16_t taken, taken_wrap; /* where the next used one is */
};

static inline bool is_packed(const struct setup *s)
{
	return s->vring.features.packed;
}

/*
 * Returns the place of entry number @n of a ring. Split: the index. Packed: the
 * entry and its wrap counter, which is 1 in the first round.
 */
static inline uint16_t place(const struct setup *s, uint32_t size, uint32_t n)
{
	if (!is_packed(s))
		return (uint16_t)n;
	n %= 2 * size;
	return (uint16_t)(n < size ? WRAP | n : n - size);
}

/* Returns the base of a ring after @n used entries. */
static inline uint32_t base_at(const struct setup *s, uint32_t size, uint32_t n)
{
	uint16_t at = place(s, size, n);

	return is_packed(s) ? (uint32_t)at << 16 | at : at;
}

static inline void begin_packed(struct setup *s, uint16_t size, uint32_t base)
{
	uint8_t *at = ram_at(&s->low, LOW);

	memset(at, 0, size * sizeof(*s->entries));
	memset(at + KIB(512), 0, KIB(2));
	s->entries = (void *)at;
	s->driver = (void *)(at + KIB(512));
	s->device = (void *)(at + KIB(513));
	s->next = base & 0x7fff;
	s->next_wrap = base >> 15 & 1;
	s->taken = base >> 16 & 0x7fff;
	s->taken_wrap = base >> 31;
	s->vring.areas =
		(struct vring_areas){ s->entries, s->driver, s->device };
}

/* Starts a new, zeroed ring of @size at @base. */
static inline int begin(struct setup *s, uint16_t size, uint32_t base)
{
	s->vring = (struct vring){
		.mem = &s->mem,
		.size = size,
		.features = s->vring.features,
	};
	if (is_packed(s)) {
		begin_packed(s, size, base);
	} else {
		hand_ring_open(&s->ring, &s->low, size, (uint16_t)base);
		s->vring.areas = hand_ring_areas(&s->ring, &s->mem);
		s->taken = (uint16_t)base;
	}
	return vring_start(&s->vring, base);
}

/* Starts a new ring of @size as after @n used entries. */
static inline void begin_at(struct setup *s, uint32_t size, uint32_t n)
{
	assert_int_equal(begin(s, (uint16_t)size, base_at(s, size, n)), 0);
}

static inline int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->vring.features = *(const struct vring_features *)*state;
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->low, LOW, LOW_SIZE, KIB(4));
	ram_open(&s->high, BORDER, HIGH_SIZE, 0);
	ram_share(&s->low, &s->mem);
	ram_share(&s->high, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	begin_at(s, is_packed(s) ? PACKED_SIZE : SPLIT_SIZE, 0);
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

/* A descriptor of a chain; NEXT is added where needed. */
struct seg {
	uint64_t addr;
	uint32_t len;
	unsigned int flags;
};

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

/* Packed: makes the driver's next entry available. */
static inline void offer(struct setup *s, uint64_t addr, uint32_t len,
			 uint16_t id, unsigned int flags)
{
	put_desc(&s->entries[s->next], addr, len, id,
		 flags | (s->next_wrap ? AVAIL : USED));
	driver_forward(s, &s->next, &s->next_wrap, 1);
}

/*
 * Makes a chain of @count descriptors available. Split: @id is the head, the
 * others follow it. Packed: @id is the buffer id.
 */
static inline void offer_segs(struct setup *s, const struct seg *segs,
			      unsigned int count, uint16_t id)
{
	for (unsigned int i = 0; i < count; i++) {
		bool last = i == count - 1;
		unsigned int flags = segs[i].flags | (last ? 0 : NEXT);
		unsigned int at = (id + i) % s->vring.size;

		if (is_packed(s))
			offer(s, segs[i].addr, segs[i].len,
			      last ? id : (uint16_t)~id, flags);
		else
			hand_desc(&s->ring.desc[at], segs[i].addr, segs[i].len,
				  flags, (at + 1) % s->vring.size);
	}
	if (!is_packed(s))
		hand_offer(&s->ring, id);
}

/* Offers @count one-byte buffers from 0x100 on; the last one is writable. */
static inline void offer_chain(struct setup *s, unsigned int count, uint16_t id)
{
	struct seg segs[MAX_SEGS + 1];

	for (unsigned int i = 0; i < count; i++)
		segs[i] = (struct seg){ 0x100 + i, 1,
					i == count - 1 ? WRITE : 0 };
	offer_segs(s, segs, count, id);
}

/* Returns the id of the driver's @n-th chain. */
static inline uint16_t nth_id(const struct setup *s, uint32_t n)
{
	return (uint16_t)(is_packed(s) ? n : n % s->vring.size);
}

static inline void expect_used_entry(const struct setup *s, uint16_t id,
				     uint32_t len)
{
	const struct virtq_packed_desc *d = &s->entries[s->taken];
	unsigned int flags = s->taken_wrap ? AVAIL | USED : 0;

	if (len)
		flags |= WRITE;
	assert_int_equal(le16toh(d->flags), flags);
	assert_int_equal(le16toh(d->id), id);
	if (len)
		assert_int_equal(le32toh(d->len), len);
}

static inline void expect_used_elem(const struct setup *s, uint16_t id,
				    uint32_t len)
{
	const struct virtq_used *used = s->ring.used;
	const struct virtq_used_elem *elem =
		&used->ring[s->taken % s->vring.size];

	assert_in_range((uint16_t)(le16toh(used->idx) - s->taken), 1,
			s->vring.size);
	assert_int_equal(le32toh(elem->id), id);
	assert_int_equal(le32toh(elem->len), len);
}

/* Checks the next used chain: @id, @len, and its @count descriptors. */
static inline void expect_used(struct setup *s, unsigned int count, uint16_t id,
			       uint32_t len)
{
	if (is_packed(s)) {
		expect_used_entry(s, id, len);
		driver_forward(s, &s->taken, &s->taken_wrap, count);
	} else {
		expect_used_elem(s, id, len);
		s->taken++;
	}
}

/* Pops the next chain and checks its @id and @count of descriptors. */
static inline void pop_chain(struct setup *s, unsigned int count, uint16_t id)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, id);
	assert_int_equal(s->chain.readable + s->chain.writable, count);
	if (is_packed(s))
		assert_int_equal(s->chain.ring_entries, count);
}

/* Takes one chain and uses it. */
static inline void serve_one(struct setup *s)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	vring_push(&s->vring, &s->chain, 1);
}

/* Offers a chain of @count descriptors, uses it and checks the used entry. */
static inline void go_round(struct setup *s, unsigned int count, uint16_t id)
{
	offer_chain(s, count, id);
	pop_chain(s, count, id);
	vring_push(&s->vring, &s->chain, 1);
	expect_used(s, count, id, 1);
}

/* Checks that the next chain breaks the ring, which stays at that chain. */
static inline void assert_broken(struct setup *s, const char *why)
{
	uint32_t base = vring_base(&s->vring);

	assert_int_equal(vring_pop(&s->vring, &s->chain), -EPROTO);
	assert_string_equal(s->vring.error, why);
	assert_int_equal(vring_base(&s->vring), base);
}

#endif
