/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/record.h"

/* Entries of a region that we ask for: more than most rings have. */
#define REGION_ENTRIES 256

static bool has_started_ring(const struct keeper_record *record)
{
	for (unsigned int i = 0; i < KEEPER_MAX_RINGS; i++)
		if (keeper_record_is_started(record, i))
			return true;
	return false;
}

/* GET_INFLIGHT_FD, for ring @ring and all that may start after it */
static struct keeper_message region_request(const struct keeper_record *record,
					    uint64_t ring)
{
	struct keeper_message m = keeper_message(VHOST_USER_GET_INFLIGHT_FD,
						 sizeof(m.payload.inflight));
	uint64_t parts = ring + 1;
	uint32_t entries = REGION_ENTRIES;

	if (parts < record->queues && record->queues <= KEEPER_MAX_RINGS)
		parts = record->queues;
	for (unsigned int i = 0; i < KEEPER_MAX_RINGS; i++) {
		const struct keeper_message *num =
			record->slots[keeper_slot_of_ring(i, KEEPER_RING_NUM)];

		if (num && num->payload.state.num > entries)
			entries = num->payload.state.num;
		if (keeper_record_is_started(record, i) && parts <= i)
			parts = i + 1;
	}
	m.payload.inflight.num_queues = (uint16_t)parts;
	m.payload.inflight.queue_size = (uint16_t)entries;
	return m;
}

/* The message at position @at of a replay: the regions follow KEEPER_TABLE. */
static const struct keeper_message *
message_at(const struct keeper_record *record, unsigned int at)
{
	const unsigned int regions = KEEPER_TABLE + 1;

	if (at < regions)
		return record->slots[at];
	at -= regions;
	return at < record->region_count
		       ? record->regions[at]
		       : record->slots[at - record->region_count + regions];
}

/* With what the keeper needs besides, even if the front end sent none. */
static struct keeper_message protocol_message(const struct keeper_record *r,
					      uint64_t extra)
{
	struct keeper_message m = keeper_message(
		VHOST_USER_SET_PROTOCOL_FEATURES, sizeof(m.payload.u64));

	m.payload.u64 = keeper_record_protocol(r) | extra;
	return m;
}

bool keeper_record_replay(const struct keeper_record *record,
			  enum keeper_part part, unsigned int *at,
			  uint64_t extra, struct keeper_message *message)
{
	const unsigned int inflight = KEEPER_INFLIGHT + record->region_count;
	const unsigned int end =
		record->region_count +
		(part == KEEPER_ALL ? KEEPER_SLOTS : KEEPER_RINGS);
	const struct keeper_message *m;

	if (*at == KEEPER_PROTOCOL) {
		++*at;
		*message = protocol_message(record, extra);
		return true;
	}
	for (; *at < end; ++*at) {
		m = message_at(record, *at);
		if (m) {
			++*at;
			*message = *m;
			return true;
		}
		if (*at == inflight && has_started_ring(record)) {
			*message = region_request(record, 0);
			return true;
		}
	}
	return false;
}

/* Returns true if the ring goes on where it stopped. Else it was reset. */
static bool resumes(const struct keeper_record *record, uint64_t ring)
{
	const struct keeper_message *base =
		record->slots[keeper_slot_of_ring(ring, KEEPER_RING_BASE)];

	return base && base->payload.state.num == record->stopped_at[ring];
}

bool keeper_record_lacks_region(const struct keeper_record *record,
				const struct vhost_msg *msg,
				struct keeper_message *get)
{
	const uint64_t ring = msg->payload.u64 & VHOST_USER_VRING_INDEX_MASK;
	const struct keeper_message *have = record->slots[KEEPER_INFLIGHT];
	const struct vhost_wire_inflight *want = &get->payload.inflight;

	if (msg->header.request != VHOST_USER_SET_VRING_KICK ||
	    ring >= KEEPER_MAX_RINGS || has_started_ring(record))
		return false;
	*get = region_request(record, ring);
	if (!have)
		return true;
	if (!record->region_is_ours || record->region_is_unread)
		return false;
	return !resumes(record, ring) ||
	       have->payload.inflight.num_queues < want->num_queues ||
	       have->payload.inflight.queue_size < want->queue_size;
}
