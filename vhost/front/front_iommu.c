/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_iommu.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

void front_iommu_init(struct front_iommu *iommu)
{
	*iommu = (struct front_iommu){ .channel = -1 };
}

int front_iommu_open(struct front_iommu *iommu, struct front_end *fe,
		     const struct front_mem *mem)
{
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	err = front_end_tell(fe, VHOST_USER_SET_BACKEND_REQ_FD, NULL, 0,
			     &fds[1], 1);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	front_iommu_close(iommu);
	iommu->fe = fe;
	iommu->mem = mem;
	iommu->channel = fds[0];
	return 0;
}

void front_iommu_close(struct front_iommu *iommu)
{
	if (iommu->channel >= 0)
		close(iommu->channel);
	iommu->channel = -1;
}

static int help(void *opaque)
{
	int err = front_iommu_serve(opaque);

	return err < 0 ? err : 0;
}

void front_iommu_attach(struct front_iommu *iommu, struct front_ring *ring)
{
	ring->helper = (struct front_ring_helper){
		.fd = iommu->channel,
		.help = help,
		.opaque = iommu,
	};
}

int front_iommu_tell(struct front_iommu *iommu,
		     const struct vhost_wire_iotlb *msg)
{
	struct front_reply reply;
	int err;

	/* IOTLB_MSG always has a reply. */
	err = front_end_ask(iommu->fe, VHOST_USER_IOTLB_MSG, msg, sizeof(*msg),
			    &reply);
	if (err)
		return err;
	if (reply.header.size != sizeof(uint64_t))
		return -EPROTO;
	return reply.payload.u64 == 0 ? 0 : -EREMOTEIO;
}

int front_iommu_update(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		       unsigned int access)
{
	const struct vhost_wire_iotlb msg = {
		.iova = addr,
		.size = size,
		.user_addr = front_mem_guest_addr(iommu->mem, addr) +
			     FRONT_MEM_USER_SHIFT,
		.access = access,
		.type = VHOST_IOTLB_UPDATE,
	};

	return front_iommu_tell(iommu, &msg);
}

int front_iommu_invalidate(struct front_iommu *iommu, uint64_t addr,
			   uint64_t size)
{
	const struct vhost_wire_iotlb msg = {
		.iova = addr,
		.size = size,
		.type = VHOST_IOTLB_INVALIDATE,
	};

	return front_iommu_tell(iommu, &msg);
}

static unsigned int allowed(const struct front_iommu *iommu, uint64_t addr)
{
	for (unsigned int i = iommu->rule_count; i > 0; i--) {
		const struct front_iommu_rule *rule = &iommu->rules[i - 1];

		if (addr >= rule->addr && addr - rule->addr < rule->size)
			return rule->access;
	}
	return VHOST_ACCESS_RW;
}

int front_iommu_map(struct front_iommu *iommu, uint64_t addr, uint64_t size,
		    unsigned int access)
{
	if (iommu->rule_count == FRONT_IOMMU_RULES)
		return -ENOSPC;
	iommu->rules[iommu->rule_count++] =
		(struct front_iommu_rule){ addr, size, access };
	if (access == VHOST_ACCESS_RW)
		return 0;
	return front_iommu_invalidate(iommu, addr, size);
}

/* Answers the last miss with the aligned piece that contains it. */
static int answer(struct front_iommu *iommu)
{
	uint64_t size = iommu->piece ? iommu->piece : FRONT_MEM_PAGE;
	uint64_t addr = iommu->asked.iova & ~(size - 1);
	unsigned int access = allowed(iommu, addr);

	if (!front_mem_at(iommu->mem, addr, size) ||
	    (access & iommu->asked.access) != iommu->asked.access)
		return 0;
	return front_iommu_update(iommu, addr, size, access);
}

int front_iommu_serve(struct front_iommu *iommu)
{
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_iotlb iotlb;
	} __attribute__((packed)) msg;
	ssize_t n = recv(iommu->channel, &msg, sizeof(msg), MSG_DONTWAIT);
	int err;

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	if (n != sizeof(msg) || msg.header.flags != VHOST_USER_VERSION ||
	    msg.header.request != VHOST_USER_BACKEND_IOTLB_MSG ||
	    msg.header.size != sizeof(msg.iotlb) ||
	    msg.iotlb.type != VHOST_IOTLB_MISS || !msg.iotlb.access ||
	    msg.iotlb.access & ~VHOST_ACCESS_RW)
		return -EPROTO;
	iommu->misses++;
	iommu->asked = msg.iotlb;
	err = answer(iommu);
	return err ? err : 1;
}

int front_iommu_wait(struct front_iommu *iommu, int timeout_ms)
{
	struct pollfd pfd = { .fd = iommu->channel, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 ? 0 : -ETIMEDOUT;
}
