/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/speed/fake_bus.h"
#include "tests/bench/speed/link.h"
#include "vhost/front/front_setup.h"

#define HEAD_LEN  sizeof(struct virtio_spi_wire_head)
#define MAX_PARTS 512
#define GAP	  64 /* between two parts: no two are adjacent */

struct link_slot {
	struct front_segment *segs;
	unsigned int count;
	uint8_t *status;
};

static unsigned int parts_of(const struct link_kind *kind)
{
	return kind->parts ? kind->parts : 1;
}

/* Descriptors of a request: head, parts, parts, status */
static unsigned int descriptors_of(const struct link_kind *kind)
{
	return 2 + 2 * parts_of(kind);
}

static uint64_t align(uint64_t n)
{
	return (n + GAP - 1) / GAP * GAP;
}

/* Bytes of guest memory from one part to the next */
static uint64_t part_room(const struct link_kind *kind)
{
	return align(kind->len / parts_of(kind) + 1) + GAP;
}

static uint64_t slot_room(const struct link_kind *kind)
{
	return (2 * parts_of(kind)) * part_room(kind) + 2 * GAP;
}

static uint64_t all_room(const struct link_kind *kind)
{
	uint64_t bytes = kind->depth * slot_room(kind);

	return (bytes + FRONT_MEM_PAGE - 1) / FRONT_MEM_PAGE * FRONT_MEM_PAGE;
}

static uint16_t ring_size(const struct link_kind *kind)
{
	unsigned int size = 4;

	while (size < kind->depth * descriptors_of(kind))
		size *= 2;
	return (uint16_t)size;
}

/* Adds regions until there are as many as wanted. Those that are small. */
static int add_regions(struct link *link)
{
	struct front_mem *mem = &link->front.mem;
	int err = 0;

	while (err >= 0 && mem->count < link->kind.regions) {
		const struct front_region *last = &mem->regions[mem->count - 1];
		bool is_last = mem->count + 1 == link->kind.regions;

		err = front_mem_add(
			mem, last->guest_addr + last->size,
			is_last ? all_room(&link->kind) : FRONT_MEM_PAGE, 0);
	}
	return err < 0 ? err : 0;
}

/* The buffers are in the last region. */
static int buffers_addr(struct link *link, uint64_t *addr)
{
	struct front_mem *mem = &link->front.mem;

	if (link->kind.regions <= 2)
		return front_mem_alloc(mem, all_room(&link->kind), addr);
	*addr = mem->regions[mem->count - 1].guest_addr;
	return 0;
}

/* Describes the parts of one direction, from @addr on. Returns the end. */
static uint64_t fill_parts(struct link_slot *slot, const struct link_kind *kind,
			   uint64_t addr, bool write)
{
	unsigned int parts = parts_of(kind);
	uint32_t left = kind->len;

	for (unsigned int i = 0; i < parts; i++) {
		uint32_t len = i + 1 < parts ? kind->len / parts : left;

		slot->segs[slot->count++] =
			(struct front_segment){ addr, len, write };
		left -= len;
		addr += part_room(kind);
	}
	return addr;
}

static int fill_slot(struct link *link, struct link_slot *slot, uint64_t addr)
{
	const struct virtio_spi_wire_head head = {
		.bits_per_word = 8,
		.cs_change = 1,
		.tx_nbits = 1,
		.rx_nbits = 1,
		.freq = htole32(FAKE_BUS_MAX_HZ),
	};
	const struct link_kind *kind = &link->kind;
	int err;

	slot->segs = calloc(descriptors_of(kind), sizeof(*slot->segs));
	if (!slot->segs)
		return -ENOMEM;
	err = front_mem_write(&link->front.mem, addr, &head, sizeof(head));
	slot->segs[slot->count++] =
		(struct front_segment){ addr, sizeof(head), false };
	addr = fill_parts(slot, kind, addr + GAP, false);
	addr = fill_parts(slot, kind, addr, true);
	slot->segs[slot->count++] = (struct front_segment){ addr, 1, true };
	slot->status = front_mem_at(&link->front.mem, addr, 1);
	if (err || !slot->status)
		return -EFAULT;
	*slot->status = SPI_FRONT_UNWRITTEN;
	return 0;
}

static int make_slots(struct link *link)
{
	unsigned int depth = link->kind.depth;
	uint64_t addr;
	int err = buffers_addr(link, &addr);

	link->slots = calloc(depth, sizeof(*link->slots));
	link->free = calloc(depth, sizeof(*link->free));
	link->heads = calloc(link->front.ring.size, sizeof(*link->heads));
	if (!link->slots || !link->free || !link->heads)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < depth; i++) {
		err = fill_slot(link, &link->slots[i],
				addr + i * slot_room(&link->kind));
		link->free[link->free_count++] = &link->slots[i];
	}
	return err;
}

static int ring_add(struct link *link)
{
	struct link_slot *slot = link->free[link->free_count - 1];
	uint16_t head;
	int err = front_ring_add(&link->front.ring, slot->segs, slot->count,
				 slot->count, &head);

	if (err)
		return err;
	link->free_count--;
	link->heads[head] = slot;
	return 0;
}

static void ring_flush(struct link *link)
{
	front_ring_publish(&link->front.ring);
	front_ring_kick(&link->front.ring);
}

static int ring_take(struct link *link)
{
	struct virtq_used_elem elem;
	int count = 0, err;

	while (!(err = front_ring_take_sleeping(&link->front.ring, &elem))) {
		struct link_slot *slot = link->heads[elem.id];

		if (*slot->status != VIRTIO_SPI_TRANS_OK)
			return -EREMOTEIO;
		*slot->status = SPI_FRONT_UNWRITTEN;
		link->free[link->free_count++] = slot;
		count++;
	}
	return err == -EAGAIN ? count : err;
}

static void ring_close(struct link *link)
{
	for (unsigned int i = 0; link->slots && i < link->kind.depth; i++)
		free(link->slots[i].segs);
	free(link->slots);
	free(link->free);
	free(link->heads);
	spi_front_close(&link->front);
}

static const struct link_ops ring_ops = {
	.add = ring_add,
	.flush = ring_flush,
	.take = ring_take,
	.close = ring_close,
};

int link_open_ring(struct link *link, const char *socket,
		   const struct link_kind *kind)
{
	struct spi_front_options options = spi_front_defaults(socket);
	int err;

	*link = (struct link){ .ops = &ring_ops, .kind = *kind };
	options.ring_size = ring_size(kind);
	options.mem_size = (1u << 20) + all_room(kind);
	options.features = FRONT_BIT(VIRTIO_F_EVENT_IDX) | kind->features;
	err = spi_front_connect(&link->front, &options);
	if (err)
		return err;
	err = add_regions(link);
	if (!err)
		err = spi_front_begin(&link->front);
	if (!err)
		err = make_slots(link);
	if (err) {
		ring_close(link);
		return err;
	}
	link->call_fd = link->front.ring.call_fd;
	if (kind->polls)
		front_ring_disable_calls(&link->front.ring);
	return 0;
}
