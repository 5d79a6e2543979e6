/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One ring's part of the inflight region: what outlives us, in memory that the
 * front end keeps, of the request in hand. Layouts and steps are those of
 * vhost-user.rst, "Inflight I/O tracking", for a device that does one request
 * after the other, in the order of the ring.
 *
 * A request is marked inflight not when it is popped, but when it is about to
 * have effects: inflight_begin(). What was popped and not begun is still
 * between the used and the avail index, so after a crash it is popped again,
 * like what never was. What was begun and not used is popped as
 * ->outcome_unknown.
 *
 * The region is the front end's and can be full of lies: each index in it is
 * checked where it is used, and a lie only harms the ring it is told about.
 * Its stores are ordered for a reader that comes after our end, which sees all
 * stores up to some point of the program: the compiler must keep their order,
 * the processor need not.
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
	bool begun;	   /* is the request in hand, or to be popped next? */
	uint16_t entry;	   /* its first one in a packed region */
	uint16_t lost;	   /* begun before a crash and not popped since */
	uint8_t note_slot; /* where the next note goes */
};

/* Bytes of one ring's part for @desc_num descriptors; */
uint64_t inflight_bytes(bool packed, uint16_t desc_num);

/* and from the start of one to the next: rounded up to 64, as others do. */
uint64_t inflight_stride(bool packed, uint16_t desc_num);

/* Can a part be used that says this of itself? NULL, or why not. */
const char *inflight_check(const void *region, uint16_t desc_num);

/*
 * Tracks @vring, about to be started, in @region of @desc_num entries, as many
 * as the ring has or more. Aligned to 8 bytes.
 *
 * inflight_resume() goes on from what the region says, whatever @base is, and
 * stores in @base where the ring is to start and in @note what was pushed
 * last. Returns 1; 0 if the region was not in use or is of an earlier life of
 * the ring: then it is begun anew, at the ring's used index; or -EINVAL for a
 * region that cannot be of this ring.
 *
 * inflight_restart() forgets what the region says, and trusts @base.
 */
int inflight_resume(struct inflight *inflight, const struct vring *vring,
		    void *region, uint16_t desc_num, uint32_t *base,
		    uint32_t *note);
void inflight_restart(struct inflight *inflight, const struct vring *vring,
		      void *region, uint16_t desc_num, uint32_t base);

/* The region goes: what it told of requests that were begun stays known. */
void inflight_untrack(struct inflight *inflight);

/* @chain was popped: sets its ->outcome_unknown. */
void inflight_popped(struct inflight *inflight, struct chain *chain);

/* @chain, popped and not pushed, is about to have effects. */
void inflight_begin(struct inflight *inflight, const struct vring *vring,
		    const struct chain *chain);

/*
 * vring_push(). @note is 24 bits for inflight_resume() to return, should this
 * be the last push.
 */
void inflight_push(struct inflight *inflight, struct vring *vring,
		   const struct chain *chain, uint32_t len, uint32_t note);

#endif
