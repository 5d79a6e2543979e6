/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stddef.h>

#include "virtio/ring/vring_layout.h"

/* With EVENT_IDX, an event index follows each ring of a split virtqueue. */
#define EVENT_BYTES sizeof(uint16_t)

struct vring_bytes vring_bytes(const struct vring_features *features,
			       uint16_t size)
{
	uint64_t n = size;

	if (features->packed)
		return (struct vring_bytes){
			.desc = n * sizeof(struct virtq_packed_desc),
			.driver = sizeof(struct virtq_event_suppress),
			.device = sizeof(struct virtq_event_suppress),
		};
	return (struct vring_bytes){
		.desc = n * sizeof(struct virtq_desc),
		.driver = sizeof(struct virtq_avail) + n * sizeof(uint16_t) +
			  EVENT_BYTES,
		.device = sizeof(struct virtq_used) +
			  n * sizeof(struct virtq_used_elem) + EVENT_BYTES,
	};
}

bool vring_is_aligned(const struct vring_features *features,
		      const struct vring_areas *areas)
{
	uintptr_t driver_align = features->packed ? 4 : 2;

	return !((uintptr_t)areas->desc % 16) &&
	       !((uintptr_t)areas->driver % driver_align) &&
	       !((uintptr_t)areas->device % 4);
}

bool vring_size_ok(const struct vring_features *features, uint32_t size)
{
	if (!size || size > VIRTQ_MAX_SIZE)
		return false;
	return features->packed || !(size & (size - 1));
}

uint32_t vring_first_base(const struct vring_features *features)
{
	/* Wrap counters begin with 1 (2.8.1). */
	return features->packed ? 0x80008000u : 0;
}

int vring_start(struct vring *vring, uint32_t base)
{
	vring->layout = vring->features.packed ? &vring_packed : &vring_split;
	vring->unheard = 0;
	vring->call_first = true;
	vring->error = NULL;
	return vring->layout->start(vring, base);
}

void vring_move(struct vring *vring, const struct vring_areas *areas)
{
	vring->areas = *areas;
	vring->call_first = true;
}

uint32_t vring_base(const struct vring *vring)
{
	return vring->layout->base(vring);
}

int vring_pop(struct vring *vring, struct chain *chain)
{
	return vring->layout->pop(vring, chain);
}

void vring_unpop(struct vring *vring, const struct chain *chain)
{
	vring->layout->unpop(vring, chain);
}

void vring_push(struct vring *vring, const struct chain *chain, uint32_t len)
{
	vring->layout->push(vring, chain, len);
}

bool vring_should_call(struct vring *vring)
{
	bool wanted;

	/*
	 * The driver must see the used entries before its event suppression
	 * is read. Else it may go to sleep without a call.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wanted = vring->layout->wants_call(vring);
	vring->unheard = 0;
	vring->call_first = false;
	return wanted;
}

bool vring_enable_kick(struct vring *vring)
{
	vring->layout->enable_kick(vring);
	/*
	 * The driver must see this before the ring is read again. Else a
	 * chain that becomes available in between may get no kick.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !vring_is_empty(vring);
}

void vring_disable_kick(struct vring *vring)
{
	vring->layout->disable_kick(vring);
}

bool vring_is_empty(const struct vring *vring)
{
	return vring->layout->is_empty(vring);
}

uint16_t vring_pending(const struct vring *vring)
{
	return vring->layout->pending(vring);
}
