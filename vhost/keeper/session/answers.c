/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/answers.h"

#include "vhost/wire/requests.h"

#define BIT(n) (1ull << (n))

/* The message of the front end is done. */
static int finish(struct keeper_relay *relay, int ret)
{
	vhost_sock_next(&relay->front);
	relay->pending_since = 0;
	return ret;
}

/* Returns true if the front end waits for an answer to its message. */
static bool has_answer(const struct keeper_relay *relay)
{
	const struct vhost_wire_header *h = &relay->front.msg.header;
	uint64_t protocol = keeper_record_protocol(&relay->record);

	return vhost_request_has_reply(h->request, protocol) ||
	       h->request == VHOST_USER_IOTLB_MSG ||
	       (h->flags & VHOST_USER_NEED_REPLY &&
		protocol & BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK));
}

static int send_u64(struct keeper_relay *relay, uint64_t value)
{
	return vhost_sock_reply(&relay->front, relay->front.msg.header.request,
				&value, sizeof(value));
}

int keeper_answer_refuse(struct keeper_relay *relay)
{
	uint32_t request = relay->front.msg.header.request;
	int ret = 0;

	if (request == VHOST_USER_SET_DEVICE_STATE_FD ||
	    request == VHOST_USER_CHECK_DEVICE_STATE)
		ret = send_u64(relay,
			       VHOST_USER_STATE_ERROR | VHOST_USER_STATE_NO_FD);
	else if (vhost_request_has_reply(
			 request, keeper_record_protocol(&relay->record)))
		ret = vhost_sock_reply(&relay->front, request, NULL, 0);
	else if (has_answer(relay))
		ret = send_u64(relay, 1);
	return finish(relay, ret);
}

/* Sends the last reply to GET_CONFIG, if it was for the same bytes. */
static int send_known_config(struct keeper_relay *relay)
{
	const struct vhost_wire_config *want = &relay->front.msg.payload.config;

	if (!relay->config_size || want->offset != relay->config.offset ||
	    want->size != relay->config.size)
		return keeper_answer_refuse(relay);
	return finish(relay,
		      vhost_sock_reply(&relay->front, VHOST_USER_GET_CONFIG,
				       &relay->config, relay->config_size));
}

int keeper_answer_alone(struct keeper_relay *relay)
{
	struct vhost_msg *msg = &relay->front.msg;
	uint32_t request = msg->header.request;

	if (!has_answer(relay))
		return finish(relay,
			      keeper_record_note(&relay->record, msg, NULL));

	vhost_reason_set(&relay->reason, "%s was answered without the back end",
			 vhost_request_name(request));
	if (keeper_record_stops(msg)) {
		keeper_record_note(&relay->record, msg, NULL);
		if (request == VHOST_USER_GET_VRING_BASE)
			return keeper_answer_refuse(relay);
		return finish(relay, send_u64(relay, 0));
	}
	if (request == VHOST_USER_GET_CONFIG)
		return send_known_config(relay);
	if (request < KEEPER_KNOWN && relay->is_known & BIT(request))
		return finish(relay, send_u64(relay, relay->known[request]));
	return keeper_answer_refuse(relay);
}

bool keeper_answer_accepts(const struct keeper_relay *relay, uint32_t request)
{
	const struct vhost_msg *reply = &relay->back.msg;
	uint64_t protocol = keeper_record_protocol(&relay->record) |
			    KEEPER_NEEDED;

	if (reply->too_long || reply->fds_lost)
		return false;
	if (request == VHOST_USER_SET_DEVICE_STATE_FD ||
	    request == VHOST_USER_CHECK_DEVICE_STATE)
		return true;
	if (vhost_request_has_reply(request, protocol))
		return reply->header.size;
	return reply->header.size == sizeof(uint64_t) && !reply->payload.u64;
}

/* Remembers a reply that can be given again. */
static void note_reply(struct keeper_relay *relay, uint32_t request)
{
	const struct vhost_msg *reply = &relay->back.msg;

	if (request == VHOST_USER_GET_CONFIG) {
		relay->config = reply->payload.config;
		relay->config_size = reply->header.size;
	} else if (request < KEEPER_KNOWN &&
		   reply->header.size == sizeof(uint64_t) &&
		   vhost_request_has_reply(request, 0)) {
		relay->known[request] = reply->payload.u64;
		relay->is_known |= BIT(request);
	}
}

int keeper_answer_pass(struct keeper_relay *relay)
{
	struct vhost_msg *msg = &relay->front.msg;
	struct vhost_msg *reply = &relay->back.msg;
	uint32_t request = msg->header.request;
	int ret = 0;

	if (request == VHOST_USER_GET_PROTOCOL_FEATURES)
		reply->payload.u64 &= ~relay->hidden;
	if (keeper_answer_accepts(relay, request)) {
		note_reply(relay, request);
		if (keeper_record_note(&relay->record, msg, reply) < 0)
			vhost_reason_set(&relay->reason,
					 "out of memory: %s is not remembered",
					 vhost_request_name(request));
	} else if (request == VHOST_USER_GET_VRING_BASE &&
		   keeper_record_stops(msg)) {
		/* The ring has stopped, though its base is unknown. */
		keeper_record_note(&relay->record, msg, NULL);
	}
	if (has_answer(relay))
		ret = vhost_sock_send(&relay->front, &reply->header,
				      &reply->payload, reply->fds,
				      reply->fd_count);
	return finish(relay, ret);
}
