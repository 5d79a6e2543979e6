/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/answers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vhost/wire/peer_fd.h"
#include "vhost/wire/requests.h"

#define BIT(n) (1ull << (n))

void keeper_relay_init(struct keeper_relay *relay, int front, uint64_t hidden,
		       uint64_t now)
{
	*relay = (struct keeper_relay){
		.hidden = hidden,
		.alone_since = now,
		.handover.pipe = -1,
	};
	vhost_sock_init(&relay->front, front);
	keeper_record_init(&relay->record);
}

void keeper_relay_fini(struct keeper_relay *relay)
{
	if (relay->stage != KEEPER_DETACHED)
		vhost_sock_fini(&relay->back);
	vhost_sock_fini(&relay->front);
	keeper_record_fini(&relay->record);
	keeper_handover_end(&relay->handover);
}

static void enter(struct keeper_relay *relay, enum keeper_stage stage,
		  uint64_t now)
{
	relay->stage = stage;
	relay->since = now;
}

/* Returns true if no back end has got as far as to take a message. */
static bool is_alone(const struct keeper_relay *relay)
{
	return relay->stage == KEEPER_DETACHED ||
	       relay->stage == KEEPER_REPLAYING ||
	       relay->stage == KEEPER_LOADING;
}

void keeper_relay_detach(struct keeper_relay *relay, uint64_t now)
{
	if (relay->stage == KEEPER_DETACHED)
		return;
	vhost_sock_fini(&relay->back);
	if (!is_alone(relay))
		relay->alone_since = now;
	relay->deaths += relay->stage == KEEPER_FORWARDED ||
			 relay->stage == KEEPER_PREPARING;
	enter(relay, KEEPER_DETACHED, now);
}

/* A back end that does not take a message is as good as dead. */
static void send_back(struct keeper_relay *relay, enum keeper_stage stage,
		      const struct keeper_message *message, uint64_t now)
{
	enter(relay, stage, now);
	relay->expected = message->header.request;
	if (vhost_sock_send(&relay->back, &message->header, &message->payload,
			    message->fds, message->fd_count) < 0)
		keeper_relay_detach(relay, now);
}

static void forward(struct keeper_relay *relay, uint64_t now)
{
	const struct vhost_msg *msg = &relay->front.msg;
	struct keeper_message m = {
		.header = msg->header,
		.payload = msg->payload,
		.fd_count = msg->fd_count,
	};

	memcpy(m.fds, msg->fds, sizeof(m.fds));
	m.header.flags |= VHOST_USER_NEED_REPLY;
	if (m.header.request == VHOST_USER_SET_PROTOCOL_FEATURES)
		m.payload.u64 |= KEEPER_NEEDED;
	send_back(relay, KEEPER_FORWARDED, &m, now);
}

/*
 * Returns true if the message came incomplete, or acks a protocol feature that
 * the front end was not offered.
 */
static bool is_unfit(const struct keeper_relay *relay)
{
	const struct vhost_msg *msg = &relay->front.msg;

	if (msg->fds_lost || msg->too_long)
		return true;
	return msg->header.request == VHOST_USER_SET_PROTOCOL_FEATURES &&
	       msg->payload.u64 & relay->hidden;
}

/*
 * Part of a state that was being moved may be lost with a back end: the front
 * end has to begin that again.
 */
static bool is_hopeless(const struct keeper_relay *relay)
{
	return relay->deaths >= KEEPER_MAX_DEATHS ||
	       (relay->deaths && relay->front.msg.header.request ==
					 VHOST_USER_SET_DEVICE_STATE_FD);
}

/* Sends a message of the handover, whose descriptor is its own. */
static void send_handover(struct keeper_relay *relay, enum keeper_stage stage,
			  const struct keeper_message *message, uint64_t now)
{
	send_back(relay, stage, message, now);
	if (message->fd_count)
		close(message->fds[0]);
}

static void go_on_draining(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message message;

	if (keeper_handover_drain(&relay->handover, &relay->record, &message)) {
		send_handover(relay, KEEPER_DRAINING, &message, now);
		return;
	}
	enter(relay, KEEPER_DRAINED, now);
}

/* Gives the back end, which has nothing to do, the front end's message. */
static int proceed(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message get;

	if (relay->stage != KEEPER_READY)
		return 0;
	if (relay->drains) {
		keeper_handover_begin(&relay->handover);
		go_on_draining(relay, now);
		return 0;
	}
	if (!relay->pending_since)
		return 0;
	if (is_unfit(relay)) {
		vhost_reason_set(
			&relay->reason, "%s refused: it cannot be passed on",
			vhost_request_name(relay->front.msg.header.request));
		return keeper_answer_refuse(relay);
	}
	if (is_hopeless(relay))
		return keeper_answer_alone(relay);
	if (keeper_record_lacks_region(&relay->record, &relay->front.msg, &get))
		send_back(relay, KEEPER_PREPARING, &get, now);
	else
		forward(relay, now);
	return 0;
}

