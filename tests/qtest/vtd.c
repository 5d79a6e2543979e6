// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/vtd.h"

#include <endian.h>

#define REGISTERS      UINT64_C(0xfed90000)
#define GCMD	       0x18
#define GSTS	       0x1c
#define RTADDR	       0x20
#define CCMD	       0x28
#define IVA	       0xf0
#define IOTLB	       0xf8

#define GCMD_TRANSLATE (1u << 31)
#define GCMD_SET_ROOT  (1u << 30)
#define CCMD_ALL       (UINT64_C(1) << 63 | UINT64_C(1) << 61)
#define IOTLB_ALL      (UINT64_C(1) << 63 | UINT64_C(1) << 60)
#define IOTLB_ONE_PAGE (UINT64_C(1) << 63 | UINT64_C(3) << 60)

#define DOMAIN	       UINT64_C(1)
#define PRESENT	       1u
#define THREE_LEVELS   1u /* 39 bits of address */

/* The tables, one page each; then four of the last level */
#define ROOT	VTD_MEMORY
#define CONTEXT (VTD_MEMORY + VTD_PAGE)
#define LEVEL3	(VTD_MEMORY + 2 * VTD_PAGE)
#define LEVEL2	(VTD_MEMORY + 3 * VTD_PAGE)
#define LEVEL1	(VTD_MEMORY + 4 * VTD_PAGE)

static void command(struct vtd *vtd, uint32_t bit)
{
	uint64_t status = qtest_load(vtd->qt, REGISTERS + GSTS, 4);

	/* One-shot bits are not to be repeated. */
	status &= GCMD_TRANSLATE;
	qtest_store(vtd->qt, REGISTERS + GCMD, 4, status | bit);
	status = qtest_load(vtd->qt, REGISTERS + GSTS, 4);
	assert_true(status & bit);
}

void vtd_invalidate_all(struct vtd *vtd)
{
	qtest_store(vtd->qt, REGISTERS + CCMD, 8, CCMD_ALL);
	qtest_store(vtd->qt, REGISTERS + IOTLB, 8, IOTLB_ALL);
}

void vtd_invalidate(struct vtd *vtd, uint64_t iova)
{
	qtest_store(vtd->qt, REGISTERS + IVA, 8, iova);
	qtest_store(vtd->qt, REGISTERS + IOTLB, 8,
		    IOTLB_ONE_PAGE | DOMAIN << 32);
}

void vtd_open(struct vtd *vtd, struct qtest *qt, unsigned int slot,
	      uint64_t from)
{
	const unsigned int both = VTD_READ | VTD_WRITE;

	*vtd = (struct vtd){ .qt = qt, .from = from };
	qtest_memset(qt, VTD_MEMORY, 0, VTD_BYTES);
	qtest_store(qt, ROOT, 8, CONTEXT | PRESENT);
	/* 16 bytes for each of 8 functions of a slot */
	qtest_store(qt, CONTEXT + slot * 128, 8, LEVEL3 | PRESENT);
	qtest_store(qt, CONTEXT + slot * 128 + 8, 8,
		    DOMAIN << 8 | THREE_LEVELS);
	qtest_store(qt, LEVEL3 + (from >> 30) * 8, 8, LEVEL2 | both);
	for (uint64_t i = 0; i < VTD_SPACE >> 21; i++)
		qtest_store(qt, LEVEL2 + i * 8, 8,
			    (LEVEL1 + i * VTD_PAGE) | both);

	qtest_store(qt, REGISTERS + RTADDR, 8, ROOT);
	command(vtd, GCMD_SET_ROOT);
	vtd_invalidate_all(vtd);
	command(vtd, GCMD_TRANSLATE);
}

void vtd_map(struct vtd *vtd, uint64_t iova, uint64_t addr, uint64_t size,
	     unsigned int access)
{
	uint64_t first = (iova - vtd->from) / VTD_PAGE;
	uint64_t entries[512];

	assert_true(iova >= vtd->from && iova - vtd->from < VTD_SPACE);
	for (uint64_t i = 0; i < size / VTD_PAGE; i++) {
		uint64_t entry = access ? addr + i * VTD_PAGE : 0;

		entries[i % 512] = htole64(entry | access);
		if (i % 512 == 511 || (i + 1) * VTD_PAGE == size)
			qtest_write(vtd->qt,
				    LEVEL1 + (first + i / 512 * 512) * 8,
				    entries, (i % 512 + 1) * 8);
	}
}
