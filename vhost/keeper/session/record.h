/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a front end has set up: the messages that a back end has accepted and
 * that still count. The keeper replays them to the next back end.
 *
 * Which requests the back end was running is in the inflight region. A front
 * end that keeps none knows nothing of it: then the keeper has one made before
 * the first ring starts. (vhost-user: Inflight I/O tracking)
 */
#ifndef KEEPER_RECORD_H
#define KEEPER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost/wire/sock.h"
#include "vhost/wire/wire.h"

#define KEEPER_MAX_RINGS 16

/* A message to a back end. Who made it owns its descriptors. */
struct keeper_message {
	struct vhost_wire_header header; /* asks for an answer */
	union vhost_wire_payload payload;
	int fds[VHOST_USER_MAX_FDS];
	unsigned int fd_count;
};

/* Returns a message that asks for an answer; its payload is zero. */
static inline struct keeper_message keeper_message(uint32_t request,
						   size_t size)
{
	return (struct keeper_message){
		.header.request = request,
		.header.flags = VHOST_USER_VERSION | VHOST_USER_NEED_REPLY,
		.header.size = (uint32_t)size,
	};
}

/* Messages of a ring, in the order in which they are replayed. */
enum keeper_ring_slot {
	KEEPER_RING_NUM,
	KEEPER_RING_BASE,
	KEEPER_RING_ADDR,
	KEEPER_RING_CALL,
	KEEPER_RING_ERR,
	KEEPER_RING_KICK, /* while the ring is started */
	KEEPER_RING_ENABLE,
	KEEPER_RING_SLOTS,
};

/* The messages that count, in the order in which they are replayed. */
enum keeper_slot {
	KEEPER_PROTOCOL,
	KEEPER_CHANNEL,
	KEEPER_OWNER,
	KEEPER_FEATURES,
	KEEPER_STATUS,
	KEEPER_TABLE, /* then ->regions */
	KEEPER_LOG,
	KEEPER_LOG_EVENT,
	KEEPER_INFLIGHT,
	KEEPER_RINGS,
	KEEPER_SLOTS = KEEPER_RINGS + KEEPER_MAX_RINGS * KEEPER_RING_SLOTS,
};

#define KEEPER_NO_SLOT (-1)

/* Where a message of ring @ring is kept; KEEPER_NO_SLOT: there is no such ring.
 */
static inline int keeper_slot_of_ring(uint64_t ring, enum keeper_ring_slot slot)
{
	if (ring >= KEEPER_MAX_RINGS)
		return KEEPER_NO_SLOT;
	return (int)(KEEPER_RINGS + ring * KEEPER_RING_SLOTS + slot);
}

struct keeper_record {
	struct keeper_message *slots[KEEPER_SLOTS]; /* owned, or NULL */
	struct keeper_message **regions;	    /* owned: ADD_MEM_REG */
	unsigned int region_count;
	uint64_t queues;     /* the reply to GET_QUEUE_NUM; 0: not asked */
	bool channel_is_new; /* it came after the last SET_PROTOCOL_FEATURES */
	bool region_is_ours; /* the keeper had KEEPER_INFLIGHT's made */
	bool region_is_unread; /* only the region says where a ring stopped */
	uint32_t stopped_at[KEEPER_MAX_RINGS]; /* GET_VRING_BASE's reply */
};

/* Nothing is set up. */
void keeper_record_init(struct keeper_record *record);

/* Frees all messages, and closes their descriptors. */
void keeper_record_fini(struct keeper_record *record);

/* The protocol features that the front end acked. */
uint64_t keeper_record_protocol(const struct keeper_record *record);

/*
 * The front end's message @msg is done. @reply is the back end's answer; NULL:
 * it died, or does not know where a ring was, and what @msg stops has stopped.
 * Takes the descriptors of @msg that are to be kept. Returns 0, or -ENOMEM: the
 * record is incomplete.
 */
int keeper_record_note(struct keeper_record *record, struct vhost_msg *msg,
		       const struct vhost_msg *reply);

/* Returns true if ring @ring is to run. */
bool keeper_record_is_started(const struct keeper_record *record,
			      unsigned int ring);

/*
 * Notes where ring @ring has stopped, by the reply to GET_VRING_BASE, for the
 * back end in which it is to start next. Returns 0, -EPROTO or -ENOMEM.
 */
int keeper_record_note_base(struct keeper_record *record, unsigned int ring,
			    const struct vhost_msg *reply);

/*
 * Returns true if @msg is well-formed, and all that it wants is that something
 * stops: a back end that has died has done that.
 */
bool keeper_record_stops(const struct vhost_msg *msg);

/* Which part of a replay */
enum keeper_part {
	KEEPER_BEFORE_RINGS,
	KEEPER_ALL,
};

/*
 * Copies message *@at of the replay to @message, and makes *@at that of the
 * next one. @extra are protocol features that the keeper needs. Returns false
 * when there are no more in this @part. GET_INFLIGHT_FD asks for a region, and
 * comes again until keeper_record_take_region() was given one.
 */
bool keeper_record_replay(const struct keeper_record *record,
			  enum keeper_part part, unsigned int *at,
			  uint64_t extra, struct keeper_message *message);

/*
 * Returns true if @msg starts the first ring, and there is no region for it, or
 * one that is about the ring as it was before a reset. Fills in the message
 * that asks the back end for one.
 */
bool keeper_record_lacks_region(const struct keeper_record *record,
				const struct vhost_msg *msg,
				struct keeper_message *get);

/*
 * Takes the region of the reply to that: KEEPER_INFLIGHT. Returns 0; -EPROTO if
 * the reply has none; or -ENOMEM.
 */
int keeper_record_take_region(struct keeper_record *record,
			      struct vhost_msg *reply);

#endif