static int replay_rings(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message message;

	if (keeper_record_replay(&relay->record, KEEPER_ALL, &relay->replay_at,
				 KEEPER_NEEDED, &message)) {
		send_back(relay, KEEPER_REPLAYING, &message, now);
		return 0;
	}
	enter(relay, KEEPER_READY, now);
	return proceed(relay, now);
}

/* A ring that starts may do more than the state that was loaded knows of. */
static int begin_rings(struct keeper_relay *relay, uint64_t now)
{
	keeper_handover_end(&relay->handover);
	return replay_rings(relay, now);
}

/* A back end on trial has to have the config space of the one before. */
static void compare(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message message =
		keeper_message(VHOST_USER_GET_CONFIG, relay->config_size);

	message.payload.config = relay->config;
	send_back(relay, KEEPER_LOADING, &message, now);
}

static int load(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message message;

	if (keeper_handover_load(&relay->handover, &message)) {
		send_handover(relay, KEEPER_LOADING, &message, now);
		return 0;
	}
	if (!relay->gated)
		return begin_rings(relay, now);
	enter(relay, KEEPER_GATED, now);
	return 0;
}

static int replay(struct keeper_relay *relay, uint64_t now)
{
	struct keeper_message message;

	if (keeper_record_replay(&relay->record, KEEPER_BEFORE_RINGS,
				 &relay->replay_at, KEEPER_NEEDED, &message)) {
		send_back(relay, KEEPER_REPLAYING, &message, now);
		return 0;
	}
	if (!relay->gated || !relay->config_size)
		return load(relay, now);
	compare(relay, now);
	return 0;
}

void keeper_relay_attach(struct keeper_relay *relay, int back, bool gated,
			 uint64_t now)
{
	vhost_sock_init(&relay->back, back);
	relay->answered = relay->drains = relay->misfit = false;
	relay->gated = gated;
	relay->replay_at = 0;
	keeper_handover_begin(&relay->handover);
	replay(relay, now);
}

void keeper_relay_drain(struct keeper_relay *relay, uint64_t now)
{
	relay->drains = true;
	proceed(relay, now);
}

void keeper_relay_open_gate(struct keeper_relay *relay, uint64_t now)
{
	relay->gated = false;
	if (relay->stage == KEEPER_GATED)
		begin_rings(relay, now);
}

bool keeper_relay_wants_front(const struct keeper_relay *relay)
{
	return !relay->pending_since;
}

/*
 * A process that is started closes what it inherits, and would block: such
 * files are not kept, not even with half a message. No back end takes them.
 */
static void drop_blocking(struct vhost_msg *msg)
{
	for (unsigned int i = 0; i < msg->fd_count; i++) {
		if (msg->fds[i] < 0 || !vhost_close_may_block(msg->fds[i]))
			continue;
		vhost_close_fd(&msg->fds[i]);
		msg->fds_lost = true;
	}
}

int keeper_relay_read_front(struct keeper_relay *relay, uint64_t now)
{
	int ret = vhost_sock_recv(&relay->front);

	drop_blocking(&relay->front.msg);
	if (ret <= 0)
		return ret;
	relay->pending_since = now;
	relay->deaths = 0;
	return proceed(relay, now);
}

/* A region that the back end has made is set, as a front end would do. */
static int take_region(struct keeper_relay *relay)
{
	if (relay->expected != VHOST_USER_GET_INFLIGHT_FD)
		return 0;
	return keeper_record_take_region(&relay->record, &relay->back.msg);
}

static int go_on_preparing(struct keeper_relay *relay, uint64_t now)
{
	if (relay->expected == VHOST_USER_GET_INFLIGHT_FD) {
		if (take_region(relay) < 0) {
			enter(relay, KEEPER_READY, now);
			vhost_reason_set(&relay->reason,
					 "the back end gives no inflight "
					 "region: the ring cannot be kept");
			return keeper_answer_refuse(relay);
		}
		send_back(relay, KEEPER_PREPARING,
			  relay->record.slots[KEEPER_INFLIGHT], now);
		return 0;
	}
	forward(relay, now);
	return 0;
}

/* Returns true if messages of rings are being replayed. */
static bool is_at_rings(const struct keeper_relay *relay)
{
	return relay->replay_at > KEEPER_RINGS + relay->record.region_count;
}

