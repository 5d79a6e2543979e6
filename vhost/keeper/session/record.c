/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vhost/wire/peer_fd.h"

#define BIT(n) (1ull << (n))

bool keeper_record_is_started(const struct keeper_record *record,
			      unsigned int ring)
{
	return ring < KEEPER_MAX_RINGS &&
	       record->slots[keeper_slot_of_ring(ring, KEEPER_RING_KICK)];
}

/* Where @msg is kept, if it is one that replaces the one before. */
static int find_slot(const struct vhost_msg *msg)
{
	uint64_t ring = msg->payload.state.index;
	uint64_t fd_ring = msg->payload.u64 & VHOST_USER_VRING_INDEX_MASK;

	switch (msg->header.request) {
	case VHOST_USER_SET_PROTOCOL_FEATURES:
		return KEEPER_PROTOCOL;
	case VHOST_USER_SET_BACKEND_REQ_FD:
		return KEEPER_CHANNEL;
	case VHOST_USER_SET_OWNER:
		return KEEPER_OWNER;
	case VHOST_USER_SET_FEATURES:
		return KEEPER_FEATURES;
	case VHOST_USER_SET_STATUS:
		return KEEPER_STATUS;
	case VHOST_USER_SET_MEM_TABLE:
		return KEEPER_TABLE;
	case VHOST_USER_SET_LOG_BASE:
		return KEEPER_LOG;
	case VHOST_USER_SET_LOG_FD:
		return KEEPER_LOG_EVENT;
	case VHOST_USER_SET_INFLIGHT_FD:
		return KEEPER_INFLIGHT;
	case VHOST_USER_SET_VRING_NUM:
		return keeper_slot_of_ring(ring, KEEPER_RING_NUM);
	case VHOST_USER_SET_VRING_BASE:
	case VHOST_USER_GET_VRING_BASE: /* its reply is the next base */
		return keeper_slot_of_ring(ring, KEEPER_RING_BASE);
	case VHOST_USER_SET_VRING_ADDR:
		return keeper_slot_of_ring(ring, KEEPER_RING_ADDR);
	case VHOST_USER_SET_VRING_CALL:
		return keeper_slot_of_ring(fd_ring, KEEPER_RING_CALL);
	case VHOST_USER_SET_VRING_ERR:
		return keeper_slot_of_ring(fd_ring, KEEPER_RING_ERR);
	case VHOST_USER_SET_VRING_KICK:
		return keeper_slot_of_ring(fd_ring, KEEPER_RING_KICK);
	case VHOST_USER_SET_VRING_ENABLE:
		return keeper_slot_of_ring(ring, KEEPER_RING_ENABLE);
	default:
		return KEEPER_NO_SLOT;
	}
}

static void drop_message(struct keeper_message **at)
{
	struct keeper_message *message = *at;

	for (unsigned int i = 0; message && i < message->fd_count; i++)
		vhost_close_fd(&message->fds[i]);
	free(message);
	*at = NULL;
}

static void drop_slots(struct keeper_record *record, unsigned int from,
		       unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		drop_message(&record->slots[i]);
}

static void drop_regions(struct keeper_record *record)
{
	for (unsigned int i = 0; i < record->region_count; i++)
		drop_message(&record->regions[i]);
	free(record->regions);
	record->regions = NULL;
	record->region_count = 0;
}

/* The same message of all rings. */
static void drop_of_rings(struct keeper_record *record,
			  enum keeper_ring_slot slot)
{
	for (unsigned int i = 0; i < KEEPER_MAX_RINGS; i++)
		drop_message(&record->slots[keeper_slot_of_ring(i, slot)]);
}

/* The driver is reset: its rings are stopped, and begin anew. */
static void reset_rings(struct keeper_record *record)
{
	drop_of_rings(record, KEEPER_RING_KICK);
	drop_of_rings(record, KEEPER_RING_ENABLE);
	drop_of_rings(record, KEEPER_RING_BASE);
	if (record->region_is_ours)
		drop_message(&record->slots[KEEPER_INFLIGHT]);
	record->region_is_unread = false;
}

void keeper_record_init(struct keeper_record *record)
{
	*record = (struct keeper_record){ 0 };
}

void keeper_record_fini(struct keeper_record *record)
{
	drop_slots(record, 0, KEEPER_SLOTS);
	drop_regions(record);
}

uint64_t keeper_record_protocol(const struct keeper_record *record)
{
	const struct keeper_message *m = record->slots[KEEPER_PROTOCOL];

	return m ? m->payload.u64 : 0;
}

