/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A driver of QEMU's intel-iommu (Intel VT-d), in legacy mode and with
 * registers alone: one domain with one device in it. Errors fail the running
 * test.
 */
#ifndef TESTS_QTEST_VTD_H
#define TESTS_QTEST_VTD_H

#include <stdint.h>

#include "tests/qtest/qtest.h"

#define VTD_PAGE  4096u
#define VTD_READ  1u
#define VTD_WRITE 2u

/* Guest memory that it takes, and how much can be mapped with it */
#define VTD_MEMORY UINT64_C(0x2000000)
#define VTD_BYTES  (8 * VTD_PAGE)
#define VTD_SPACE  (UINT64_C(4) << 21)

struct vtd {
	struct qtest *qt;
	uint64_t from; /* I/O virtual address; VTD_SPACE bytes can be mapped */
};

/*
 * Switches the IOMMU on, with the device in @slot of bus 0 behind it and
 * nothing mapped. @from is a multiple of 1 GiB.
 */
void vtd_open(struct vtd *vtd, struct qtest *qt, unsigned int slot,
	      uint64_t from);

/*
 * Maps @size bytes, whole pages, at @iova to guest address @addr, in place of
 * what was there. @access: VTD_... bits, 0 for none. What was mapped before is
 * not forgotten by anyone, until vtd_invalidate().
 */
void vtd_map(struct vtd *vtd, uint64_t iova, uint64_t addr, uint64_t size,
	     unsigned int access);

/* Invalidates the page at @iova; or everything. */
void vtd_invalidate(struct vtd *vtd, uint64_t iova);
void vtd_invalidate_all(struct vtd *vtd);

#endif
