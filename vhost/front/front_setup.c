/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_setup.h"

#include <errno.h>
#include <string.h>

#include "virtio/ring/virtio_wire.h"

static int negotiate_protocol(struct front_end *fe, uint64_t wanted)
{
	uint64_t count;
	int err;

	err = front_end_get_u64(fe, VHOST_USER_GET_PROTOCOL_FEATURES,
				&fe->protocol_offered);
	if (err)
		return err;
	wanted &= fe->protocol_offered;
	/* This message has no ack: it negotiates REPLY_ACK itself. */
	err = front_end_set_u64(fe, VHOST_USER_SET_PROTOCOL_FEATURES, wanted);
	if (err)
		return err;
	fe->protocol_features = wanted;
	if (!front_end_has(fe, VHOST_USER_PROTOCOL_F_MQ))
		return 0;
	return front_end_get_u64(fe, VHOST_USER_GET_QUEUE_NUM, &count);
}

int front_negotiate(struct front_end *fe, uint64_t features, uint64_t protocol)
{
	int err;

	err = front_end_get_u64(fe, VHOST_USER_GET_FEATURES,
				&fe->features_offered);
	if (err)
		return err;
	if (!(fe->features_offered & FRONT_BIT(VIRTIO_F_VERSION_1)))
		return -ENOTSUP;
	features |= FRONT_BIT(VIRTIO_F_VERSION_1) |
		    FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES);
	features &= fe->features_offered;
	if (features & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES)) {
		err = negotiate_protocol(fe, protocol);
		if (err)
			return err;
	}
	err = front_end_tell(fe, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0);
	if (err)
		return err;
	err = front_end_set_u64(fe, VHOST_USER_SET_FEATURES, features);
	if (!err)
		fe->features = features;
	return err;
}

struct vhost_wire_region front_wire_region(const struct front_region *region)
{
	return (struct vhost_wire_region){
		.guest_addr = region->guest_addr,
		.size = region->size,
		.user_addr = region->guest_addr + FRONT_MEM_USER_SHIFT,
		.mmap_offset = region->mmap_offset,
	};
}

int front_set_mem_table(struct front_end *fe, const struct front_mem *mem)
{
	struct vhost_wire_mem_table table = { .count = mem->count };
	int fds[VHOST_USER_MAX_FDS];

	if (mem->count > VHOST_USER_MAX_FDS)
		return -E2BIG;
	for (unsigned int i = 0; i < mem->count; i++) {
		table.regions[i] = front_wire_region(&mem->regions[i]);
		fds[i] = mem->regions[i].fd;
	}
	return front_end_tell(fe, VHOST_USER_SET_MEM_TABLE, &table,
			      offsetof(struct vhost_wire_mem_table, regions) +
				      mem->count * sizeof(table.regions[0]),
			      fds, mem->count);
}

int front_add_region(struct front_end *fe, const struct front_region *region)
{
	struct vhost_wire_mem_reg reg = { .region = front_wire_region(region) };

	return front_end_tell(fe, VHOST_USER_ADD_MEM_REG, &reg, sizeof(reg),
			      &region->fd, 1);
}

int front_remove_region(struct front_end *fe, const struct front_region *region)
{
	struct vhost_wire_mem_reg reg = { .region = front_wire_region(region) };

	return front_end_tell(fe, VHOST_USER_REM_MEM_REG, &reg, sizeof(reg),
			      NULL, 0);
}

int front_share_mem(struct front_end *fe, const struct front_mem *mem)
{
	int err = 0;

	if (!front_end_has(fe, VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS))
		return front_set_mem_table(fe, mem);
	for (unsigned int i = 0; !err && i < mem->count; i++)
		err = front_add_region(fe, &mem->regions[i]);
	return err;
}

static int tell_state(struct front_end *fe, uint32_t request, uint32_t index,
		      uint32_t num)
{
	struct vhost_wire_vring_state state = { index, num };

	return front_end_tell(fe, request, &state, sizeof(state), NULL, 0);
}

int front_set_vring_num(struct front_end *fe, uint32_t index, uint32_t num)
{
	return tell_state(fe, VHOST_USER_SET_VRING_NUM, index, num);
}

int front_set_vring_base(struct front_end *fe, uint32_t index, uint32_t base)
{
	return tell_state(fe, VHOST_USER_SET_VRING_BASE, index, base);
}

int front_set_vring_enable(struct front_end *fe, uint32_t index, bool enable)
{
	return tell_state(fe, VHOST_USER_SET_VRING_ENABLE, index, enable);
}

