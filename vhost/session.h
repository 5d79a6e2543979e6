/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The session of one front end: what its messages have set up, and the rings
 * that result. A session is used by one thread.
 *
 * A message that is refused changes nothing. Its answer is a nack (or an empty
 * reply, if the request has a reply of its own), and ->reason says why.
 */
#ifndef VHOST_SESSION_H
#define VHOST_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "virtio/ring/vring.h"
#include "vhost/device.h"
#include "vhost/part/page_log.h"
#include "vhost/part/reason.h"
#include "vhost/part/state_transfer.h"
#include "vhost/part/translation.h"
#include "vhost/ring/inflight_area.h"
#include "vhost/ring/ring.h"
#include "vhost/wire/peer_fd.h"
#include "vhost/wire/sock.h"
#include "vhost/wire/wait_set.h"
#include "vhost/wire/wire.h"

struct vhost_session {
	const struct vhost_device *device;
	struct wait_set *waits; /* of the thread, for vhost/poll.h */
	struct vhost_sock sock;
	bool owned;		    /* SET_OWNER came */
	uint64_t features;	    /* acked by the driver */
	uint64_t protocol_features; /* acked by the front end */
	uint8_t status;	      /* of the device, as the driver wrote it (2.1) */
	struct guest_mem mem; /* to be watched; ->inflight comes with it */
	struct vhost_ring rings[VHOST_MAX_RINGS];
	struct vhost_inflight_area inflight;
	struct vhost_translation translation; /* in use while ->mem.iotlb */
	struct vhost_page_log log;	      /* in use while ->mem.log */
	struct vhost_state state;
	bool fd_blocked; /* the peer passed a descriptor that blocked: */
			 /* further ones are refused */
	union vhost_wire_payload reply; /* a handler's answer, */
	uint32_t reply_size;		/* and its size in bytes, */
	int reply_fd;			/* and descriptor, if not -1 */
	struct vhost_reason reason;	/* what went wrong */
	bool no_setup_told; /* ->reason has said VHOST_HINT_NO_SETUP */
	/* To be counted, and reset, by whoever counts: */
	unsigned int refused;  /* messages */
	unsigned int breaks;   /* vhost_session_break()s */
	unsigned int renewals; /* SET_OWNERs that began a new session */
};

/*
 * Begins a session over the connected socket @fd, which the session owns.
 * @waits is what the thread waits with, for vhost_session_poll(); NULL: it does
 * not call that. @device and @waits must outlive the session.
 */
void vhost_session_init(struct vhost_session *session,
			const struct vhost_device *device, int fd,
			struct wait_set *waits);

/* Quiesces the rings, closes all descriptors, unmaps guest memory. */
void vhost_session_fini(struct vhost_session *session);

/*
 * Reads and answers at most one message. Returns 1 when there was one (with a
 * ->reason if it was refused); 0 when no message is complete yet; or a negative
 * errno when the session is over: -ECONNRESET: the front end disconnected.
 */
int vhost_session_handle(struct vhost_session *session);

/*
 * Returns true as soon as the front end has closed its end, even if messages
 * that it sent before are still unread.
 */
bool vhost_session_is_over(const struct vhost_session *session);

/*
 * Takes the next chain of an active ring. Returns 1 with the chain in @chain,
 * which is then to be given back by vhost_session_push(); 0 when there is
 * none: the driver has been asked to kick when it adds one; -EPROTO when the
 * ring is broken: it has stopped, the front end's error eventfd is signalled,
 * and ->reason says why; -EAGAIN when the front end was asked for
 * translations, ->translation.wants: call again when it has sent something.
 * The chain's ->outcome_unknown tells that it was popped before, by a back end
 * or a session that ended between vhost_session_begin() and
 * vhost_session_push(); its ->deaths, how many back ends in a row ended so, as
 * far as an inflight region tells: at most 255.
 */
int vhost_session_pop(struct vhost_session *session, unsigned int ring,
		      struct chain *chain);

/*
 * Stop waiting for translations. The next vhost_session_pop() may return a
 * chain marked ->unreachable. Returns false if that does not help, as the ring
 * itself cannot be reached.
 */
bool vhost_session_stop_waiting(struct vhost_session *session,
				unsigned int ring);

/*
 * Returns true if the ring, and the chain that was popped from it last, can
 * still be reached. If not, the front end is asked for the translations that
 * are missing. To be called before guest memory is accessed, whenever a message
 * may have been handled since.
 */
bool vhost_session_reach(struct vhost_session *session, unsigned int ring,
			 const struct chain *chain);

/*
 * Notes that the request of the chain, popped from @ring, is about to have
 * effects that cannot be undone. Call it before them, once or more often.
 */
void vhost_session_begin(struct vhost_session *session, unsigned int ring,
			 const struct chain *chain);

/*
 * Pushes the chain. The driver sees it at once if it looks; if it sleeps, only
 * vhost_session_call() wakes it. The ring's ->note, 24 bits for the device to
 * use, is stored with the push. If the back end crashes before the next one,
 * the ring has the note again when it starts as VHOST_RING_RECOVERED. If the
 * ring is UNMAPPED, the chain goes back to it: it is popped again, with an
 * unknown outcome if vhost_session_begin() was called.
 */
void vhost_session_push(struct vhost_session *session, unsigned int ring,
			const struct chain *chain, uint32_t len);

/*
 * Calls the driver, if it asks for a call, for all chains that were pushed
 * since the last time. To be called before the thread waits for anything, and
 * whenever what comes next takes longer than the driver should sleep. A ring
 * that stops or breaks calls by itself. Returns true if it was called.
 */
bool vhost_session_call(struct vhost_session *session, unsigned int ring);

/*
 * Returns true if a file that backs guest memory or the inflight region was
 * truncated.
 */
static inline bool
vhost_session_lost_memory(const struct vhost_session *session)
{
	return session->mem.broken || session->inflight.mem.broken;
}

/* Stops a ring that cannot go on, as vhost_session_pop() does. */
void vhost_session_break(struct vhost_session *session, unsigned int ring,
			 const char *why);

/*
 * Signals SET_LOG_FD's eventfd if pages were marked; leaves a ->reason, once,
 * if marks were lost.
 */
void vhost_session_signal_log(struct vhost_session *session);

/*
 * Reads a device state that comes in from ->state.fd, which is readable. A
 * front end that sends too much would wait for ever if nobody read.
 */
void vhost_session_read_state(struct vhost_session *session);

/* The features that are offered: the device's, and those of this layer. */
uint64_t vhost_session_offered(const struct vhost_session *session);

#endif
