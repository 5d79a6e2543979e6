/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that transfer the device's own state. */
#include "vhost/request/handlers.h"

/* Returns true if the device does not know what its rings did last. */
static bool is_behind(const struct vhost_session *s)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		if (vhost_ring_is_unread(s, &s->rings[i]))
			return true;
	return false;
}

static int begin(struct vhost_session *s,
		 const struct vhost_wire_state_transfer *t, int fd)
{
	if (t->direction > VHOST_USER_STATE_LOAD ||
	    t->phase != VHOST_USER_STATE_STOPPED) {
		vhost_state_drop(&s->state);
		vhost_close_fd(&fd);
		return vhost_refuse(s, "direction %u, phase %u", t->direction,
				    t->phase);
	}
	if (t->direction == VHOST_USER_STATE_SAVE && is_behind(s)) {
		vhost_state_drop(&s->state);
		vhost_close_fd(&fd);
		return vhost_refuse(s, "the inflight region was not read yet");
	}
	if (t->direction == VHOST_USER_STATE_SAVE)
		return vhost_state_save(&s->state, s->device, fd, &s->reason);
	return vhost_state_load(&s->state, fd, &s->reason);
}

int vhost_set_device_state_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	int fd = vhost_msg_take_fd(msg, 0);

	if (fd < 0) {
		vhost_state_drop(&s->state);
		return vhost_refuse(s, "comes without a descriptor");
	}
	s->reply.u64 = VHOST_USER_STATE_NO_FD;
	s->reply_size = sizeof(s->reply.u64);
	return begin(s, &msg->payload.transfer, fd);
}

/* Applies the state. The rings resume, wherever they start next. */
static int apply(struct vhost_session *s)
{
	int ret = vhost_state_apply(&s->state, s->device, &s->reason);

	for (unsigned int i = 0; !ret && i < s->device->ring_count; i++)
		vhost_ring_loaded(&s->rings[i]);
	return ret;
}

int vhost_check_device_state(struct vhost_session *s, struct vhost_msg *msg)
{
	int ret = 0;

	(void)msg;
	switch (s->state.stage) {
	case VHOST_STATE_NONE:
		ret = vhost_refuse(s, "no state was transferred");
		break;
	case VHOST_STATE_LOADING:
		ret = apply(s);
		break;
	case VHOST_STATE_SAVED:
		/* Without marks the destination would get stale pages. */
		if (s->log.dirty.lost)
			ret = vhost_refuse(s, "dirty pages were not logged");
		break;
	case VHOST_STATE_LOADED:
		break;
	}
	s->reply.u64 = 0;
	s->reply_size = sizeof(s->reply.u64);
	return ret;
}
