/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/crash/inflight_world.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vhost/ring/inflight.h"

#define WRAP	  0x8000u
#define AVAIL	  VIRTQ_PACKED_DESC_F_AVAIL
#define USED	  VIRTQ_PACKED_DESC_F_USED
#define BYTES	  7 /* of each descriptor; one of them is used */
#define SPLIT_IDS (WORLD_SPLIT / 2) /* chains of two descriptors */

/* In a child there is no one to assert to: crash_run() sees how it ends. */
#define must(condition)                   \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

void world_init(struct world *w, bool packed, uint16_t size, uint16_t at)
{
	struct virtq_avail *avail = (void *)w->driver_area;
	struct virtq_used *used = (void *)w->device_area;

	memset(w, 0, sizeof(*w));
	w->packed = packed;
	w->size = size;
	if (packed) {
		w->offer_at = w->take_at = at;
		w->offer_wrap = w->take_wrap = true;
		w->base = (at | WRAP) << 16 | at | WRAP;
		return;
	}
	w->base = at;
	avail->idx = used->idx = htole16(at);
}

static void split_drive(struct world *w)
{
	struct virtq_desc *desc = (void *)w->desc;
	struct virtq_avail *avail = (void *)w->driver_area;
	struct virtq_used *used = (void *)w->device_area;

	while (le16toh(used->idx) != (uint16_t)(w->base + w->taken)) {
		uint16_t slot = (uint16_t)(w->base + w->taken) % w->size;

		must(w->taken < w->offered);
		must(le32toh(used->ring[slot].id) == w->taken % SPLIT_IDS * 2);
		w->taken++;
	}
	while (w->offered < WORLD_REQUESTS &&
	       w->offered - w->taken < SPLIT_IDS) {
		uint16_t slot = (uint16_t)(w->base + w->offered) % w->size;
		uint16_t head = (uint16_t)(w->offered % SPLIT_IDS * 2);

		desc[head] = (struct virtq_desc){ htole64(w->offered),
						  htole32(BYTES),
						  htole16(VIRTQ_DESC_F_NEXT),
						  htole16(head + 1) };
		desc[head + 1] =
			(struct virtq_desc){ 0, htole32(BYTES),
					     htole16(VIRTQ_DESC_F_WRITE), 0 };
		avail->ring[slot] = htole16(head);
		w->offered++;
		avail->idx = htole16((uint16_t)(w->base + w->offered));
	}
}

/* Entries of request @r: of one that is alone, the whole ring. */
static uint16_t entries(const struct world *w, unsigned int r)
{
	return w->size < 4 ? w->size : (uint16_t)(1 + r % 3);
}

static void forward(const struct world *w, uint16_t *at, bool *wrap)
{
	if (++*at < w->size)
		return;
	*at = 0;
	*wrap = !*wrap;
}

static void packed_take(struct world *w)
{
	for (;;) {
		struct virtq_packed_desc *d = &w->desc[w->take_at];
		uint16_t flags = le16toh(d->flags);

		if (!!(flags & AVAIL) != w->take_wrap ||
		    !!(flags & USED) != w->take_wrap)
			return;
		if (w->taken == w->offered)
			return; /* of the time round before */
		must(le16toh(d->id) == w->taken % WORLD_PACKED);
		for (uint16_t i = entries(w, w->taken); i; i--)
			forward(w, &w->take_at, &w->take_wrap);
		w->taken++;
	}
}

static void packed_offer(struct world *w)
{
	uint16_t n = entries(w, w->offered);

	for (uint16_t i = 0; i < n; i++) {
		w->desc[w->offer_at] = (struct virtq_packed_desc){
			htole64(w->offered), htole32(BYTES),
			htole16((uint16_t)(w->offered % WORLD_PACKED)),
			htole16((uint16_t)((i + 1 < n ? VIRTQ_DESC_F_NEXT : 0) |
					   (w->offer_wrap ? AVAIL : USED)))
		};
		forward(w, &w->offer_at, &w->offer_wrap);
	}
	w->offered++;
}

static void packed_drive(struct world *w)
{
	packed_take(w);
	while (w->offered < WORLD_REQUESTS) {
		uint16_t busy = entries(w, w->offered);

		for (unsigned int r = w->taken; r < w->offered; r++)
			busy = (uint16_t)(busy + entries(w, r));
		if (busy > w->size)
			return;
		packed_offer(w);
	}
}

void world_drive(struct world *w)
{
	if (w->packed)
		packed_drive(w);
	else
		split_drive(w);
}

/* One request: what spi_service does with it, in small. */
static void serve_one(struct world *w, struct inflight *f, struct vring *vring,
		      struct chain *chain)
{
	uint64_t r = chain->segs[0].addr;

	must(r < WORLD_REQUESTS);
	for (unsigned int i = 0; i < chain->readable + chain->writable; i++)
		must(chain->segs[i].len == BYTES);
	if (chain->outcome_unknown && !w->replay) {
		w->status[r] = WORLD_UNKNOWN;
	} else {
		inflight_begin(f, vring, chain);
		w->runs[r]++;
		w->status[r] = WORLD_OK;
	}
	inflight_push(f, vring, chain, 1, (uint32_t)r + 1);
}

void world_serve(void *world)
{
	struct world *w = world;
	struct chain_seg segs[WORLD_SPLIT];
	struct chain chain = { .segs = segs, .max = WORLD_SPLIT };
	const struct guest_mem mem = { 0 };
	struct vring vring = {
		.mem = &mem,
		.areas = { w->desc, w->driver_area, w->device_area },
		.features.packed = w->packed,
		.size = w->size,
	};
	uint32_t base = w->base, note = 0;
	struct inflight f;
	int ret;

	ret = inflight_resume(&f, &vring, w->region, WORLD_DESC_NUM, &base,
			      &note);
	must(ret >= 0);
	must(vring_start(&vring, base) == 0);
	w->note = note;
	while ((ret = vring_pop(&vring, &chain)) > 0) {
		inflight_popped(&f, &chain);
		serve_one(w, &f, &vring, &chain);
	}
	must(!ret);
}

void world_finish(struct world *w)
{
	for (unsigned int i = 0; i <= WORLD_REQUESTS; i++) {
		world_drive(w);
		world_serve(w);
		/* The note was that of the request used last. */
		must(w->note == w->taken);
	}
	world_drive(w);
}

void world_check(const struct world *w, unsigned int unknown)
{
	unsigned int seen = 0;

	assert_int_equal(w->taken, WORLD_REQUESTS);
	for (unsigned int r = 0; r < WORLD_REQUESTS; r++) {
		if (w->replay) {
			assert_int_equal(w->status[r], WORLD_OK);
			assert_true(w->runs[r] >= 1);
			continue;
		}
		assert_true(w->runs[r] <= 1);
		if (w->status[r] == WORLD_UNKNOWN)
			seen++;
		else
			assert_int_equal(w->runs[r], 1);
	}
	assert_true(seen <= unknown);
}
