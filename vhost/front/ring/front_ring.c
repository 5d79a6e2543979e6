/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The part that split and packed rings share. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vhost/front/deadline.h"
#include "vhost/front/ring/front_ring_layout.h"

/* Allocates one area, zeroed. */
static int part_open(struct front_mem *mem, uint32_t len, uint64_t *addr,
		     void **part)
{
	int err = front_mem_alloc(mem, len, addr);

	if (err)
		return err;
	*part = front_mem_at(mem, *addr, len);
	memset(*part, 0, len);
	return 0;
}

static int parts_open(struct front_ring *ring, uint32_t base)
{
	struct front_ring_bytes bytes = ring->layout->bytes(ring->size);
	void *desc, *avail, *used;
	int err;

	err = part_open(ring->mem, bytes.desc, &ring->desc_addr, &desc);
	if (err)
		return err;
	err = part_open(ring->mem, bytes.avail, &ring->avail_addr, &avail);
	if (err)
		return err;
	err = part_open(ring->mem, bytes.used, &ring->used_addr, &used);
	if (err)
		return err;
	ring->layout->init(ring, desc, avail, used, base);
	return 0;
}

static int fds_open(struct front_ring *ring)
{
	int *fds[] = { &ring->kick_fd, &ring->call_fd, &ring->err_fd };

	for (unsigned int i = 0; i < 3; i++) {
		*fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (*fds[i] < 0)
			return -errno;
	}
	return 0;
}

int front_ring_open(struct front_ring *ring, struct front_mem *mem,
		    uint16_t size, uint64_t features, uint32_t base)
{
	int err;

	*ring = (struct front_ring){
		.mem = mem,
		.size = size,
		.packed = features >> VIRTIO_F_RING_PACKED & 1,
		.event_idx = features >> VIRTIO_F_EVENT_IDX & 1,
		.translated = features >> VIRTIO_F_ACCESS_PLATFORM & 1,
		.free_count = size,
		.kick_fd = -1,
		.call_fd = -1,
		.err_fd = -1,
	};
	ring->layout = ring->packed ? &front_ring_packed : &front_ring_split;
	ring->chains = calloc(size, sizeof(*ring->chains));
	err = ring->chains ? parts_open(ring, base) : -ENOMEM;
	if (!err)
		err = fds_open(ring);
	if (err) {
		front_ring_close(ring);
		return err;
	}
	front_ring_want_call(ring, ring->taken);
	return 0;
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void part_close(struct front_ring *ring, uint64_t addr, uint32_t len)
{
	if (addr)
		front_mem_free(ring->mem, addr, len);
}

static void table_close(struct front_ring *ring, struct front_chain *chain)
{
	if (chain->table_len)
		front_mem_free(ring->mem, chain->table, chain->table_len);
	chain->table_len = 0;
}

void front_ring_close(struct front_ring *ring)
{
	struct front_ring_bytes bytes = { 0 };

	if (ring->layout)
		bytes = ring->layout->bytes(ring->size);
	for (uint16_t i = 0; ring->chains && i < ring->size; i++)
		table_close(ring, &ring->chains[i]);
	free(ring->chains);
	part_close(ring, ring->desc_addr, bytes.desc);
	part_close(ring, ring->avail_addr, bytes.avail);
	part_close(ring, ring->used_addr, bytes.used);
	fd_close(ring->kick_fd);
	fd_close(ring->call_fd);
	fd_close(ring->err_fd);
	*ring = (struct front_ring){
		.kick_fd = -1,
		.call_fd = -1,
		.err_fd = -1,
	};
}

/* Writes an indirect table of @count segments and remembers it in @chain. */
static int table_open(struct front_ring *ring, const struct front_segment *segs,
		      unsigned int count, struct front_chain *chain)
{
	uint32_t len = count * ring->layout->desc_bytes;
	int err = front_mem_alloc(ring->mem, len, &chain->table);

	if (err)
		return err;
	chain->table_len = len;
	ring->layout->fill_table(front_mem_at(ring->mem, chain->table, len),
				 segs, count);
	return 0;
}

int front_ring_add(struct front_ring *ring, const struct front_segment *segs,
		   unsigned int count, unsigned int direct, uint16_t *head)
{
	bool indirect = direct < count;
	unsigned int need = indirect ? direct + 1 : count;
	struct front_chain chain = { .count = need };
	int err;

	if (need > ring->free_count)
		return -ENOSPC;
	if (indirect) {
		err = table_open(ring, segs + direct, count - direct, &chain);
		if (err)
			return err;
	}
	*head = ring->layout->add(ring, segs, &chain);
	ring->free_count -= need;
	ring->chains[*head] = chain;
	return 0;
}

void front_ring_publish(struct front_ring *ring)
{
	ring->layout->publish(ring);
	ring->published = ring->added;
}

void front_ring_kick_now(struct front_ring *ring)
{
	eventfd_write(ring->kick_fd, 1);
	ring->kicked = ring->published;
}

int front_ring_kick(struct front_ring *ring)
{
	bool wanted;

	/*
	 * The device must see the available buffers before its event
	 * suppression is read. Else both sides may wait for each other.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wanted = ring->layout->wants_kick(ring);
	ring->kicked = ring->published;
	if (wanted)
		front_ring_kick_now(ring);
	return wanted;
}

void front_ring_want_call(struct front_ring *ring, uint16_t place)
{
	ring->layout->want_call(ring, place);
	/* The device must see this before the used ring is read again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void front_ring_want_no_call(struct front_ring *ring)
{
	ring->layout->want_no_call(ring);
}

uint16_t front_ring_used_idx(const struct front_ring *ring)
{
	return ring->layout->used_idx(ring);
}

uint32_t front_ring_base(const struct front_ring *ring, uint16_t place)
{
	return ring->packed ? (uint32_t)place << 16 | place : place;
}

bool front_ring_signalled(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

/* Waits until one of the descriptors is readable. */
static int wait_event(struct front_ring *ring, int watch_fd, int64_t deadline)
{
	struct pollfd pfds[] = {
		{ .fd = ring->call_fd, .events = POLLIN },
		{ .fd = ring->err_fd, .events = POLLIN },
		{ .fd = watch_fd, .events = POLLRDHUP },
		{ .fd = ring->helper.help ? ring->helper.fd : -1,
		  .events = POLLIN },
	};
	int n = poll(pfds, 4, deadline_left(deadline));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ETIMEDOUT;
	if (pfds[0].revents) {
		front_ring_signalled(ring->call_fd);
		return 0;
	}
	if (pfds[1].revents)
		return -EIO;
	if (pfds[2].revents || !ring->helper.help)
		return -ECONNRESET;
	return ring->helper.help(ring->helper.opaque);
}

int front_ring_wait(struct front_ring *ring, int watch_fd, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	int err;

	front_ring_want_call(ring, ring->taken);
	while (!ring->layout->has_used(ring)) {
		err = wait_event(ring, watch_fd, deadline);
		if (err)
			return err;
	}
	return 0;
}

int front_ring_take(struct front_ring *ring, struct virtq_used_elem *elem)
{
	struct front_chain *chain;

	if (!ring->layout->has_used(ring))
		return -EAGAIN;
	ring->layout->take(ring, elem);
	if (elem->id >= ring->size || ring->chains[elem->id].count == 0)
		return -EPROTO;
	chain = &ring->chains[elem->id];
	ring->layout->free(ring, elem->id);
	ring->free_count += chain->count;
	chain->count = 0;
	table_close(ring, chain);
	return 0;
}
