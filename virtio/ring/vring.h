/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device's half of a virtqueue, split (virtio 1.4, section 2.7) or packed
 * (2.8).
 *
 * One thread uses a vring. The guest that writes the driver's half may be
 * hostile: a call that finds the ring broken returns -EPROTO and sets ->error.
 * The ring is then unusable until vring_start().
 */
#ifndef VRING_H
#define VRING_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/chain.h"
#include "virtio/mem/guest_mem.h"
#include "virtio/ring/virtio_wire.h"

/* Host pointers to the three areas (2.7, 2.8) */
struct vring_areas {
	void *desc;   /* the descriptors */
	void *driver; /* avail ring, or the driver's event suppression */
	void *device; /* used ring, or the device's event suppression */
};

/* The negotiated features */
struct vring_features {
	bool packed;	/* VIRTIO_F_RING_PACKED */
	bool indirect;	/* VIRTIO_F_INDIRECT_DESC */
	bool event_idx; /* VIRTIO_F_EVENT_IDX */
	bool on_empty;	/* VIRTIO_F_NOTIFY_ON_EMPTY; split rings only */
};

struct vring_layout;

struct vring {
	/* Set by the caller before vring_start(): */
	const struct guest_mem *mem;
	struct vring_areas areas;
	struct vring_features features;
	uint16_t size; /* entries; of a split ring a power of two */
	bool logged;   /* mark writes to the ring in ->mem->log, if any */
	/*
	 * The address of the used ring for the log; behind an IOMMU the
	 * driver's. (VHOST_VRING_F_LOG)
	 */
	uint64_t log_addr;

	/* Private: */
	const struct vring_layout *layout;
	uint16_t avail_idx; /* the entry to take next; packed: below ->size */
	uint16_t used_idx;  /* the entry to fill next; packed: below ->size */
	bool avail_wrap;    /* packed: wrap counters of the two */
	bool used_wrap;
	uint16_t unheard;  /* entries used since vring_should_call() */
	bool call_first;   /* the next vring_should_call() ignores events */
	const char *error; /* why the ring is broken: a constant string */
};

/* Sizes of the areas of a ring of @size entries, with the event fields */
struct vring_bytes {
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
};

struct vring_bytes vring_bytes(const struct vring_features *features,
			       uint16_t size);

/* Returns true if the areas have the alignment of 2.7 or 2.8. */
bool vring_is_aligned(const struct vring_features *features,
		      const struct vring_areas *areas);

/*
 * Returns true if a ring can have @size entries. Split: powers of two up to
 * 32768. Packed: any number from 1 to 32768.
 */
bool vring_size_ok(const struct vring_features *features, uint32_t size);

/* Returns the base of a new ring, in the format of vring_start(). */
uint32_t vring_first_base(const struct vring_features *features);

/*
 * Starts the ring at @base, in the format of SET_VRING_BASE. Split: the avail
 * index; the used index is read from the ring. Packed: bits 0 to 14 are the
 * avail index, bit 15 is its wrap counter, and bits 16 to 31 are the same for
 * the used index. Returns 0, or -EINVAL if the ring cannot have that base.
 */
int vring_start(struct vring *vring, uint32_t base);

/*
 * The ring, started, is at @areas from now on. The next vring_should_call() is
 * true unless the driver asks for no calls at all.
 */
void vring_move(struct vring *vring, const struct vring_areas *areas);

/* Where the ring can go on, in the form that vring_start() takes. */
uint32_t vring_base(const struct vring *vring);

/*
 * Takes the next available chain. Returns 1 with the chain in @chain; 0 if
 * there is none; -EPROTO if the ring is broken; -EAGAIN if an indirect table
 * has no translation yet: guest_mem_missed(). Return each chain with one
 * vring_push() or vring_unpop().
 */
int vring_pop(struct vring *vring, struct chain *chain);

/* Undoes the last vring_pop(), which returned @chain. */
void vring_unpop(struct vring *vring, const struct chain *chain);

/*
 * Returns @chain to the driver as used, with @len bytes written from its first
 * writable byte on (2.7.8, 2.8.6). Push chains in the order of vring_pop().
 */
void vring_push(struct vring *vring, const struct chain *chain, uint32_t len);

/*
 * Returns true if chains were pushed since the last vring_should_call(): the
 * driver may be asleep, and want a call for them.
 */
static inline bool vring_owes_call(const struct vring *vring)
{
	return vring->unheard;
}

/*
 * Returns true if the driver wants a call for the chains that were pushed since
 * the last vring_should_call() (2.7.7, 2.8.10).
 */
bool vring_should_call(struct vring *vring);

/*
 * Enable or suppress kicks from the driver (2.7.10, 2.8.10). Enabling returns
 * true if chains are available already: no kick may come for them.
 */
bool vring_enable_kick(struct vring *vring);
void vring_disable_kick(struct vring *vring);

/* Returns true if no chain is available: vring_pending() would be 0. */
bool vring_is_empty(const struct vring *vring);

/*
 * Returns the number of available chains that were not popped. If the driver's
 * fields are invalid the number is too, but harmless.
 */
uint16_t vring_pending(const struct vring *vring);

#endif
