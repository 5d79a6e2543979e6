/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_ring.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vhost/front/deadline.h"

static uint32_t desc_bytes(uint16_t size)
{
	return sizeof(struct virtq_desc) * size;
}

static uint32_t avail_bytes(uint16_t size)
{
	return sizeof(struct virtq_avail) + sizeof(uint16_t) * (size + 1u);
}

static uint32_t used_bytes(uint16_t size)
{
	return sizeof(struct virtq_used) +
	       sizeof(struct virtq_used_elem) * size + sizeof(uint16_t);
}

/* used_event, behind the available ring: written by us */
static uint16_t *used_event(const struct front_ring *ring)
{
	return &ring->avail->ring[ring->size];
}

/* avail_event, behind the used ring: written by the device */
static const uint16_t *avail_event(const struct front_ring *ring)
{
	return (const void *)&ring->used->ring[ring->size];
}

/* Allocates one part, zeroed. */
static int part_open(struct front_mem *mem, uint32_t len, uint64_t *addr,
		     void *part)
{
	int err = front_mem_alloc(mem, len, addr);
	void *at;

	if (err)
		return err;
	at = front_mem_at(mem, *addr, len);
	memset(at, 0, len);
	memcpy(part, &at, sizeof(at));
	return 0;
}

static int parts_open(struct front_ring *ring)
{
	int err;

	err = part_open(ring->mem, desc_bytes(ring->size), &ring->desc_addr,
			&ring->desc);
	if (err)
		return err;
	err = part_open(ring->mem, avail_bytes(ring->size), &ring->avail_addr,
			&ring->avail);
	if (err)
		return err;
	return part_open(ring->mem, used_bytes(ring->size), &ring->used_addr,
			 &ring->used);
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

static void indexes_set(struct front_ring *ring, uint16_t base)
{
	ring->avail->idx = htole16(base);
	ring->used->idx = htole16(base);
	ring->added = ring->published = ring->kicked = ring->taken = base;
	for (uint16_t i = 0; i < ring->size; i++)
		ring->desc[i].next = htole16(i + 1);
	ring->free_head = 0;
	ring->free_count = ring->size;
}

int front_ring_open(struct front_ring *ring, struct front_mem *mem,
		    uint16_t size, bool event_idx, uint16_t base)
{
	int err;

	*ring = (struct front_ring){
		.mem = mem,
		.size = size,
		.event_idx = event_idx,
		.kick_fd = -1,
		.call_fd = -1,
		.err_fd = -1,
	};
	ring->chains = calloc(size, sizeof(*ring->chains));
	err = ring->chains ? parts_open(ring) : -ENOMEM;
	if (!err)
		err = fds_open(ring);
	if (err) {
		front_ring_close(ring);
		return err;
	}
	indexes_set(ring, base);
	front_ring_want_call(ring, base);
	return 0;
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void chain_free_table(struct front_ring *ring, struct front_chain *chain)
{
	if (chain->table_len)
		front_mem_free(ring->mem, chain->table, chain->table_len);
	chain->table_len = 0;
}

void front_ring_close(struct front_ring *ring)
{
	for (uint16_t i = 0; ring->chains && i < ring->size; i++)
		chain_free_table(ring, &ring->chains[i]);
	free(ring->chains);
	if (ring->desc)
		front_mem_free(ring->mem, ring->desc_addr,
			       desc_bytes(ring->size));
	if (ring->avail)
		front_mem_free(ring->mem, ring->avail_addr,
			       avail_bytes(ring->size));
	if (ring->used)
		front_mem_free(ring->mem, ring->used_addr,
			       used_bytes(ring->size));
	fd_close(ring->kick_fd);
	fd_close(ring->call_fd);
	fd_close(ring->err_fd);
	*ring = (struct front_ring){
		.kick_fd = -1,
		.call_fd = -1,
		.err_fd = -1,
	};
}

static void desc_fill(struct virtq_desc *desc, const struct front_segment *seg,
		      bool more, uint16_t next)
{
	uint16_t flags = 0;

	if (seg->write)
		flags |= VIRTQ_DESC_F_WRITE;
	if (more)
		flags |= VIRTQ_DESC_F_NEXT;
	desc->addr = htole64(seg->addr);
	desc->len = htole32(seg->len);
	desc->flags = htole16(flags);
	desc->next = htole16(next);
}

/* Writes an indirect table of @count segments and remembers it in @chain. */
static int table_fill(struct front_ring *ring, const struct front_segment *segs,
		      unsigned int count, struct front_chain *chain)
{
	uint32_t len = count * sizeof(struct virtq_desc);
	struct virtq_desc *table;
	int err;

	err = front_mem_alloc(ring->mem, len, &chain->table);
	if (err)
		return err;
	chain->table_len = len;
	table = front_mem_at(ring->mem, chain->table, len);
	for (unsigned int i = 0; i < count; i++)
		desc_fill(&table[i], &segs[i], i + 1 < count, i + 1);
	return 0;
}

int front_ring_add(struct front_ring *ring, const struct front_segment *segs,
		   unsigned int count, unsigned int direct, uint16_t *head)
{
	bool indirect = direct < count;
	unsigned int need = indirect ? direct + 1 : count;
	struct front_chain chain = { .count = need };
	struct virtq_desc *desc;
	uint16_t at = ring->free_head;
	int err;

	if (need > ring->free_count)
		return -ENOSPC;
	if (indirect) {
		err = table_fill(ring, segs + direct, count - direct, &chain);
		if (err)
			return err;
	}
	*head = at;
	for (unsigned int i = 0; i < need; i++) {
		desc = &ring->desc[at];
		at = le16toh(desc->next);
		if (indirect && i == direct) {
			struct front_segment table = { chain.table,
						       chain.table_len, false };

			desc_fill(desc, &table, false, at);
			desc->flags = htole16(VIRTQ_DESC_F_INDIRECT);
		} else {
			desc_fill(desc, &segs[i], i + 1 < need, at);
		}
	}
	ring->free_head = at;
	ring->free_count -= need;
	ring->chains[*head] = chain;
	front_ring_push(ring, *head);
	return 0;
}

void front_ring_push(struct front_ring *ring, uint16_t head)
{
	ring->avail->ring[ring->added++ % ring->size] = htole16(head);
}

void front_ring_publish(struct front_ring *ring)
{
	/* The device must see descriptors and heads before the index. */
	__atomic_store_n(&ring->avail->idx, htole16(ring->added),
			 __ATOMIC_RELEASE);
	ring->published = ring->added;
}

void front_ring_kick_now(struct front_ring *ring)
{
	eventfd_write(ring->kick_fd, 1);
	ring->kicked = ring->published;
}

int front_ring_kick(struct front_ring *ring)
{
	uint16_t event, flags;
	bool wanted;

	/*
	 * The index must be visible before the device's wish is read, or both
	 * sides may go to sleep, each having missed the other.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ring->event_idx) {
		event = le16toh(
			__atomic_load_n(avail_event(ring), __ATOMIC_RELAXED));
		wanted = (uint16_t)(ring->published - event - 1) <
			 (uint16_t)(ring->published - ring->kicked);
	} else {
		flags = le16toh(
			__atomic_load_n(&ring->used->flags, __ATOMIC_RELAXED));
		wanted = !(flags & VIRTQ_USED_F_NO_NOTIFY);
	}
	ring->kicked = ring->published;
	if (wanted)
		front_ring_kick_now(ring);
	return wanted;
}

void front_ring_want_call(struct front_ring *ring, uint16_t index)
{
	__atomic_store_n(&ring->avail->flags, 0, __ATOMIC_RELAXED);
	if (ring->event_idx)
		__atomic_store_n(used_event(ring), htole16(index),
				 __ATOMIC_RELAXED);
	/* The wish must be visible before the used index is read again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void front_ring_want_no_call(struct front_ring *ring)
{
	if (ring->event_idx) /* an index that is half a turn away */
		front_ring_want_call(ring, ring->taken + 0x8000);
	else
		__atomic_store_n(&ring->avail->flags,
				 htole16(VIRTQ_AVAIL_F_NO_INTERRUPT),
				 __ATOMIC_RELAXED);
}

uint16_t front_ring_used_idx(const struct front_ring *ring)
{
	/* Elements and buffers are read after the index that covers them. */
	return le16toh(__atomic_load_n(&ring->used->idx, __ATOMIC_ACQUIRE));
}

bool front_ring_signalled(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

/* Sleeps until one of the descriptors has something to say. */
static int wait_event(struct front_ring *ring, int watch_fd, int64_t deadline)
{
	struct pollfd pfds[] = {
		{ .fd = ring->call_fd, .events = POLLIN },
		{ .fd = ring->err_fd, .events = POLLIN },
		{ .fd = watch_fd, .events = POLLRDHUP },
	};
	int n = poll(pfds, 3, deadline_left(deadline));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ETIMEDOUT;
	if (pfds[0].revents) {
		front_ring_signalled(ring->call_fd);
		return 0;
	}
	return pfds[1].revents ? -EIO : -ECONNRESET;
}

int front_ring_wait(struct front_ring *ring, int watch_fd, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	int err;

	front_ring_want_call(ring, ring->taken);
	while (front_ring_used_idx(ring) == ring->taken) {
		err = wait_event(ring, watch_fd, deadline);
		if (err)
			return err;
	}
	return 0;
}

static void chain_free(struct front_ring *ring, uint16_t head)
{
	struct front_chain *chain = &ring->chains[head];
	uint16_t last = head;

	/* The links are as front_ring_add() left them: free list order. */
	for (uint16_t i = 1; i < chain->count; i++)
		last = le16toh(ring->desc[last].next);
	ring->desc[last].next = htole16(ring->free_head);
	ring->free_head = head;
	ring->free_count += chain->count;
	chain->count = 0;
	chain_free_table(ring, chain);
}

int front_ring_take(struct front_ring *ring, struct virtq_used_elem *elem)
{
	struct virtq_used_elem *from;

	if (front_ring_used_idx(ring) == ring->taken)
		return -EAGAIN;
	from = &ring->used->ring[ring->taken % ring->size];
	elem->id = le32toh(from->id);
	elem->len = le32toh(from->len);
	ring->taken++;
	if (elem->id >= ring->size || ring->chains[elem->id].count == 0)
		return -EPROTO;
	chain_free(ring, elem->id);
	return 0;
}
