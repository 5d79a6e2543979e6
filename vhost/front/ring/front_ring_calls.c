/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * When the device has to notify a driver that sleeps: the rules of Linux's
 * virtqueue_disable_cb(), virtqueue_enable_cb() and
 * virtqueue_enable_cb_delayed(), on which its drivers rely.
 */
#include "vhost/front/ring/front_ring_layout.h"

void front_ring_disable_calls(struct front_ring *ring)
{
	if (ring->calls_disabled)
		return;
	ring->calls_disabled = true;
	/* On a split ring with EVENT_IDX Linux writes an index that is past. */
	if (ring->event_idx && !ring->packed)
		ring->layout->want_call(ring, 0);
	else
		ring->layout->want_no_call(ring);
}

bool front_ring_enable_calls(struct front_ring *ring)
{
	ring->calls_disabled = false;
	front_ring_want_call(ring, ring->taken);
	return front_ring_used_idx(ring) == ring->taken;
}

/* Used elements that are to come; on a packed ring, entries. */
static uint16_t in_flight(const struct front_ring *ring)
{
	return ring->packed ? ring->size - ring->free_count
			    : (uint16_t)(ring->added - ring->taken);
}

bool front_ring_enable_calls_delayed(struct front_ring *ring)
{
	uint16_t count = in_flight(ring) * 3u / 4;
	uint16_t place = ring->layout->place_after(ring, ring->taken, count);

	ring->calls_disabled = false;
	front_ring_want_call(ring, place);
	if (ring->packed || !ring->event_idx)
		return front_ring_used_idx(ring) == ring->taken;
	return (uint16_t)(front_ring_used_idx(ring) - ring->taken) <= count;
}

int front_ring_take_sleeping(struct front_ring *ring,
			     struct virtq_used_elem *elem)
{
	int err = front_ring_take(ring, elem);

	if (!err && ring->event_idx && !ring->calls_disabled)
		front_ring_want_call(ring, ring->taken);
	return err;
}
