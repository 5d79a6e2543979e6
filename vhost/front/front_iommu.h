/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The IOMMU of a front end: a table of what the guest has mapped, and the
 * answers to the misses of a back end. (vhost-user: IOMMU support)
 *
 * front_mem_scatter() gives the driver's pages other guest addresses, so a
 * back end that does not translate fails. All addresses here are the driver's.
 */
#ifndef FRONT_IOMMU_H
#define FRONT_IOMMU_H

#include <stdint.h>

#include "vhost/front/front_end.h"
#include "vhost/front/front_mem.h"
#include "vhost/front/ring/front_ring.h"

#define FRONT_IOMMU_RULES 16

/* An exception to the full mapping of memory. The last one that fits wins. */
struct front_iommu_rule {
	uint64_t addr;
	uint64_t size;
	unsigned int access; /* VHOST_ACCESS_... bits */
};

struct front_iommu {
	struct front_end *fe;
	const struct front_mem *mem;
	int channel; /* our end of the back-end channel, owned; -1: none */
	struct front_iommu_rule rules[FRONT_IOMMU_RULES];
	unsigned int rule_count;
	uint32_t piece; /* bytes in one answer, a power of two; 0: a page */
	unsigned int misses;	       /* number of misses read */
	struct vhost_wire_iotlb asked; /* the last one */
};

/* Makes an IOMMU without a channel. */
void front_iommu_init(struct front_iommu *iommu);

/*
 * Gives the back end a new channel with SET_BACKEND_REQ_FD. @fe and @mem must
 * outlive @iommu.
 */
int front_iommu_open(struct front_iommu *iommu, struct front_end *fe,
		     const struct front_mem *mem);
void front_iommu_close(struct front_iommu *iommu);

/* Makes front_ring_wait() on @ring answer misses while it waits. */
void front_iommu_attach(struct front_iommu *iommu, struct front_ring *ring);

/*
 * Reads one miss and answers it. As QEMU does, gives no answer if the guest
 * does not allow the access. Returns 1 after a miss, 0 if there is none, or a
 * negative errno: -EPROTO for any other message.
 */
int front_iommu_serve(struct front_iommu *iommu);

/* Waits until a miss can be read. Returns 0 or -ETIMEDOUT. */
int front_iommu_wait(struct front_iommu *iommu, int timeout_ms);

/*
 * Changes the mapping, as the guest's IOMMU driver does: from now on @access
 * alone is allowed. Sends an invalidation if that takes rights away. The back
 * end learns new rights when it asks.
 */
int front_iommu_map(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		    unsigned int access);

/* Send IOTLB_MSG: @msg; an update of a mapping; an invalidation. */
int front_iommu_tell(struct front_iommu *iommu,
		     const struct vhost_wire_iotlb *msg);
int front_iommu_update(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		       unsigned int access);
int front_iommu_invalidate(struct front_iommu *iommu, uint64_t addr,
			   uint64_t size);

#endif
