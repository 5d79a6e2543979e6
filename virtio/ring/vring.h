/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device's half of a virtqueue, split (virtio 1.4, section 2.7) or packed
 * (2.8).
 *
 * One thread uses a vring. The driver's half is written by a guest that may
 * be hostile: a call that finds the ring broken returns -EPROTO and leaves
 * one reason in ->error; the ring is then of no use until vring_start().
 */
#ifndef VRING_H
#define VRING_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/chain.h"
#include "virtio/mem/guest_mem.h"
#include "virtio/ring/virtio_wire.h"

/* Where the three areas are in the host's address space (2.7, 2.8). */
struct vring_areas {
	void *desc;   /* the descriptors */
	void *driver; /* avail ring, or the driver's event suppression */
	void *device; /* used ring, or the device's event suppression */
};

/* Which features were negotiated. */
struct vring_features {
	bool packed;	/* VIRTIO_F_RING_PACKED */
	bool indirect;	/* VIRTIO_F_INDIRECT_DESC */
	bool event_idx; /* VIRTIO_F_EVENT_IDX */
	bool on_empty;	/* VIRTIO_F_NOTIFY_ON_EMPTY; split rings only */
};

struct vring_layout;

struct vring {
	/* The caller's, to be set before vring_start(). */
	const struct guest_mem *mem;
	struct vring_areas areas;
	struct vring_features features;
	uint16_t size; /* entries; of a split ring a power of two */
	bool logged;   /* note what is written in ->mem->log, if any, */
	uint64_t
		log_addr; /* the first byte of the used ring at this address, */
			  /* which is the driver's if there is an IOMMU */

	/* The vring's own. */
	const struct vring_layout *layout;
	uint16_t avail_idx; /* the entry to take next, */
	uint16_t used_idx;  /* and to fill next: below size if packed */
	bool avail_wrap;    /* a packed ring's wrap counters */
	bool used_wrap;
	uint16_t unheard;  /* entries used since the driver was asked */
	bool call_first;   /* call for the first of them in any case */
	const char *error; /* why the ring is broken, a constant string */
};

/* Bytes that each area takes for @size entries, event fields included. */
struct vring_bytes {
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
};

struct vring_bytes vring_bytes(const struct vring_features *features,
			       uint16_t size);

/* Are the areas aligned as 2.7 or 2.8 asks? */
bool vring_is_aligned(const struct vring_features *features,
		      const struct vring_areas *areas);

/*
 * Can a ring of @size entries be? Split: powers of two up to 32768; packed:
 * any size up to that.
 */
bool vring_size_ok(const struct vring_features *features, uint32_t size);

/* The base of a ring that was never used, in the form of vring_start(). */
uint32_t vring_first_base(const struct vring_features *features);

/*
 * Begins at @base, as vhost-user's SET_VRING_BASE has it: of a split ring the
 * avail index; of a packed ring the avail index in bits 0 to 14, its wrap
 * counter in bit 15, and the same for the used index from bit 16 on. A split
 * ring's used index is read from the ring. Returns 0, or -EINVAL for a base
 * that such a ring cannot have.
 */
int vring_start(struct vring *vring, uint32_t base);

/* Where the ring can go on, in the form that vring_start() takes. */
uint32_t vring_base(const struct vring *vring);

/*
 * Takes the next available chain. Returns 1 with the chain in @chain, 0 when
 * there is none, -EPROTO when the ring is broken, -EAGAIN when an indirect
 * table has to be translated first: guest_mem_missed(). Every chain that was
 * taken is given back by one vring_push() or vring_unpop().
 */
int vring_pop(struct vring *vring, struct chain *chain);

/* Gives @chain, the one popped last, back: the next vring_pop() takes it. */
void vring_unpop(struct vring *vring, const struct chain *chain);

/*
 * Returns @chain as used, with @len bytes written from its first writable
 * byte on (2.7.8, 2.8.6). Chains are pushed in the order of their popping.
 */
void vring_push(struct vring *vring, const struct chain *chain, uint32_t len);

/*
 * Must the driver be called for what was pushed since it was last asked?
 * (2.7.7, 2.8.10)
 */
bool vring_should_call(struct vring *vring);

/*
 * Asks the driver for kicks, or not to trouble (2.7.10, 2.8.10). Enabling
 * returns true when chains came in meanwhile, for which no kick may come.
 */
bool vring_enable_kick(struct vring *vring);
void vring_disable_kick(struct vring *vring);

/*
 * How many chains the driver has made available that were not popped.
 * Nonsense, but harmless, when what the driver says is.
 */
uint16_t vring_pending(const struct vring *vring);

#endif
