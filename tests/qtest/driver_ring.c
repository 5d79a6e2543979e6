// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/driver_ring.h"

#include <endian.h>
#include <string.h>

#include "virtio/ring/virtio_wire.h"

/* Parts of the memory that the ring takes */
#define DRIVER_AREA 0x2000
#define DEVICE_AREA 0x4000
#define TABLES	    0x8000

#define DESC_BYTES  ((uint32_t)sizeof(struct virtq_desc))
#define TABLE_BYTES (DRIVER_RING_CHAIN * DESC_BYTES)

#define WRAP_BIT    15

/* Fields of the areas, in bytes from their start */
#define AVAIL_IDX     2
#define AVAIL_RING(i) (4 + 2u * (i))
#define USED_IDX      2
#define USED_RING(i)  (4 + 8u * (i))
#define EVENT_DESC    0
#define EVENT_FLAGS   2

/* Descriptors of the ring that one buffer takes, at most */
static uint16_t buffer_step(const struct driver_ring *ring)
{
	return ring->indirect ? 1 : DRIVER_RING_CHAIN;
}

uint16_t driver_ring_room(const struct driver_ring *ring)
{
	return ring->queue.size / buffer_step(ring) -
	       (uint16_t)(ring->added - ring->taken);
}

uint16_t driver_ring_next_id(const struct driver_ring *ring)
{
	return ring->added % (ring->queue.size / buffer_step(ring));
}

void driver_ring_init(struct driver_ring *ring, struct qtest *qt, uint64_t base,
		      uint16_t size, uint64_t features)
{
	assert_in_range(size, DRIVER_RING_CHAIN, DRIVER_RING_MAX);
	*ring = (struct driver_ring){
		.qt = qt,
		.queue = {
			.size = size,
			.desc = base,
			.driver = base + DRIVER_AREA,
			.device = base + DEVICE_AREA,
		},
		.packed = features & VIRTIO_BIT(VIRTIO_F_RING_PACKED),
		.event_idx = features & VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
		.indirect = features & VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
		.tables = base + TABLES,
		.avail_wrap = true,
		.used_wrap = true,
	};
	qtest_memset(qt, base, 0, DRIVER_RING_BYTES);
}

/* A descriptor in the format of the ring; @flags in host byte order. */
static void write_desc(struct driver_ring *ring, uint64_t at,
		       const struct driver_segment *s, uint16_t flags,
		       uint16_t next_or_id)
{
	struct virtq_desc split = {
		.addr = htole64(s->addr + ring->shift),
		.len = htole32(s->len),
		.flags = htole16(flags),
		.next = htole16(next_or_id),
	};
	struct virtq_packed_desc packed = {
		.addr = split.addr,
		.len = split.len,
		.id = split.next,
		.flags = split.flags,
	};

	if (ring->packed)
		qtest_write(ring->qt, at, &packed, sizeof(packed));
	else
		qtest_write(ring->qt, at, &split, sizeof(split));
}

/* The table of buffer @id. Returns the segment that stands for it. */
static struct driver_segment write_table(struct driver_ring *ring, uint16_t id,
					 const struct driver_segment *segments,
					 uint8_t count)
{
	uint64_t table = ring->tables + (uint64_t)id * TABLE_BYTES;

	for (uint8_t i = 0; i < count; i++) {
		bool next = !ring->packed && i + 1 < count;
		uint16_t flags = (next ? VIRTQ_DESC_F_NEXT : 0) |
				 (segments[i].write ? VIRTQ_DESC_F_WRITE : 0);

		write_desc(ring, table + i * DESC_BYTES, &segments[i], flags,
			   next ? i + 1 : 0);
	}
	return (struct driver_segment){ table, count * DESC_BYTES, false };
}

static uint16_t segment_flags(const struct driver_ring *ring,
			      const struct driver_segment *segment, bool last)
{
	return (ring->indirect ? VIRTQ_DESC_F_INDIRECT : 0) |
	       (segment->write ? VIRTQ_DESC_F_WRITE : 0) |
	       (last ? 0 : VIRTQ_DESC_F_NEXT);
}

static void add_split(struct driver_ring *ring, uint16_t id,
		      const struct driver_segment *segments, uint8_t count)
{
	uint16_t head = id * buffer_step(ring);
	uint16_t place = ring->added % ring->queue.size;

	for (uint8_t i = 0; i < count; i++)
		write_desc(ring, ring->queue.desc + (head + i) * DESC_BYTES,
			   &segments[i],
			   segment_flags(ring, &segments[i], i + 1 == count),
			   head + i + 1);
	qtest_store(ring->qt, ring->queue.driver + AVAIL_RING(place), 2, head);
	qtest_store(ring->qt, ring->queue.driver + AVAIL_IDX, 2,
		    (uint16_t)(ring->added + 1));
}

