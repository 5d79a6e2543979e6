/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Who has the device: ownership, resets and the device status. */
#include "vhost/request/handlers.h"

/* Stops the rings and closes their descriptors; nothing is set up. */
static void drop_rings(struct vhost_session *s)
{
	vhost_reset_rings(s);
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		vhost_ring_close_fds(&s->rings[i]);
		vhost_ring_init(&s->rings[i], s->waits);
	}
}

void vhost_drop_device(struct vhost_session *s)
{
	drop_rings(s);
	s->features = 0;
	s->status = 0;
	vhost_switch_translation(s);
	vhost_drop_log(s);
	vhost_page_log_set_event(&s->log, -1);
	vhost_drop_inflight(s);
	guest_mem_clear(&s->mem);
	vhost_state_drop(&s->state);
}

/*
 * QEMU keeps the connection when its device is unplugged, sends nothing, and
 * begins a new handshake for the next device. SET_OWNER comes in the middle of
 * that handshake: the protocol features, and a back-end channel, that came
 * earlier in it are the new device's.
 */
int vhost_set_owner(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	if (!s->owned) {
		s->owned = true;
		return 0;
	}
	vhost_drop_device(s);
	vhost_translation_close_old_channel(&s->translation);
	s->renewals++;
	return 0;
}

int vhost_reset_owner(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	vhost_enable_all_rings(s, false);
	return 0;
}

int vhost_reset_device(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	vhost_reset_rings(s);
	s->status = 0;
	return 0;
}

/*
 * The driver wrote the device status field (virtio 1.4, 2.1). Front ends differ
 * in how many of its values they pass on, so rings start and stop by the ring
 * messages alone. 0 is a reset.
 */
int vhost_set_status(struct vhost_session *s, struct vhost_msg *msg)
{
	if (msg->payload.u64 > UINT8_MAX)
		return vhost_refuse(s, "0x%llx is no device status",
				    (unsigned long long)msg->payload.u64);
	s->status = (uint8_t)msg->payload.u64;
	if (!s->status)
		vhost_reset_rings(s);
	return 0;
}

int vhost_get_status(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	s->reply.u64 = s->status;
	s->reply_size = sizeof(s->reply.u64);
	return 0;
}
