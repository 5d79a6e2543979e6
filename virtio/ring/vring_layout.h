/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a split and a packed ring do differently. For vring*.c only. */
#ifndef VRING_LAYOUT_H
#define VRING_LAYOUT_H

#include <endian.h>

#include "virtio/ring/vring.h"

struct vring_layout {
	int (*start)(struct vring *vring, uint32_t base);
	uint32_t (*base)(const struct vring *vring);
	int (*pop)(struct vring *vring, struct chain *chain);
	void (*unpop)(struct vring *vring, const struct chain *chain);
	void (*push)(struct vring *vring, const struct chain *chain,
		     uint32_t len);
	bool (*wants_call)(const struct vring *vring);
	void (*enable_kick)(struct vring *vring);
	void (*disable_kick)(struct vring *vring);
	uint16_t (*pending)(const struct vring *vring);
};

extern const struct vring_layout vring_split;
extern const struct vring_layout vring_packed;

/* Leaves @error; returns -EPROTO. */
int vring_broken(struct vring *vring, const char *error);

/* Adds a descriptor's buffer to @chain. Returns 0, or -EPROTO. */
int vring_append(struct vring *vring, struct chain *chain, uint64_t addr,
		 uint32_t len, uint16_t flags);

/* A part of an indirect table cannot be read. Returns -EPROTO or -EAGAIN. */
int vring_unreadable(struct vring *vring);

/* vring_wrote(), if it is to be logged. */
void vring_log(const struct vring *vring, const void *at, uint64_t offset,
	       uint64_t len);

/*
 * Did the ring pass @event when @count entries were used, up to @now? All
 * indexes run freely, modulo 2^16. (2.7.7.2)
 */
static inline bool vring_passed(uint16_t event, uint16_t now, uint16_t count)
{
	return (uint16_t)(now - event - 1) < count;
}

/* What the driver may change under us is read and written through these. */

static inline uint16_t vring_load16(const uint16_t *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_RELAXED));
}

static inline void vring_store16(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, htole16(value), __ATOMIC_RELAXED);
}

/*
 * The device wrote @len bytes at @at, which is @offset bytes into the area that
 * ->log_addr stands for: the used ring, or a packed ring's descriptors.
 */
static inline void vring_wrote(const struct vring *vring, const void *at,
			       uint64_t offset, uint64_t len)
{
	if (vring->mem->log && vring->logged)
		vring_log(vring, at, offset, len);
}

#endif