static struct keeper_message *make(uint32_t request, size_t size)
{
	struct keeper_message *message = malloc(sizeof(*message));

	if (message)
		*message = keeper_message(request, size);
	return message;
}

/* Moves @msg, with its descriptors, to *@at. */
static int store(struct keeper_message **at, struct vhost_msg *msg)
{
	struct keeper_message *message =
		make(msg->header.request, msg->header.size);

	if (!message)
		return -ENOMEM;
	message->payload = msg->payload;
	for (; message->fd_count < msg->fd_count; message->fd_count++)
		message->fds[message->fd_count] =
			vhost_msg_take_fd(msg, message->fd_count);
	drop_message(at);
	*at = message;
	return 0;
}

static int add_region(struct keeper_record *record,
		      struct keeper_message *message)
{
	struct keeper_message **regions =
		reallocarray(record->regions, record->region_count + 1,
			     sizeof(struct keeper_message *));

	if (!regions) {
		drop_message(&message);
		return -ENOMEM;
	}
	record->regions = regions;
	record->regions[record->region_count++] = message;
	return 0;
}

static int note_region(struct keeper_record *record, struct vhost_msg *msg)
{
	struct keeper_message *message = NULL;
	int ret = store(&message, msg);

	return ret ? ret : add_region(record, message);
}

/* With memory slots, regions of the table can be removed one by one. */
static int split_table(struct keeper_record *record)
{
	struct keeper_message *table = record->slots[KEEPER_TABLE];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < table->fd_count; i++) {
		struct keeper_message *m = make(VHOST_USER_ADD_MEM_REG,
						sizeof(table->payload.mem_reg));

		if (!m)
			return -ENOMEM;
		m->payload.mem_reg.region = table->payload.mem_table.regions[i];
		m->fds[m->fd_count++] = table->fds[i];
		table->fds[i] = -1;
		ret = add_region(record, m);
	}
	drop_message(&record->slots[KEEPER_TABLE]);
	return ret;
}

static int note_table(struct keeper_record *record, struct vhost_msg *msg)
{
	int ret = store(&record->slots[KEEPER_TABLE], msg);

	drop_regions(record);
	if (!ret && keeper_record_protocol(record) &
			    BIT(VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS))
		ret = split_table(record);
	return ret;
}

static void remove_region(struct keeper_record *record,
			  const struct vhost_wire_region *wire)
{
	for (unsigned int i = 0; i < record->region_count; i++) {
		const struct vhost_wire_region *r =
			&record->regions[i]->payload.mem_reg.region;

		if (r->guest_addr != wire->guest_addr ||
		    r->size != wire->size || r->user_addr != wire->user_addr)
			continue;
		drop_message(&record->regions[i]);
		record->regions[i] = record->regions[--record->region_count];
		return;
	}
}

/*
 * Another driver follows on the connection. What came before SET_OWNER in its
 * handshake, protocol features and perhaps a channel, is its own.
 */
static void drop_device(struct keeper_record *record)
{
	if (!record->channel_is_new)
		drop_message(&record->slots[KEEPER_CHANNEL]);
	record->channel_is_new = false;
	drop_slots(record, KEEPER_OWNER, KEEPER_SLOTS);
	drop_regions(record);
	record->region_is_unread = false;
}

/* What a feature that is gone has brought is gone. */
static void note_protocol(struct keeper_record *record, uint64_t features)
{
	uint64_t gone = keeper_record_protocol(record) & ~features;

	if (gone & BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ))
		drop_message(&record->slots[KEEPER_CHANNEL]);
	if (gone & BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD))
		drop_message(&record->slots[KEEPER_LOG]);
	if (gone & BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD) &&
	    !record->region_is_ours)
		drop_message(&record->slots[KEEPER_INFLIGHT]);
	record->channel_is_new = false;
}

int keeper_record_note_base(struct keeper_record *record, unsigned int ring,
			    const struct vhost_msg *reply)
{
	struct keeper_message **base =
		&record->slots[keeper_slot_of_ring(ring, KEEPER_RING_BASE)];

	if (reply->header.size != sizeof(reply->payload.state))
		return -EPROTO;
	drop_message(base);
	*base = make(VHOST_USER_SET_VRING_BASE, sizeof(reply->payload.state));
	if (!*base)
		return -ENOMEM;
	(*base)->payload.state = reply->payload.state;
	record->stopped_at[ring] = reply->payload.state.num;
	return 0;
}

