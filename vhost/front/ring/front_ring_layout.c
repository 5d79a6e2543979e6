/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What split and packed rings do in the same way. */
#include "vhost/front/ring/front_ring_layout.h"

uint16_t front_ring_entry(const struct front_segment *segs,
			  const struct front_chain *chain, unsigned int i,
			  struct front_segment *entry)
{
	bool last = i + 1 == chain->count;
	uint16_t flags = last ? 0 : VIRTQ_DESC_F_NEXT;

	if (last && chain->table_len) {
		*entry = (struct front_segment){ chain->table, chain->table_len,
						 false };
		return VIRTQ_DESC_F_INDIRECT;
	}
	*entry = segs[i];
	return entry->write ? flags | VIRTQ_DESC_F_WRITE : flags;
}
