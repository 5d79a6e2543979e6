/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What split and packed rings do in the same way. */
#include <errno.h>

#include "virtio/ring/vring_layout.h"

int vring_broken(struct vring *vring, const char *error)
{
	vring->error = error;
	return -EPROTO;
}

int vring_unreadable(struct vring *vring)
{
	if (guest_mem_missed(vring->mem))
		return -EAGAIN;
	return vring_broken(vring, "indirect table is not in memory");
}

/*
 * The log holds guest addresses. Behind an IOMMU, the log address has to be
 * translated. In case there is no translation, mark the address that was
 * written as well.
 */
void vring_log(const struct vring *vring, const void *at, uint64_t offset,
	       uint64_t len)
{
	const struct guest_mem *mem = vring->mem;
	uint64_t addr = vring->log_addr + offset;

	if (!mem->iotlb) {
		dirty_log_mark(mem->log, addr, len);
		return;
	}
	guest_mem_log(mem, at, len);
	while (len) {
		size_t got;

		at = guest_mem_dma(mem, addr, len, IOTLB_WRITE, &got);
		if (!at)
			return;
		guest_mem_log(mem, at, got);
		addr += got;
		len -= got;
	}
}

int vring_append(struct vring *vring, struct chain *chain, uint64_t addr,
		 uint32_t len, uint16_t flags)
{
	if (chain_append(chain, addr, len, flags & VIRTQ_DESC_F_WRITE) < 0)
		return vring_broken(vring, "descriptor chain is too long");
	return 0;
}
