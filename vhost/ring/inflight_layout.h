/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The inflight region as it is in memory, in host byte order: vhost-user.rst,
 * "Inflight I/O tracking". For vhost/ring/inflight*.c and their tests only.
 */
#ifndef VHOST_INFLIGHT_LAYOUT_H
#define VHOST_INFLIGHT_LAYOUT_H

#include <assert.h>
#include <stddef.h>

#include "vhost/ring/inflight.h"

#define INFLIGHT_VERSION    1
#define INFLIGHT_NOTE_SLOTS 2
#define INFLIGHT_NOTE_BYTES 4 /* three of the note, then its tag */

struct inflight_split_desc {
	uint8_t inflight;
	/* padding in other back ends */
	uint8_t deaths; /* of back ends that ran it */
	uint8_t note[INFLIGHT_NOTE_BYTES];
	uint16_t next;
	uint64_t counter;
};
static_assert(sizeof(struct inflight_split_desc) == 16, "protocol layout");

struct inflight_split {
	uint64_t features; /* 0 */
	uint16_t version;  /* 0: not in use */
	uint16_t desc_num;
	uint16_t last_batch_head;
	uint16_t used_idx;
	struct inflight_split_desc desc[];
};
static_assert(sizeof(struct inflight_split) == 16, "protocol layout");

struct inflight_packed_desc {
	uint8_t inflight;
	uint8_t deaths; /* as above; padding in other back ends */
	uint16_t next;
	uint16_t last;
	uint16_t num;
	uint64_t counter;
	uint16_t id;
	uint16_t flags;
	uint32_t len;
	uint64_t addr;
};
static_assert(sizeof(struct inflight_packed_desc) == 32, "protocol layout");

/* Where a packed ring is used up to: now, and before the current push. */
union inflight_places {
	struct {
		uint16_t used_idx;
		uint16_t old_used_idx;
		uint8_t used_wrap;
		uint8_t old_used_wrap;
		uint8_t padding[2];
	};
	uint64_t word;
};
static_assert(sizeof(union inflight_places) == 8, "protocol layout");

struct inflight_packed {
	uint64_t features; /* 0 */
	uint16_t version;  /* 0: not in use */
	uint16_t desc_num;
	uint16_t free_head;
	uint16_t old_free_head;
	union inflight_places places;
	/* padding in other back ends */
	uint8_t note[INFLIGHT_NOTE_SLOTS][INFLIGHT_NOTE_BYTES];
	struct inflight_packed_desc desc[];
};
static_assert(offsetof(struct inflight_packed, desc) == 32, "protocol layout");
static_assert(offsetof(struct inflight_packed, places) == 16,
	      "protocol layout");

/*
 * The front end may change the region at any time. Each access is one load or
 * store, which the compiler does not move.
 */
#define inflight_load(p) __atomic_load_n(p, __ATOMIC_RELAXED)

/* Stores after all stores that come before it in the program. */
#define inflight_store(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)

/* Keeps the mark of a request before the request's effects. */
static inline void inflight_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * The two kinds of region. ..._resume() returns 0 for one that is to be
 * initialised; ..._restart() initialises what they do not have in common, for
 * a ring that is used up to @used.
 */
int inflight_split_resume(struct inflight *f, const struct vring *vring,
			  uint32_t *base);
void inflight_split_restart(struct inflight *f, uint32_t used);
void inflight_split_begin(struct inflight *f, const struct chain *chain);
void inflight_split_push(struct inflight *f, struct vring *vring,
			 const struct chain *chain, uint32_t len);
uint16_t inflight_split_used(const struct vring *vring);

int inflight_packed_resume(struct inflight *f, const struct vring *vring,
			   uint32_t *base);
void inflight_packed_restart(struct inflight *f, uint32_t used);
void inflight_packed_popped(struct inflight *f);
void inflight_packed_begin(struct inflight *f, const struct vring *vring,
			   const struct chain *chain);
void inflight_packed_push(struct inflight *f, struct vring *vring,
			  const struct chain *chain, uint32_t len);

#endif
