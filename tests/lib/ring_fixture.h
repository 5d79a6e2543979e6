/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guest memory in a memfd, and the driver's half of a split ring written by
 * hand, so that a test can write what no driver would.
 *
 * What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_RING_FIXTURE_H
#define TEST_RING_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "virtio/ring/virtio_wire.h"
#include "virtio/ring/vring.h"

#define KIB(n) ((n)*UINT64_C(1024))

/* Of no use as a pointer: who mixes up the two kinds of address crashes. */
#define RAM_USER_SHIFT UINT64_C(0x7a0000000000)

/* A region as the front end and its guest see it. */
struct ram {
	struct guest_region_spec spec;
	int fd;
	uint8_t *host; /* our own mapping, of spec.size bytes */
};

/* @size and @offset (of the region in its file) are whole pages. */
void ram_open(struct ram *ram, uint64_t guest_addr, uint64_t size,
	      uint64_t offset);
void ram_close(struct ram *ram);

/* Our pointer to guest address @addr. */
void *ram_at(const struct ram *ram, uint64_t addr);

/* Adds the region to @mem. */
void ram_share(const struct ram *ram, struct guest_mem *mem);

struct hand_ring {
	const struct ram *ram;
	uint16_t size;
	uint16_t avail_idx; /* what hand_offer() has published */
	uint64_t desc_addr; /* guest addresses */
	uint64_t avail_addr;
	uint64_t used_addr;
	uint64_t buffers; /* what is free behind the ring */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
};

/* Lays the ring out, empty, at the start of @ram; both indexes are @base. */
void hand_ring_open(struct hand_ring *ring, const struct ram *ram,
		    uint16_t size, uint16_t base);

/* The same ring as the device maps it: in @mem. */
struct vring_areas hand_ring_areas(const struct hand_ring *ring,
				   const struct guest_mem *mem);

/* Writes a descriptor to a table, of the ring or indirect. */
void hand_desc(struct virtq_desc *desc, uint64_t addr, uint32_t len,
	       unsigned int flags, unsigned int next);

/* Puts @head in the avail ring and shows it. */
void hand_offer(struct hand_ring *ring, uint16_t head);

/* Sets the used_event field. */
void hand_used_event(struct hand_ring *ring, uint16_t index);

uint16_t hand_avail_event(const struct hand_ring *ring);

/* How many descriptors this process has open. */
unsigned int open_fds(void);

#endif
