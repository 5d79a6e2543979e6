/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operations that differ between split and packed rings. For vring*.c. */
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
	bool (*is_empty)(const struct vring *vring);
};

extern const struct vring_layout vring_split;
extern const struct vring_layout vring_packed;

/* Sets ->error to the constant string @error. Returns -EPROTO. */
int vring_broken(struct vring *vring, const char *error);

/* Adds the buffer of a descriptor to @chain. Returns 0 or -EPROTO. */
int vring_append(struct vring *vring, struct chain *chain, uint64_t addr,
		 uint32_t len, uint16_t flags);

/*
 * Returns the error of an indirect table that cannot be read: -EAGAIN if the
 * IOMMU has no translation yet, else -EPROTO.
 */
int vring_unreadable(struct vring *vring);

/* Implements vring_wrote() when a log is active. */
void vring_log(const struct vring *vring, const void *at, uint64_t offset,
	       uint64_t len);

/*
 * Returns true if @event is one of the @count entries before @now. Indexes are
 * modulo 2^16. (2.7.7.2)
 */
static inline bool vring_passed(uint16_t event, uint16_t now, uint16_t count)
{
	return (uint16_t)(now - event - 1) < count;
}

/* Access to fields that the driver can change at the same time */

static inline uint16_t vring_load16(const uint16_t *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_RELAXED));
}

static inline void vring_store16(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, htole16(value), __ATOMIC_RELAXED);
}

/*
 * Marks @len bytes that the device wrote at @at, @offset bytes into the area
 * that ->log_addr is the address of: the used ring, or the descriptors of a
 * packed ring.
 */
static inline void vring_wrote(const struct vring *vring, const void *at,
			       uint64_t offset, uint64_t len)
{
	if (vring->mem->log && vring->logged)
		vring_log(vring, at, offset, len);
}

#endif
