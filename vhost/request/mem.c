/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory: the table as a whole, and region by region. */
#include <errno.h>
#include <string.h>

#include "vhost/request/handlers.h"

static struct guest_region_spec to_spec(const struct vhost_wire_region *wire)
{
	return (struct guest_region_spec){
		.guest_addr = wire->guest_addr,
		.size = wire->size,
		.user_addr = wire->user_addr,
		.mmap_offset = wire->mmap_offset,
	};
}

static int refuse_region(struct vhost_session *s,
			 const struct guest_region_spec *spec, int error)
{
	const char *why = error == -EINVAL   ? "is not inside its file"
			  : error == -EEXIST ? "overlaps another"
			  : error == -ENOSPC ? "is one too many"
			  : error == -ENOENT ? "is not in the table"
			  : error == -EREMOTE
				  ? "is in a file that may wait for others"
				  : strerror(-error);

	return vhost_refuse(s, "region 0x%llx+0x%llx: %s",
			    (unsigned long long)spec->guest_addr,
			    (unsigned long long)spec->size, why);
}

static int add_region(struct vhost_session *s, struct guest_mem *mem,
		      const struct vhost_wire_region *wire,
		      struct vhost_msg *msg, unsigned int fd_index)
{
	struct guest_region_spec spec = to_spec(wire);
	int fd = vhost_msg_take_fd(msg, fd_index);
	int ret;

	if (fd < 0)
		return vhost_refuse(s, "a region without a file");
	ret = guest_mem_add(mem, &spec, fd);
	vhost_close_fd(&fd);
	return ret < 0 ? refuse_region(s, &spec, ret) : 0;
}

int vhost_set_mem_table(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_mem_table *table = &msg->payload.mem_table;
	struct guest_mem mem;
	int ret = 0;

	if (table->count > VHOST_USER_MAX_FDS || table->count != msg->fd_count)
		return vhost_refuse(s, "%u regions with %u files", table->count,
				    msg->fd_count);
	if (msg->header.size !=
	    offsetof(struct vhost_wire_mem_table, regions[table->count]))
		return vhost_refuse(s, "%u regions in %u bytes", table->count,
				    msg->header.size);

	guest_mem_init(&mem);
	for (unsigned int i = 0; i < table->count && !ret; i++)
		ret = add_region(s, &mem, &table->regions[i], msg, i);
	if (!ret)
		vhost_swap_mem(s, &mem);
	guest_mem_clear(&mem);
	return ret;
}

int vhost_get_max_mem_slots(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	s->reply.u64 = GUEST_MEM_MAX_REGIONS;
	s->reply_size = sizeof(s->reply.u64);
	return 0;
}

int vhost_add_mem_reg(struct vhost_session *s, struct vhost_msg *msg)
{
	return add_region(s, &s->mem, &msg->payload.mem_reg.region, msg, 0);
}

/* The descriptor that may come with it has no meaning, and is closed. */
int vhost_rem_mem_reg(struct vhost_session *s, struct vhost_msg *msg)
{
	struct guest_region_spec spec = to_spec(&msg->payload.mem_reg.region);
	int ret;

	if (vhost_ring_runs_in(s, &spec))
		return vhost_refuse(s, "a ring runs in the region");
	ret = guest_mem_remove(&s->mem, &spec);
	return ret < 0 ? refuse_region(s, &spec, ret) : 0;
}
