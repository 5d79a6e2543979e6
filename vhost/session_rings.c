/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/session_rings.h"

#include "virtio/ring/virtio_wire.h"

#define BIT(n) (1ull << (n))

struct vring_features vhost_ring_features(const struct vhost_session *s)
{
	return (struct vring_features){
		.packed = s->features & BIT(VIRTIO_F_RING_PACKED),
		.indirect = s->features & BIT(VIRTIO_F_INDIRECT_DESC),
		.event_idx = s->features & BIT(VIRTIO_F_EVENT_IDX),
		.on_empty = s->features & BIT(VIRTIO_F_NOTIFY_ON_EMPTY),
	};
}

bool vhost_ring_is_unread(const struct vhost_session *s,
			  const struct vhost_ring *ring)
{
	return ring->origin != VHOST_RING_LOADED &&
	       vhost_inflight_area_has_place(&s->inflight,
					     vhost_ring_features(s).packed,
					     (unsigned int)(ring - s->rings));
}

void vhost_session_signal_log(struct vhost_session *s)
{
	if (vhost_page_log_signal(&s->log) < 0)
		s->fd_blocked = true;
	if (vhost_page_log_lost(&s->log))
		vhost_reason_set(
			&s->reason,
			"the log of dirty pages is too short or was cut short");
}

void vhost_note_blocked_call(struct vhost_session *s,
			     const struct vhost_ring *ring)
{
	s->fd_blocked = true;
	vhost_reason_set(&s->reason,
			 "ring %u: its call descriptor blocks, and was closed",
			 (unsigned int)(ring - s->rings));
}

bool vhost_session_call(struct vhost_session *session, unsigned int index)
{
	struct vhost_ring *ring = &session->rings[index];
	int ret = vhost_ring_owes_call(ring) ? vhost_ring_call(ring) : 0;

	if (ret < 0)
		vhost_note_blocked_call(session, ring);
	return ret > 0;
}

void vhost_quiesce_ring(struct vhost_session *s, const struct vhost_ring *ring)
{
	if (!vhost_ring_is_active(ring))
		return;
	if (s->device->ops->quiesce)
		s->device->ops->quiesce(s->device->opaque,
					(unsigned int)(ring - s->rings));
	vhost_session_call(s, (unsigned int)(ring - s->rings));
	vhost_session_signal_log(s);
}

void vhost_enable_ring(struct vhost_session *s, struct vhost_ring *ring,
		       bool on)
{
	if (!on)
		vhost_quiesce_ring(s, ring);
	ring->enabled = on;
}

void vhost_enable_all_rings(struct vhost_session *s, bool on)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		vhost_enable_ring(s, &s->rings[i], on);
}

void vhost_reset_rings(struct vhost_session *s)
{
	vhost_enable_all_rings(s, false);
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		vhost_ring_reset(&s->rings[i]);
	if (s->device->ops->release)
		s->device->ops->release(s->device->opaque);
	if (s->mem.iotlb)
		vhost_translation_clear(&s->translation);
}

/*
 * A guest can ack LOG_ALL where the front end passes it on, although no log
 * was ever set: both are needed.
 */
void vhost_switch_log(struct vhost_session *s)
{
	bool wanted = s->features & BIT(VHOST_F_LOG_ALL);

	s->mem.log = wanted && s->log.dirty.bits ? &s->log.dirty : NULL;
}

void vhost_drop_log(struct vhost_session *s)
{
	vhost_page_log_close(&s->log);
	vhost_switch_log(s);
}

void vhost_drop_inflight(struct vhost_session *s)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		inflight_untrack(&s->rings[i].inflight);
	vhost_inflight_area_close(&s->inflight);
}

void vhost_session_break(struct vhost_session *s, unsigned int index,
			 const char *why)
{
	struct vhost_ring *ring = &s->rings[index];

	vhost_session_call(s, index);
	if (vhost_ring_break(ring))
		s->breaks++;
	if (vhost_ring_signal_error(ring) < 0)
		s->fd_blocked = true;
	vhost_reason_set(&s->reason, "ring %u is broken, and stopped: %.110s",
			 index, why);
}