static int go_on_replaying(struct keeper_relay *relay, uint64_t now)
{
	if (take_region(relay) < 0) {
		vhost_reason_set(&relay->reason,
				 "the back end gives no inflight region");
		keeper_relay_detach(relay, now);
		return 0;
	}
	if (!keeper_answer_accepts(relay, relay->expected)) {
		relay->misfit = true;
		vhost_reason_set(&relay->reason,
				 "the back end refuses %s, which the one "
				 "before accepted",
				 vhost_request_name(relay->expected));
	}
	return is_at_rings(relay) ? replay_rings(relay, now)
				  : replay(relay, now);
}

static void take_load(struct keeper_relay *relay)
{
	const struct vhost_msg *reply = &relay->back.msg;

	if (relay->expected != VHOST_USER_GET_CONFIG) {
		keeper_handover_loaded(&relay->handover, reply);
		if (relay->handover.failed)
			vhost_reason_set(
				&relay->reason,
				"the back end does not take the "
				"device's state: a message may be cut");
		return;
	}
	if (reply->header.size == relay->config_size &&
	    !memcmp(&reply->payload.config, &relay->config, relay->config_size))
		return;
	relay->misfit = true;
	vhost_reason_set(&relay->reason,
			 "the back end has another config space");
}

static int take_answer(struct keeper_relay *relay, uint64_t now)
{
	int ret;

	relay->answered = true;
	switch (relay->stage) {
	case KEEPER_REPLAYING:
		return go_on_replaying(relay, now);
	case KEEPER_PREPARING:
		return go_on_preparing(relay, now);
	case KEEPER_DRAINING:
		keeper_handover_drained(&relay->handover, &relay->record,
					&relay->back.msg);
		go_on_draining(relay, now);
		return 0;
	case KEEPER_LOADING:
		take_load(relay);
		return load(relay, now);
	case KEEPER_FORWARDED:
		ret = keeper_answer_pass(relay);
		break;
	default: /* KEEPER_PINGED */
		ret = 0;
		break;
	}
	enter(relay, KEEPER_READY, now);
	return ret ? ret : proceed(relay, now);
}

bool keeper_relay_waits(const struct keeper_relay *relay)
{
	return relay->stage != KEEPER_DETACHED &&
	       relay->stage != KEEPER_READY && relay->stage != KEEPER_DRAINED &&
	       relay->stage != KEEPER_GATED;
}

int keeper_relay_read_back(struct keeper_relay *relay, uint64_t now)
{
	int ret = vhost_sock_recv(&relay->back);

	if (!ret)
		return 0;
	if (ret < 0 || !keeper_relay_waits(relay) ||
	    relay->back.msg.header.request != relay->expected) {
		keeper_relay_detach(relay, now);
		return 0;
	}
	ret = take_answer(relay, now);
	if (relay->stage != KEEPER_DETACHED)
		vhost_sock_next(&relay->back);
	return ret;
}

/* How long the back end may be silent in this stage. */
static uint64_t patience(const struct keeper_relay *relay,
			 const struct keeper_limits *limits)
{
	if (!keeper_relay_waits(relay))
		return limits->ping_ns;
	return relay->answered ? limits->hang_ns : limits->accept_ns;
}

/*
 * When the front end's message has waited long enough for a back end. Without
 * one, no message waits when one has; but a back end that is being told the
 * session has that long with each.
 */
static uint64_t answer_at(const struct keeper_relay *relay,
			  const struct keeper_limits *limits)
{
	uint64_t since = relay->alone_since;

	if (!relay->pending_since || !is_alone(relay))
		return UINT64_MAX;
	if (relay->stage != KEEPER_DETACHED && since < relay->pending_since)
		since = relay->pending_since;
	return since + limits->answer_ns;
}

uint64_t keeper_relay_deadline(const struct keeper_relay *relay,
			       const struct keeper_limits *limits)
{
	const uint64_t answer = answer_at(relay, limits);
	const uint64_t silence = relay->since + patience(relay, limits);

	if (relay->stage == KEEPER_DETACHED || answer < silence)
		return answer;
	return silence;
}

static void ping(struct keeper_relay *relay, uint64_t now)
{
	const struct keeper_message message =
		keeper_message(VHOST_USER_GET_PROTOCOL_FEATURES, 0);

	send_back(relay, KEEPER_PINGED, &message, now);
}

int keeper_relay_tick(struct keeper_relay *relay,
		      const struct keeper_limits *limits, uint64_t now)
{
	if (now < keeper_relay_deadline(relay, limits))
		return 0;
	if (now >= answer_at(relay, limits)) {
		/* What was told is not what will have been set up. */
		keeper_relay_detach(relay, now);
		return keeper_answer_alone(relay);
	}
	if (keeper_relay_waits(relay))
		return -ETIMEDOUT;
	if (relay->stage == KEEPER_READY)
		ping(relay, now);
	else
		relay->since = now;
	return 0;
}
