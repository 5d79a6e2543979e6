/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One front end's session: the state that its messages build up, and the
 * rings that result. One thread uses a session.
 *
 * A message that is refused changes nothing: it is answered with a nack (or
 * an empty reply, where the request has one of its own) and leaves a reason.
 */
#ifndef VHOST_SESSION_H
#define VHOST_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "virtio/ring/vring.h"
#include "vhost/device.h"
#include "vhost/ring/inflight.h"
#include "vhost/wire/peer_fd.h"
#include "vhost/wire/sock.h"
#include "vhost/wire/wire.h"

#define VHOST_REASON_MAX 160

/* What a reason is about, where whoever logs it can add what helps. */
enum vhost_hint {
	VHOST_HINT_NONE,
	VHOST_HINT_NO_SETUP,  /* a ring was enabled that is not set up */
	VHOST_HINT_NO_MEMORY, /* the front end shares no guest memory */
};

struct vhost_ring {
	struct vring vring; /* valid while started and not unborn */
	struct vhost_wire_vring_addr addr;
	bool has_addr;
	bool started; /* SET_VRING_KICK .. GET_VRING_BASE */
	bool lost;    /* its areas must be looked up before ->vring is used */
	bool unborn;  /* and then it must be begun: ->vring says nothing yet */
	bool gave_up; /* the next chain need not be wholly reachable */
	bool enabled;
	bool broken; /* vhost_session_break() stopped it; until GET_VRING_BASE
		      */
	/* or a start */
	bool set_up;   /* size, address or base came since it stopped */
	uint16_t size; /* SET_VRING_NUM; 0: not set */
	uint32_t base; /* SET_VRING_BASE, or where the ring stopped */
	bool has_base; /* if not, it starts at vring_first_base() */
	bool resumes;  /* base is where the ring stopped */
	bool loaded;   /* it stopped elsewhere, and goes on here */
	int kick;      /* descriptors, -1: none */
	int call;
	int err;
	struct inflight inflight;
	bool recovers;	/* the inflight region was set and not looked at yet */
	bool recovered; /* the ring was started from what that says */
	uint32_t note;	/* see vhost_session_push() */
};

/* Memory that the front end keeps for us: SET_INFLIGHT_FD. */
struct vhost_inflight_area {
	struct guest_mem mem; /* one region, at address 0; or none */
	uint16_t rings;	      /* that have a part of it */
	uint16_t size;	      /* entries in each part */
};

#define VHOST_MAX_WANTS 16

/* A translation that is lacking. */
struct vhost_want {
	struct iotlb_miss miss;
	bool asked; /* the front end knows */
};

/* Addresses of the driver behind an IOMMU: VIRTIO_F_ACCESS_PLATFORM. */
struct vhost_translation {
	struct iotlb iotlb;  /* in use while ->mem.iotlb */
	int channel;	     /* SET_BACKEND_REQ_FD, -1: none */
	bool channel_is_new; /* it came after the last SET_PROTOCOL_FEATURES */
	uint64_t reached; /* ->iotlb.changes when the chain in hand was seen */
			  /* to be reachable */
	struct vhost_want wants[VHOST_MAX_WANTS]; /* what is lacking now */
	unsigned int want_count;
	uint64_t asked_at; /* ->iotlb.changes when it was last looked at */
	uint64_t asks;	   /* how often was anything new lacking? */
};

enum vhost_state_stage {
	VHOST_STATE_NONE,
	VHOST_STATE_SAVED,
	VHOST_STATE_LOADS, /* to be checked */
	VHOST_STATE_LOADED,
};

/* More than any state is long. */
#define VHOST_STATE_MAX (24 + VHOST_USER_CONFIG_MAX + VHOST_DEVICE_STATE_MAX)

/* A transfer of the device's state. */
struct vhost_state {
	enum vhost_state_stage stage;
	int fd; /* where it comes from, until it has all come; -1: none */
	uint32_t have; /* bytes of ->blob */
	uint8_t blob[VHOST_STATE_MAX + 1];
};

struct vhost_session {
	const struct vhost_device *device;
	struct vhost_sock sock;
	bool owned;		    /* SET_OWNER came */
	uint64_t features;	    /* acked by the driver */
	uint64_t protocol_features; /* acked by the front end */
	uint8_t status;	      /* of the device, as the driver wrote it (2.1) */
	struct guest_mem mem; /* to be watched; ->inflight comes with it */
	struct vhost_ring rings[VHOST_MAX_RINGS];
	struct vhost_inflight_area inflight;
	struct vhost_translation translation;
	struct dirty_log log; /* SET_LOG_BASE; in use while ->mem.log */
	int log_event;	      /* SET_LOG_FD, -1: none */
	bool held;	    /* a descriptor held us once: no more of its kind */
	bool log_loss_told; /* ->reason has said that marks were lost */
	struct vhost_state state;	/* SET_DEVICE_STATE_FD */
	union vhost_wire_payload reply; /* a handler's answer, */
	uint32_t reply_size;		/* and its size in bytes, */
	int reply_fd;			/* and descriptor, if not -1 */
	bool no_setup_told; /* ->reason has said VHOST_HINT_NO_SETUP */
	char reason[VHOST_REASON_MAX]; /* what went wrong, "" if nothing */
	enum vhost_hint hint;	       /* of ->reason */
	/* To be counted, and reset, by whoever counts: */
	unsigned int refused;  /* messages */
	unsigned int breaks;   /* vhost_session_break()s */
	unsigned int renewals; /* SET_OWNERs that began a new session */
};

