/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/session/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The steps of a drain: a ring each, then these. Those of a load are the same.
 */
enum {
	STEP_TRANSFER = KEEPER_MAX_RINGS,
	STEP_CHECK,
	STEP_DONE,
};

static void close_pipe(struct keeper_handover *h)
{
	if (h->pipe >= 0)
		close(h->pipe);
	h->pipe = -1;
}

void keeper_handover_begin(struct keeper_handover *h)
{
	close_pipe(h);
	h->step = 0;
	h->failed = false;
}

void keeper_handover_end(struct keeper_handover *h)
{
	keeper_handover_begin(h);
	h->size = 0;
}

/* The back end gets one end of a pipe, which the message then owns. */
static bool make_transfer(struct keeper_handover *h, uint32_t direction,
			  struct keeper_message *m)
{
	bool save = direction == VHOST_USER_STATE_SAVE;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	*m = keeper_message(VHOST_USER_SET_DEVICE_STATE_FD,
			    sizeof(m->payload.transfer));
	m->payload.transfer.direction = direction;
	m->payload.transfer.phase = VHOST_USER_STATE_STOPPED;
	m->fds[m->fd_count++] = save ? ends[1] : ends[0];
	h->pipe = save ? ends[0] : ends[1];
	return true;
}

bool keeper_handover_drain(struct keeper_handover *h,
			   const struct keeper_record *record,
			   struct keeper_message *m)
{
	for (; h->step < STEP_TRANSFER; h->step++) {
		if (!keeper_record_is_started(record, h->step))
			continue;
		*m = keeper_message(VHOST_USER_GET_VRING_BASE,
				    sizeof(m->payload.state));
		m->payload.state.index = h->step;
		m->payload.state.num = KEEPER_FINISH_FIRST;
		return true;
	}
	if (h->step == STEP_TRANSFER &&
	    make_transfer(h, VHOST_USER_STATE_SAVE, m))
		return true;
	if (h->step == STEP_CHECK) {
		*m = keeper_message(VHOST_USER_CHECK_DEVICE_STATE, 0);
		return true;
	}
	h->step = STEP_DONE;
	return false;
}

/* The state is in the pipe. One that may not be whole is not used. */
static void take_state(struct keeper_handover *h)
{
	ssize_t n = read(h->pipe, h->state, sizeof(h->state));

	h->size = n > 0 && (size_t)n < sizeof(h->state) ? (uint32_t)n : 0;
	close_pipe(h);
}

static bool is_error(const struct vhost_msg *reply)
{
	return reply->header.size != sizeof(uint64_t) ||
	       reply->payload.u64 & VHOST_USER_STATE_ERROR;
}

void keeper_handover_drained(struct keeper_handover *h,
			     struct keeper_record *record,
			     const struct vhost_msg *reply)
{
	switch (h->step) {
	case STEP_TRANSFER:
		h->failed = is_error(reply);
		break;
	case STEP_CHECK:
		h->failed = is_error(reply);
		if (!h->failed)
			take_state(h);
		break;
	default:
		h->failed = keeper_record_note_base(record, h->step, reply) < 0;
		break;
	}
	h->step = h->failed ? STEP_DONE : h->step + 1;
}

static bool give_state(struct keeper_handover *h, struct keeper_message *m)
{
	bool given;

	if (!make_transfer(h, VHOST_USER_STATE_LOAD, m))
		return false;
	given = write(h->pipe, h->state, h->size) == (ssize_t)h->size;
	/* The back end reads until the end. */
	close_pipe(h);
	return given;
}

bool keeper_handover_load(struct keeper_handover *h, struct keeper_message *m)
{
	if (!h->size || h->failed)
		return false;
	if (h->step < STEP_TRANSFER)
		h->step = STEP_TRANSFER;
	if (h->step == STEP_TRANSFER)
		return give_state(h, m);
	if (h->step != STEP_CHECK)
		return false;
	*m = keeper_message(VHOST_USER_CHECK_DEVICE_STATE, 0);
	return true;
}

void keeper_handover_loaded(struct keeper_handover *h,
			    const struct vhost_msg *reply)
{
	h->failed = is_error(reply);
	h->step++;
}
