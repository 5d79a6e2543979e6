/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * An IOMMU before the device, as a front end plays it: a table of what the
 * guest has mapped, and the answers to a back end that asks for translations.
 * (vhost-user: IOMMU support)
 *
 * Memory that front_mem_scatter() was called for is at other guest addresses
 * than the driver's, page by page, so that a back end that does not translate
 * is found out. All addresses here are the driver's.
 */
#ifndef FRONT_IOMMU_H
#define FRONT_IOMMU_H

#include <stdint.h>

#include "vhost/front/front_end.h"
#include "vhost/front/front_mem.h"
#include "vhost/front/ring/front_ring.h"

#define FRONT_IOMMU_RULES 16

/* What the guest mapped: all of memory, but for these. The last one holds. */
struct front_iommu_rule {
	uint64_t addr;
	uint64_t size;
	unsigned int access; /* VHOST_ACCESS_... bits */
};

struct front_iommu {
	struct front_end *fe;
	const struct front_mem *mem;
	int channel; /* our end of it, owned; -1: none */
	struct front_iommu_rule rules[FRONT_IOMMU_RULES];
	unsigned int rule_count;
	uint32_t piece; /* bytes in one answer, a power of two; 0: a page */
	unsigned int misses;	       /* how many were read, */
	struct vhost_wire_iotlb asked; /* and the last one */
};

/* No channel yet. */
void front_iommu_init(struct front_iommu *iommu);

/*
 * Gives the back end a channel, in place of one that it has:
 * SET_BACKEND_REQ_FD. @fe and @mem must outlive it.
 */
int front_iommu_open(struct front_iommu *iommu, struct front_end *fe,
		     const struct front_mem *mem);
void front_iommu_close(struct front_iommu *iommu);

/* Who waits in front_ring_wait() for @ring answers misses meanwhile. */
void front_iommu_attach(struct front_iommu *iommu, struct front_ring *ring);

/*
 * Reads and answers one miss. What the guest has not mapped, or not for this
 * access, gets no answer, as from QEMU. Returns 1 if there was one, 0 if
 * there is none, or a negative errno: -EPROTO for what is no miss.
 */
int front_iommu_serve(struct front_iommu *iommu);

/* Waits until a miss can be read. Returns 0 or -ETIMEDOUT. */
int front_iommu_wait(struct front_iommu *iommu, int timeout_ms);

/*
 * What the guest's IOMMU driver does: from now on @access is allowed, and no
 * other. What is taken away is invalidated; what is given is told when the
 * back end asks.
 */
int front_iommu_map(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		    unsigned int access);

/* IOTLB_MSG: any; an update for what is mapped; an invalidation. */
int front_iommu_tell(struct front_iommu *iommu,
		     const struct vhost_wire_iotlb *msg);
int front_iommu_update(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		       unsigned int access);
int front_iommu_invalidate(struct front_iommu *iommu, uint64_t addr,
			   uint64_t size);

#endif
