/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One ring's part of the inflight region: what is known of the current request
 * after a crash, in memory that the front end keeps. Layouts and steps are
 * those of vhost-user.rst, "Inflight I/O tracking", for a device that does one
 * request after the other, in the order of the ring.
 *
 * A request is marked in flight when it is about to have effects, by
 * inflight_begin(), and not when it is popped. After a crash, a request that
 * was popped and not begun is popped again, as it is still between the used and
 * the avail index. A request that was begun and not used is popped with
 * ->outcome_unknown.
 *
 * The front end can write anything into the region. Each index in it is checked
 * where it is used, and a wrong one harms no ring but its own. The stores are
 * ordered for a reader that comes after the crash, and sees all stores up to
 * some point of the program: the compiler must keep their order, the processor
 * need not.
 */
#ifndef VHOST_INFLIGHT_H
#define VHOST_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/chain.h"
#include "virtio/ring/vring.h"

/* All zero: not tracked, but for ->begun. */
struct inflight {
	void *region;	   /* struct inflight_split or _packed; NULL: none */
	bool packed;	   /* which of them */
	uint16_t desc_num; /* entries in it */
	uint64_t counter;  /* the next request's */
	bool begun;	   /* the current, or else next, request was begun */
	uint16_t entry;	   /* the request's first one in a packed region */
	uint16_t lost;	   /* begun before a crash and not popped since */
	uint8_t deaths;	   /* of back ends that ran the current request */
	uint8_t note_slot; /* where the next note goes */
};

/* Bytes of the part of a ring of @desc_num descriptors, */
uint64_t inflight_bytes(bool packed, uint16_t desc_num);

/* and from one part to the next: rounded up to 64, as other back ends do. */
uint64_t inflight_stride(bool packed, uint16_t desc_num);

/* Checks the head of a part. Returns NULL, or why it cannot be used. */
const char *inflight_check(const void *region, uint16_t desc_num);

/* Returns true if @region was in use, so that it says where its ring goes on.
 */
bool inflight_is_used(const void *region);

/*
 * Tracks @vring, which is about to start, in @region: aligned to 8 bytes, of
 * @desc_num entries, at least as many as the ring has.
 *
 * inflight_resume() continues from what the region says, and ignores @base. It
 * stores where the ring has to start in @base, and the last note that was
 * pushed in @note. Returns 1; 0 if the region was not in use, or if the ring
 * was reset since: the region is initialised, at the ring's used index, with
 * @note; or -EINVAL for a region that cannot be of this ring.
 *
 * inflight_restart() initialises the region for a start at @base, with @note
 * as the last one.
 */
int inflight_resume(struct inflight *inflight, const struct vring *vring,
		    void *region, uint16_t desc_num, uint32_t *base,
		    uint32_t *note);
void inflight_restart(struct inflight *inflight, const struct vring *vring,
		      void *region, uint16_t desc_num, uint32_t base,
		      uint32_t note);

/* Stops using the region. What it said of requests that were begun is kept. */
void inflight_untrack(struct inflight *inflight);

/* To be called when @chain was popped: sets ->outcome_unknown and ->deaths. */
void inflight_popped(struct inflight *inflight, struct chain *chain);

/* To be called before @chain, popped and not pushed, has effects. */
void inflight_begin(struct inflight *inflight, const struct vring *vring,
		    const struct chain *chain);

/*
 * Pushes @chain, with vring_push(). @note is 24 bits, which inflight_resume()
 * returns if this is the last push before a crash.
 */
void inflight_push(struct inflight *inflight, struct vring *vring,
		   const struct chain *chain, uint32_t len, uint32_t note);

#endif