/* GET_VRING_BASE: the ring has stopped, where the reply says. */
static int note_stop(struct keeper_record *record, const struct vhost_msg *msg,
		     const struct vhost_msg *reply)
{
	const unsigned int ring = msg->payload.state.index;

	if (!reply)
		record->region_is_unread |=
			keeper_record_is_started(record, ring);
	drop_message(
		&record->slots[keeper_slot_of_ring(ring, KEEPER_RING_KICK)]);
	if (reply)
		return keeper_record_note_base(record, ring, reply);
	drop_message(
		&record->slots[keeper_slot_of_ring(ring, KEEPER_RING_BASE)]);
	return 0;
}

/* What the message does to others that are kept. */
static void note_effects(struct keeper_record *record,
			 const struct vhost_msg *msg,
			 const struct vhost_msg *reply)
{
	switch (msg->header.request) {
	case VHOST_USER_SET_OWNER:
		if (record->slots[KEEPER_OWNER])
			drop_device(record);
		break;
	case VHOST_USER_SET_PROTOCOL_FEATURES:
		note_protocol(record, msg->payload.u64);
		break;
	case VHOST_USER_SET_BACKEND_REQ_FD:
		record->channel_is_new = true;
		break;
	case VHOST_USER_SET_INFLIGHT_FD:
		record->region_is_ours = record->region_is_unread = false;
		break;
	case VHOST_USER_GET_INFLIGHT_FD: /* the back end uses it at once */
		if (record->region_is_ours)
			drop_message(&record->slots[KEEPER_INFLIGHT]);
		break;
	case VHOST_USER_SET_VRING_KICK:
		record->region_is_unread = false;
		break;
	case VHOST_USER_RESET_OWNER:
		drop_of_rings(record, KEEPER_RING_ENABLE);
		break;
	case VHOST_USER_SET_STATUS:
		if (!msg->payload.u64)
			reset_rings(record);
		break;
	case VHOST_USER_RESET_DEVICE:
		reset_rings(record);
		drop_message(&record->slots[KEEPER_STATUS]);
		break;
	case VHOST_USER_REM_MEM_REG:
		remove_region(record, &msg->payload.mem_reg.region);
		break;
	case VHOST_USER_GET_QUEUE_NUM:
		record->queues = reply ? reply->payload.u64 : 0;
		break;
	}
}

int keeper_record_note(struct keeper_record *record, struct vhost_msg *msg,
		       const struct vhost_msg *reply)
{
	int slot = find_slot(msg);

	note_effects(record, msg, reply);
	if (msg->header.request == VHOST_USER_ADD_MEM_REG)
		return note_region(record, msg);
	if (slot == KEEPER_NO_SLOT)
		return 0;
	if (msg->header.request == VHOST_USER_SET_MEM_TABLE)
		return note_table(record, msg);
	if (msg->header.request == VHOST_USER_GET_VRING_BASE)
		return note_stop(record, msg, reply);
	if (keeper_record_stops(msg)) {
		drop_message(&record->slots[slot]);
		return 0;
	}
	return store(&record->slots[slot], msg);
}

bool keeper_record_stops(const struct vhost_msg *msg)
{
	const uint32_t size = msg->header.size;

	switch (msg->header.request) {
	case VHOST_USER_GET_VRING_BASE:
		return size == sizeof(msg->payload.state) && !msg->fd_count;
	case VHOST_USER_RESET_DEVICE:
	case VHOST_USER_RESET_OWNER:
		return !size;
	case VHOST_USER_REM_MEM_REG:
		return size == sizeof(msg->payload.mem_reg);
	case VHOST_USER_SET_VRING_ENABLE:
		return size == sizeof(msg->payload.state) &&
		       !msg->payload.state.num;
	case VHOST_USER_SET_STATUS:
		return size == sizeof(msg->payload.u64) && !msg->payload.u64;
	default:
		return false;
	}
}

int keeper_record_take_region(struct keeper_record *record,
			      struct vhost_msg *reply)
{
	int ret;

	if (reply->header.size < VHOST_WIRE_INFLIGHT_LEAST || !reply->fd_count)
		return -EPROTO;
	ret = store(&record->slots[KEEPER_INFLIGHT], reply);
	if (ret)
		return ret;
	record->slots[KEEPER_INFLIGHT]->header.request =
		VHOST_USER_SET_INFLIGHT_FD;
	record->region_is_ours = true;
	record->region_is_unread = false;
	return 0;
}