/*
 * Begins a session over the connected socket @fd, which it owns from now on.
 * @device must outlive it.
 */
void vhost_session_init(struct vhost_session *session,
			const struct vhost_device *device, int fd);

/* Quiesces the rings, closes all descriptors, unmaps guest memory. */
void vhost_session_fini(struct vhost_session *session);

/*
 * Reads, and answers, at most one message. Returns 1 when there was one (with
 * a ->reason if it was refused), 0 when none is whole yet, or a negative errno
 * when the session is over: -ECONNRESET is the front end's farewell.
 */
int vhost_session_handle(struct vhost_session *session);

/*
 * Has the front end closed its end? True as soon as it has, while messages
 * that it sent before may still be unread.
 */
bool vhost_session_is_over(const struct vhost_session *session);

/* Is the ring started and enabled? Only then may it be popped. */
bool vhost_ring_is_active(const struct vhost_ring *ring);

/*
 * Takes the next chain of an active ring. Returns 1 with the chain in @chain,
 * which is then to be given back by vhost_session_push(); 0 when there is
 * none: the driver has been asked to kick when it adds one; -EPROTO when the
 * ring is broken: it has stopped, the front end's error eventfd is signalled,
 * and ->reason says why; -EAGAIN when the front end was asked for
 * translations, ->translation.wants: call again when it has sent something.
 * The chain's ->outcome_unknown tells that it was popped before, by a back end
 * or a session that ended between vhost_session_begin() and
 * vhost_session_push().
 */
int vhost_session_pop(struct vhost_session *session, unsigned int ring,
		      struct chain *chain);

/*
 * No more is to be waited for: the next vhost_session_pop() returns a chain
 * that may be ->unreachable. Returns false if that is of no help, as it is the
 * ring itself that cannot be reached.
 */
bool vhost_session_give_up(struct vhost_session *session, unsigned int ring);

/*
 * Can the ring, and the chain that was popped from it last, still be reached?
 * If not, for want of a translation, the front end is asked. To be called
 * before the guest's memory is touched, whenever a message may have been
 * handled since.
 */
bool vhost_session_reach(struct vhost_session *session, unsigned int ring,
			 const struct chain *chain);

/*
 * The chain, popped from @ring, is about to have effects that cannot be
 * undone. To be called before them, once or more often.
 */
void vhost_session_begin(struct vhost_session *session, unsigned int ring,
			 const struct chain *chain);

/*
 * vring_push(), and a call if the driver wants one. The ring's ->note, 24 bits
 * that are the device's, is kept with it: should this be the last push before
 * a crash, the ring has it again, and ->recovered, when it is next started.
 * A ring that cannot be reached gets the chain back instead: it will be popped
 * again, with an unknown outcome if vhost_session_begin() was called.
 */
void vhost_session_push(struct vhost_session *session, unsigned int ring,
			const struct chain *chain, uint32_t len);

/* Has a file behind guest memory, or ours in it, been cut short? */
bool vhost_session_lost_memory(const struct vhost_session *session);

/* Stops a ring that cannot be used any more, as vhost_session_pop() does. */
void vhost_session_break(struct vhost_session *session, unsigned int ring,
			 const char *why);

/*
 * Stops the ring where it stands, and forgets its kick. The base is then the
 * index at which it can go on.
 */
void vhost_ring_stop(struct vhost_ring *ring);

/*
 * Signals SET_LOG_FD's eventfd if pages were marked; leaves a ->reason, once,
 * if marks were lost.
 */
void vhost_log_tell(struct vhost_session *session);

/*
 * Reads on where a device state comes from: ->state.fd, which is readable. If
 * nobody did, a front end that sends too much could wait for ever.
 */
void vhost_session_read_state(struct vhost_session *session);

/* A ring of which nothing is known, without descriptors. */
void vhost_ring_init(struct vhost_ring *ring);

/* Closes the ring's descriptors. */
void vhost_ring_close_fds(struct vhost_ring *ring);

/* vring_pending(); 0 if the ring cannot be reached. */
uint16_t vhost_ring_pending(const struct vhost_ring *ring);

/*
 * Calls the driver if it wants to hear of what was pushed. Returns 0, or
 * -EINTR when ->call blocked, and was closed: see vhost_signal_fd().
 */
int vhost_ring_call(struct vhost_ring *ring);

/* Signals ->call, whether or not the driver asks for a call. The same. */
int vhost_ring_signal(struct vhost_ring *ring);

/* Takes a kick. Returns 0, or a negative errno when none can come again. */
int vhost_ring_take_kick(struct vhost_ring *ring);

/* The features that are offered: the device's and our own. */
uint64_t vhost_session_offered(const struct vhost_session *session);

#endif
