/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One ring of the back end: its descriptors, what the front end said of it,
 * and how it starts and stops. It knows nothing of the session that owns it.
 *
 * What each event does, by the ring's state. "-" cannot happen: an assert.
 * STARTING, UNMAPPED and RUNNING are called started. A start and each change
 * of place signals the call descriptor: the driver may not have heard of what
 * was used before.
 *
 *	event			STOPPED,	STARTING	UNMAPPED,
 *				BROKEN				RUNNING
 *
 *	vhost_ring_start()	STARTING	-		-
 *	SET_VRING_KICK		(a started ring takes the descriptor only)
 *	vhost_ring_begin()	-		RUNNING;	-
 *	its areas are found			->vring is
 *						valid
 *	vhost_ring_cancel()	-		STOPPED, or	-
 *	it cannot be started			BROKEN, as
 *						before
 *	vhost_ring_move()	-		-		RUNNING
 *	its areas are found
 *	anew
 *	vhost_ring_unmap()	(nothing)	(nothing)	UNMAPPED
 *	memory, translations
 *	or features change
 *	vhost_ring_stop()	STOPPED		STOPPED; base,	STOPPED; base:
 *	GET_VRING_BASE				origin stay	where it goes
 *								on; RESUMED
 *	vhost_ring_break()	(nothing)	BROKEN; base,	BROKEN; as
 *	it cannot go on				origin stay	above
 *	vhost_ring_reset()	STOPPED;	STOPPED;	STOPPED;
 *	status 0, RESET_DEVICE,	no base; FRESH	the same	the same
 *	SET_OWNER
 */
#ifndef VHOST_RING_H
#define VHOST_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "virtio/ring/vring.h"
#include "vhost/ring/inflight.h"
#include "vhost/wire/wait_set.h"
#include "vhost/wire/wire.h"

enum vhost_ring_state {
	VHOST_RING_STOPPED,
	VHOST_RING_BROKEN,   /* it stopped by itself, and cannot go on */
	VHOST_RING_STARTING, /* ->vring is invalid until its areas are found */
	VHOST_RING_UNMAPPED, /* ->vring's areas are invalid until found anew */
	VHOST_RING_RUNNING,
};

/* Where the ring starts from, or, once it runs, started from. */
enum vhost_ring_origin {
	VHOST_RING_FRESH,     /* nothing was used since the last reset */
	VHOST_RING_RESUMED,   /* where it stopped, of which ->base tells */
	VHOST_RING_LOADED,    /* where it stopped on another host */
	VHOST_RING_RECOVERED, /* where the inflight region said; once it runs */
};

struct vhost_ring {
	enum vhost_ring_state state;
	enum vhost_ring_origin origin;
	bool enabled;

	/* What the front end said of it. */
	struct vhost_wire_vring_addr addr;
	bool has_addr;
	bool set_up;   /* size, address or base came since it stopped */
	uint16_t size; /* SET_VRING_NUM; 0: not set */
	uint32_t base; /* SET_VRING_BASE, or where the ring stopped */
	bool has_base; /* if not, it starts at vring_first_base() */
	int kick;      /* descriptors, owned; -1: none */
	int call;
	int err;
	bool kick_counts; /* ->kick is an eventfd, which need not be read */
	bool call_blocks; /* ->call had no O_NONBLOCK when it came */
	struct wait_set *waits; /* may wait for ->kick; NULL: there is none */

	struct vring vring;
	struct inflight inflight;
	uint32_t note; /* see vhost_session_push() */
	/* The next chain is taken even if not all of it can be reached. */
	bool accept_unreachable;
};

/*
 * A ring that was never set up, without descriptors. @waits is the set that
 * ->kick may be in; NULL: there is none.
 */
void vhost_ring_init(struct vhost_ring *ring, struct wait_set *waits);

/* Closes the ring's descriptors. */
void vhost_ring_close_fds(struct vhost_ring *ring);

/*
 * Replace ->kick or ->call, and close what was there. @fd is the ring's from
 * now on; -1: none.
 */
void vhost_ring_set_kick(struct vhost_ring *ring, int fd);
void vhost_ring_set_call(struct vhost_ring *ring, int fd);

/* STARTING, UNMAPPED or RUNNING */
static inline bool vhost_ring_is_started(const struct vhost_ring *ring)
{
	return ring->state >= VHOST_RING_STARTING;
}

/* Returns true if the ring is started and enabled: it may be popped. */
static inline bool vhost_ring_is_active(const struct vhost_ring *ring)
{
	return vhost_ring_is_started(ring) && ring->enabled;
}

/*
 * Returns true if the driver may have been told of used buffers since the last
 * reset: perhaps on a call descriptor that is replaced by now.
 */
bool vhost_ring_may_have_called(const struct vhost_ring *ring);

/* The transitions of the table above. */
void vhost_ring_start(struct vhost_ring *ring);
void vhost_ring_cancel(struct vhost_ring *ring, enum vhost_ring_state before);
void vhost_ring_begin(struct vhost_ring *ring, const struct vring *vring,
		      enum vhost_ring_origin origin);
void vhost_ring_move(struct vhost_ring *ring, const struct vring_areas *areas);
void vhost_ring_unmap(struct vhost_ring *ring);

/* Stops the ring and closes its kick. */
void vhost_ring_stop(struct vhost_ring *ring);

/* Stops a ring that cannot go on. Returns true if it was started. */
bool vhost_ring_break(struct vhost_ring *ring);
void vhost_ring_reset(struct vhost_ring *ring);

/* The device's state was loaded: the ring resumes, wherever it starts next. */
void vhost_ring_loaded(struct vhost_ring *ring);

/* SET_VRING_BASE; a ring that stopped elsewhere is fresh. Not started. */
void vhost_ring_set_base(struct vhost_ring *ring, uint32_t base);

/*
 * Returns true if the ring is RUNNING and vhost_ring_call() was not called for
 * something that was pushed. A ring that is moved calls in any case.
 */
static inline bool vhost_ring_owes_call(const struct vhost_ring *ring)
{
	return ring->state == VHOST_RING_RUNNING &&
	       vring_owes_call(&ring->vring);
}

/*
 * Calls the driver if it asks for a call for what was pushed. Returns 1 if it
 * did, 0 if not, or -EINTR when ->call blocked, and was closed: see
 * vhost_signal_fd().
 */
int vhost_ring_call(struct vhost_ring *ring);

/*
 * Signals ->call, whether or not the driver asks for a call. Returns 0, or
 * -EINTR as above.
 */
int vhost_ring_signal(struct vhost_ring *ring);

/* Signals ->err. The same. */
int vhost_ring_signal_error(struct vhost_ring *ring);

/*
 * ->kick is ready: reads it, unless it is an eventfd. Returns 0, or a negative
 * errno when no kick can come again.
 */
int vhost_ring_take_kick(struct vhost_ring *ring);

/*
 * To be called before ->kick leaves its set for a while: reads it, so that a
 * kick that comes later, and no other, makes it ready. The same.
 */
int vhost_ring_clear_kick(struct vhost_ring *ring);

/* vring_is_empty(); false if the ring is not RUNNING, as nobody knows. */
static inline bool vhost_ring_is_empty(const struct vhost_ring *ring)
{
	return ring->state == VHOST_RING_RUNNING &&
	       vring_is_empty(&ring->vring);
}

/* vring_pending(); 0 if the ring is not RUNNING. */
uint16_t vhost_ring_pending(const struct vhost_ring *ring);

#endif