/* The two bits that tell whose a packed descriptor is. (2.8.1) */
static uint16_t owner_flags(bool avail, bool used)
{
	return (avail ? VIRTQ_PACKED_DESC_F_AVAIL : 0) |
	       (used ? VIRTQ_PACKED_DESC_F_USED : 0);
}

static void step(const struct driver_ring *ring, uint16_t *place, bool *wrap,
		 uint16_t count)
{
	*place += count;
	if (*place < ring->queue.size)
		return;
	*place -= ring->queue.size;
	*wrap = !*wrap;
}

/* The first descriptor becomes available last, and with it all of them. */
static void add_packed(struct driver_ring *ring, uint16_t id,
		       const struct driver_segment *segments, uint8_t count)
{
	uint64_t first = ring->queue.desc + ring->avail * DESC_BYTES;
	uint16_t first_flags = 0;

	for (uint8_t i = 0; i < count; i++) {
		bool wrap = ring->avail_wrap;
		uint16_t flags =
			owner_flags(wrap, !wrap) |
			segment_flags(ring, &segments[i], i + 1 == count);
		uint64_t at = ring->queue.desc + ring->avail * DESC_BYTES;

		if (i == 0) {
			first_flags = flags;
			flags = owner_flags(!wrap, !wrap);
		}
		write_desc(ring, at, &segments[i], flags, id);
		step(ring, &ring->avail, &ring->avail_wrap, 1);
	}
	ring->counts[id] = count;
	qtest_store(ring->qt, first + offsetof(struct virtq_packed_desc, flags),
		    2, first_flags);
}

uint16_t driver_ring_add(struct driver_ring *ring,
			 const struct driver_segment *segments, uint8_t count)
{
	uint16_t id = driver_ring_next_id(ring);
	struct driver_segment table;

	assert_in_range(count, 1, DRIVER_RING_CHAIN);
	assert_int_not_equal(driver_ring_room(ring), 0);
	if (ring->indirect) {
		table = write_table(ring, id, segments, count);
		segments = &table;
		count = 1;
	}
	if (ring->packed)
		add_packed(ring, id, segments, count);
	else
		add_split(ring, id, segments, count);
	ring->added++;
	return id;
}

void driver_ring_want_interrupt(struct driver_ring *ring)
{
	const struct virtio_pci_queue *q = &ring->queue;

	if (!ring->event_idx)
		return; /* never switched off */
	if (!ring->packed) {
		qtest_store(ring->qt, q->driver + AVAIL_RING(q->size), 2,
			    ring->taken);
		return;
	}
	qtest_store(ring->qt, q->driver + EVENT_DESC, 2,
		    ring->used | (unsigned int)ring->used_wrap << WRAP_BIT);
	qtest_store(ring->qt, q->driver + EVENT_FLAGS, 2,
		    VIRTQ_EVENT_FLAGS_DESC);
}

static bool take_split(struct driver_ring *ring, uint16_t *id, uint32_t *len)
{
	uint64_t used = ring->queue.device;
	struct virtq_used_elem elem;

	if (qtest_load(ring->qt, used + USED_IDX, 2) == ring->taken)
		return false;
	qtest_read(ring->qt, used + USED_RING(ring->taken % ring->queue.size),
		   &elem, sizeof(elem));
	*id = (uint16_t)(le32toh(elem.id) / buffer_step(ring));
	*len = le32toh(elem.len);
	return true;
}

static bool take_packed(struct driver_ring *ring, uint16_t *id, uint32_t *len)
{
	uint64_t at = ring->queue.desc + ring->used * DESC_BYTES;
	struct virtq_packed_desc desc;
	uint16_t flags;

	/* The flags alone first: the rest is valid after them. */
	flags = (uint16_t)qtest_load(
		ring->qt, at + offsetof(struct virtq_packed_desc, flags), 2);
	if ((flags & owner_flags(true, true)) !=
	    owner_flags(ring->used_wrap, ring->used_wrap))
		return false;
	qtest_read(ring->qt, at, &desc, sizeof(desc));
	*id = le16toh(desc.id);
	*len = le32toh(desc.len);
	assert_in_range(*id, 0, ring->queue.size - 1);
	step(ring, &ring->used, &ring->used_wrap, ring->counts[*id]);
	return true;
}

bool driver_ring_take(struct driver_ring *ring, uint16_t *id, uint32_t *len)
{
	uint16_t buffers = ring->queue.size / buffer_step(ring);

	if (ring->packed ? !take_packed(ring, id, len)
			 : !take_split(ring, id, len))
		return false;
	assert_int_equal(*id, ring->taken % buffers);
	ring->taken++;
	return true;
}
