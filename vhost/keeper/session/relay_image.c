/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/relay_image.h"

#include <stdlib.h>

/* Regions of memory, at most: more than a back end takes. */
#define REGIONS_MAX 4096

/* Bytes of a payload that is being received, at most */
#define PAYLOAD_MAX (64u << 10)

static void image_fds(struct image *image, int fds[VHOST_USER_MAX_FDS],
		      unsigned int *count)
{
	image_u32(image, count, VHOST_USER_MAX_FDS);
	for (unsigned int i = 0; i < *count; i++)
		image_fd(image, &fds[i]);
}

static void image_message(struct image *image, struct keeper_message *message)
{
	uint32_t size = message->header.size;

	image_u32(image, &message->header.request, UINT32_MAX);
	image_u32(image, &message->header.flags, UINT32_MAX);
	image_u32(image, &size, sizeof(message->payload));
	message->header.size = size;
	image_data(image, &message->payload, size);
	image_fds(image, message->fds, &message->fd_count);
}

/* A message that may be there */
static void image_slot(struct image *image, struct keeper_message **slot)
{
	bool there = !image->reads && *slot;

	image_flag(image, &there);
	if (!there)
		return;
	if (image->reads)
		*slot = calloc(1, sizeof(**slot));
	if (*slot)
		image_message(image, *slot);
	else
		image_reject(image);
}

static void image_regions(struct image *image, struct keeper_record *record)
{
	uint32_t count = record->region_count;

	image_u32(image, &count, REGIONS_MAX);
	if (image->reads && count) {
		record->regions =
			calloc(count, sizeof(struct keeper_message *));
		if (!record->regions) {
			image_reject(image);
			return;
		}
	}
	record->region_count = count;
	for (uint32_t i = 0; i < count; i++) {
		image_slot(image, &record->regions[i]);
		if (!record->regions[i])
			image_reject(image);
	}
}

static void image_record(struct image *image, struct keeper_record *record)
{
	for (unsigned int i = 0; i < KEEPER_SLOTS; i++)
		image_slot(image, &record->slots[i]);
	image_regions(image, record);
	image_u64(image, &record->queues);
	image_flag(image, &record->channel_is_new);
	image_flag(image, &record->region_is_ours);
	image_flag(image, &record->region_is_unread);
	image_data(image, record->stopped_at, sizeof(record->stopped_at));
}

/* Returns true if so many bytes of the message can have come. */
static bool can_have(const struct vhost_msg *msg, size_t have)
{
	const size_t head = sizeof(msg->header);

	return have < head || (msg->header.size <= PAYLOAD_MAX &&
			       have - head <= msg->header.size);
}

static void image_sock(struct image *image, struct vhost_sock *sock)
{
	uint32_t have = (uint32_t)sock->have;

	image_fd(image, &sock->fd);
	image_data(image, &sock->msg.header, sizeof(sock->msg.header));
	image_data(image, &sock->msg.payload, sizeof(sock->msg.payload));
	image_fds(image, sock->msg.fds, &sock->msg.fd_count);
	image_flag(image, &sock->msg.fds_lost);
	image_flag(image, &sock->msg.too_long);
	image_u32(image, &have, UINT32_MAX);
	sock->have = have;
	if (!can_have(&sock->msg, have))
		image_reject(image);
}

static void image_handover(struct image *image,
			   struct keeper_handover *handover)
{
	if (image->reads)
		handover->pipe = -1;
	image_u32(image, &handover->size, sizeof(handover->state));
	image_data(image, handover->state, handover->size);
}

/* Replies that can be given again */
static void image_replies(struct image *image, struct keeper_relay *relay)
{
	image_data(image, relay->known, sizeof(relay->known));
	image_u64(image, &relay->is_known);
	image_u32(image, &relay->config_size, sizeof(relay->config));
	image_data(image, &relay->config, relay->config_size);
}

void keeper_relay_image(struct image *image, struct keeper_relay *relay,
			enum keeper_image_kind kind)
{
	uint32_t stage = kind == KEEPER_IMAGE_ALL ? relay->stage
						  : KEEPER_DETACHED;

	if (image->reads)
		*relay = (struct keeper_relay){ .front.fd = -1 };
	image_u32(image, &stage, KEEPER_GATED);
	if (image->reads)
		relay->stage = (enum keeper_stage)stage;
	image_sock(image, &relay->front);
	if (stage != KEEPER_DETACHED)
		image_sock(image, &relay->back);
	image_u64(image, &relay->since);
	image_flag(image, &relay->answered);
	image_u64(image, &relay->alone_since);
	image_u64(image, &relay->pending_since);
	image_u32(image, &relay->deaths, UINT32_MAX);
	image_record(image, &relay->record);
	image_handover(image, &relay->handover);
	image_u64(image, &relay->hidden);
	image_replies(image, relay);
	if (relay->front.fd < 0 ||
	    (stage != KEEPER_DETACHED && relay->back.fd < 0))
		image_reject(image);
}