struct vhost_wire_vring_addr front_vring_addr(uint32_t index,
					      const struct front_ring *ring)
{
	uint64_t shift = ring->translated ? 0 : FRONT_MEM_USER_SHIFT;

	return (struct vhost_wire_vring_addr){
		.index = index,
		.desc = ring->desc_addr + shift,
		.avail = ring->avail_addr + shift,
		.used = ring->used_addr + shift,
	};
}

int front_set_vring_addr(struct front_end *fe, uint32_t index,
			 const struct front_ring *ring)
{
	struct vhost_wire_vring_addr addr = front_vring_addr(index, ring);

	return front_end_tell(fe, VHOST_USER_SET_VRING_ADDR, &addr,
			      sizeof(addr), NULL, 0);
}

int front_set_vring_fd(struct front_end *fe, uint32_t request, uint32_t index,
		       int fd)
{
	uint64_t value = index;

	if (fd < 0)
		value |= VHOST_USER_VRING_NOFD;
	return front_end_tell(fe, request, &value, sizeof(value), &fd, fd >= 0);
}

int front_get_vring_base(struct front_end *fe, uint32_t index, uint32_t *base)
{
	struct vhost_wire_vring_state state = { .index = index };
	struct front_reply reply;
	int err;

	err = front_end_ask(fe, VHOST_USER_GET_VRING_BASE, &state,
			    sizeof(state), &reply);
	if (err)
		return err;
	if (reply.header.size == 0)
		return -EREMOTEIO;
	if (reply.header.size != sizeof(state) ||
	    reply.payload.state.index != index)
		return -EPROTO;
	*base = reply.payload.state.num;
	return 0;
}

int front_start_vring(struct front_end *fe, uint32_t index,
		      const struct front_ring *ring, uint32_t base)
{
	int err;

	err = front_set_vring_num(fe, index, ring->size);
	if (!err)
		err = front_set_vring_base(fe, index, base);
	if (!err)
		err = front_set_vring_addr(fe, index, ring);
	if (!err)
		err = front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, index,
					 ring->call_fd);
	if (!err)
		err = front_set_vring_fd(fe, VHOST_USER_SET_VRING_ERR, index,
					 ring->err_fd);
	/* KICK comes last: the ring may run from here on. */
	if (!err)
		err = front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, index,
					 ring->kick_fd);
	/* Without bit 30 rings are enabled from the start. */
	if (!err && fe->features & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES))
		err = front_set_vring_enable(fe, index, true);
	return err;
}

int front_stop_vring(struct front_end *fe, uint32_t index, uint32_t *base)
{
	int err = 0;

	if (fe->features & FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES))
		err = front_set_vring_enable(fe, index, false);
	return err ? err : front_get_vring_base(fe, index, base);
}

int front_get_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     void *data)
{
	struct vhost_wire_config config = { .offset = offset, .size = size };
	struct front_reply reply;
	int err;

	if (size > sizeof(config.data))
		return -EINVAL;
	err = front_end_ask(fe, VHOST_USER_GET_CONFIG, &config,
			    VHOST_WIRE_CONFIG_HEAD + size, &reply);
	if (err)
		return err;
	if (reply.header.size == 0)
		return -EREMOTEIO;
	if (reply.header.size != VHOST_WIRE_CONFIG_HEAD + size ||
	    reply.payload.config.size != size)
		return -EPROTO;
	memcpy(data, reply.payload.config.data, size);
	return 0;
}

int front_set_config(struct front_end *fe, uint32_t offset, uint32_t size,
		     const void *data)
{
	struct vhost_wire_config config = { .offset = offset, .size = size };

	if (size > sizeof(config.data))
		return -EINVAL;
	memcpy(config.data, data, size);
	return front_end_tell(fe, VHOST_USER_SET_CONFIG, &config,
			      VHOST_WIRE_CONFIG_HEAD + size, NULL, 0);
}

int front_get_inflight(struct front_end *fe,
		       struct vhost_wire_inflight *inflight, int *fd)
{
	struct front_reply reply;
	int err;

	err = front_end_ask(fe, VHOST_USER_GET_INFLIGHT_FD, inflight,
			    sizeof(*inflight), &reply);
	if (err)
		return err;
	if (reply.header.size == 0)
		return -EREMOTEIO;
	if (reply.header.size != sizeof(*inflight) || !fe->has_reply_fd)
		return -EPROTO;
	*inflight = reply.payload.inflight;
	*fd = front_end_take_fd(fe);
	return 0;
}

int front_set_inflight(struct front_end *fe,
		       const struct vhost_wire_inflight *inflight, int fd)
{
	return front_end_tell(fe, VHOST_USER_SET_INFLIGHT_FD, inflight,
			      sizeof(*inflight), &fd, fd >= 0);
}
