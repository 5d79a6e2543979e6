/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Regions full of lies: whatever they say, nothing outside them is touched. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vhost/ring/inflight_layout.h"
#include "virtio/ring/virtio_wire.h"

#define SIZE	 8 /* entries of the ring */
#define DESC_NUM 10
#define ROUNDS	 20000
#define MAX_POPS 100

/* The region ends where touching what is behind it is a crash. */
struct setup {
	uint8_t *pages;
	size_t page;
	void *region;
	uint64_t bytes;
	uint64_t desc[SIZE * 2];
	uint32_t driver[16];
	uint32_t device[32];
	struct chain_seg segs[SIZE];
	struct chain chain;
	uint32_t random;
};

static void setup(struct setup *s, bool packed)
{
	*s = (struct setup){ .page = (size_t)sysconf(_SC_PAGESIZE) };
	s->pages = mmap(NULL, 3 * s->page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(s->pages != MAP_FAILED);
	assert_int_equal(mprotect(s->pages, s->page, PROT_NONE), 0);
	assert_int_equal(mprotect(s->pages + 2 * s->page, s->page, PROT_NONE),
			 0);
	s->bytes = inflight_bytes(packed, DESC_NUM);
	s->region = s->pages + 2 * s->page - s->bytes;
	s->chain = (struct chain){ .segs = s->segs, .max = SIZE };
	s->random = 1;
}

static uint32_t rnd(struct setup *s)
{
	s->random = s->random * 1664525u + 1013904223u;
	return s->random >> 8;
}

/* Numbers that are often nearly right */
static uint16_t rnd16(struct setup *s)
{
	return (uint16_t)(rnd(s) % 4 ? rnd(s) % 12 : rnd(s));
}

static void scribble(struct setup *s, bool packed)
{
	uint16_t *words = s->region;
	struct inflight_split *head = s->region;

	for (uint64_t i = 0; i < s->bytes / 2; i++)
		words[i] = rnd16(s);
	head->version = 1;
	for (unsigned int i = 0; i < 16; i++)
		s->driver[i] = rnd16(s) | (uint32_t)rnd16(s) << 16;
	for (unsigned int i = 0; i < 32; i++)
		s->device[i] = rnd16(s);
	for (unsigned int i = 0; i < SIZE; i++) {
		struct virtq_packed_desc *d = (void *)&s->desc[2 * i];

		*d = (struct virtq_packed_desc){ 0, htole32(1), rnd16(s),
						 rnd16(s) };
		if (packed)
			d->flags = rnd(s) & (1u << 7 | 1u << 15 | 1u);
	}
}

static void live(struct setup *s, bool packed, bool scribbles)
{
	const struct guest_mem mem = { 0 };
	struct vring vring = {
		.mem = &mem,
		.areas = { s->desc, s->driver, s->device },
		.features.packed = packed,
		.size = SIZE,
	};
	uint32_t base = 0, note = 0;
	struct inflight f;

	if (inflight_resume(&f, &vring, s->region, DESC_NUM, &base, &note) < 0)
		return;
	assert_true(note < 1u << 24);
	if (vring_start(&vring, base) < 0)
		return;
	for (unsigned int i = 0; i < MAX_POPS; i++) {
		if (vring_pop(&vring, &s->chain) <= 0)
			return;
		inflight_popped(&f, &s->chain);
		/* It may also change under us. */
		if (scribbles)
			scribble(s, packed);
		inflight_begin(&f, &vring, &s->chain);
		if (scribbles)
			scribble(s, packed);
		inflight_push(&f, &vring, &s->chain, 1, rnd(s) & 0xffffff);
	}
}

static void lie(bool packed)
{
	struct setup s;

	setup(&s, packed);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		scribble(&s, packed);
		live(&s, packed, i % 2);
	}
	munmap(s.pages, 3 * s.page);
}

TEST(test_split_region_of_lies)
{
	lie(false);
}

TEST(test_packed_region_of_lies)
{
	lie(true);
}

TEST_MAIN(NULL, NULL)
