/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/hostile/hostile_ring.h"

#include <endian.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"

#define SPARE	 HOSTILE_SPARE
#define TABLE	 HOSTILE_TABLE
#define NEXT	 VIRTQ_DESC_F_NEXT
#define WRITE	 VIRTQ_DESC_F_WRITE
#define INDIRECT VIRTQ_DESC_F_INDIRECT

#define JUMPS(n)                                         \
	{                                                \
		.name = "avail_index_jumps", .jump = (n) \
	}
#define HEAD(n)                                              \
	{                                                    \
		.name = "head_is_no_descriptor", .head = (n) \
	}
#define FIRST(what, ...)                                  \
	{                                                 \
		.name = what, .ring = { { __VA_ARGS__ } } \
	}
/* A table of two, of which the second entry names the table itself. */
#define NESTED                         \
	{                              \
		TABLE, 32, INDIRECT, 0 \
	}
#define IN_TABLE(...)                                                     \
	{                                                                 \
		.name = "bad_entries_of_an_indirect_table",               \
		.ring = { NESTED }, .table = { { __VA_ARGS__ }, NESTED }, \
	}

const struct hostile_ring hostile_rings[] = {
	JUMPS(65),
	JUMPS(66),
	JUMPS(1000),
	JUMPS(32768),
	JUMPS(65535),
	HEAD(64),
	HEAD(65),
	HEAD(32768),
	HEAD(65535),
	FIRST("next_is_no_descriptor", SPARE, 32, NEXT, 64),
	FIRST("next_is_no_descriptor", SPARE, 32, NEXT, 65535),
	FIRST("chain_is_a_loop", SPARE, 32, NEXT, 0),
	FIRST("chain_is_a_loop", SPARE, 0, NEXT, 0),
	{
		.name = "chain_is_a_loop",
		.ring = { { SPARE, 32, NEXT, 1 },
			  { TABLE, 32, NEXT | WRITE, 1 } },
	},
	FIRST("indirect_table_of_bad_length", SPARE, 0, INDIRECT, 0),
	FIRST("indirect_table_of_bad_length", SPARE, 1, INDIRECT, 0),
	FIRST("indirect_table_of_bad_length", SPARE, 15, INDIRECT, 0),
	FIRST("indirect_table_of_bad_length", SPARE, 17, INDIRECT, 0),
	FIRST("indirect_table_of_bad_length", SPARE, 33, INDIRECT, 0),
	FIRST("indirect_table_of_bad_length", SPARE, UINT32_MAX, INDIRECT, 0),
	FIRST("indirect_table_unmapped", HOSTILE_UNMAPPED, 64, INDIRECT, 0),
	FIRST("indirect_table_unmapped", UINT64_MAX - 15, 32, INDIRECT, 0),
	{
		/* The chain goes on where the memory ends. */
		.name = "indirect_table_unmapped",
		.ring = { { HOSTILE_MEM_END - 16, 32, INDIRECT, 0 } },
		.table_at = HOSTILE_MEM_END - 16,
		.table = { { SPARE, 32, NEXT, 1 } },
	},
	FIRST("indirect_together_with_next", SPARE, 64, INDIRECT | NEXT, 1),
	IN_TABLE(TABLE, 32, INDIRECT, 0),
	IN_TABLE(SPARE, 32, NEXT, 1),
	IN_TABLE(SPARE, 32, NEXT, 2),
	IN_TABLE(SPARE, 32, NEXT, 65535),
	IN_TABLE(SPARE, 32, NEXT, 0),
};

const unsigned int hostile_ring_count =
	sizeof(hostile_rings) / sizeof(hostile_rings[0]);

struct virtq_desc hostile_desc(const struct hostile_desc *desc)
{
	return (struct virtq_desc){ htole64(desc->addr), htole32(desc->len),
				    htole16(desc->flags), htole16(desc->next) };
}

static void show(struct spi_front *front)
{
	front_ring_publish(&front->ring);
	front_ring_kick_now(&front->ring);
}

static void write_head(struct spi_front *front)
{
	struct virtio_spi_wire_head head = rig_head(0);

	front_mem_write(&front->mem, SPARE, &head, sizeof(head));
}

void hostile_ring_show(struct spi_front *front, const struct hostile_ring *row)
{
	uint64_t table_at = row->table_at ? row->table_at : TABLE;

	write_head(front);
	for (unsigned int i = 0; i < 2; i++) {
		struct virtq_desc desc = hostile_desc(&row->table[i]);

		if (row->table[i].addr)
			front_mem_write(&front->mem,
					table_at + i * sizeof(desc), &desc,
					sizeof(desc));
		if (row->ring[i].addr)
			front->ring.desc[i] = hostile_desc(&row->ring[i]);
	}
	if (row->jump)
		front->ring.added += row->jump;
	else
		front_ring_push(&front->ring, row->head);
	show(front);
}

void hostile_ring_show_long_chain(struct spi_front *front, unsigned int count)
{
	struct hostile_desc ring = { TABLE, count * 16, INDIRECT, 0 };

	write_head(front);
	for (unsigned int i = 0; i < count; i++) {
		struct hostile_desc entry = { SPARE, i ? 1 : 32, NEXT,
					      (uint16_t)(i + 1) };
		struct virtq_desc desc;

		if (i == count - 1)
			entry = (struct hostile_desc){ SPARE + 2048, 1, WRITE,
						       0 };
		desc = hostile_desc(&entry);
		front_mem_write(&front->mem, TABLE + i * sizeof(desc), &desc,
				sizeof(desc));
	}
	front->ring.desc[0] = hostile_desc(&ring);
	front_ring_push(&front->ring, 0);
	show(front);
}

/* Lengths up to 63, but for one in eight; and near the valid head. */
static struct hostile_desc random_desc(uint32_t word)
{
	return (struct hostile_desc){
		.addr = SPARE - 8 + (word >> 8 & 15),
		.len = word >> 22 & 7 ? word >> 16 & 63 : word,
		.next = (uint16_t)(word >> 4 & 127),
	};
}

/* Flags at random, or chains of four. */
static void fill_packed(struct front_ring *ring, const uint32_t *words,
			uint32_t seed)
{
	memcpy(ring->driver_event, words, sizeof(*ring->driver_event));
	for (unsigned int i = 0; i < ring->size; i++) {
		struct hostile_desc desc = random_desc(words[i]);
		uint16_t flags = seed % 2 ? words[i] & 0x8087
					  : (i % 4 < 3) | 0x80 |
						    (words[i] & WRITE);

		ring->entries[i] = (struct virtq_packed_desc){
			htole64(desc.addr), htole32(desc.len), 0, htole16(flags)
		};
	}
}

static void fill_split(struct front_ring *ring, const uint32_t *words,
		       uint32_t seed)
{
	for (unsigned int i = 0; i < ring->size; i++) {
		struct hostile_desc desc = random_desc(words[i]);

		desc.flags = seed % 2 ? words[i] & 7 : words[i] & WRITE;
		if (seed % 2 == 0 && i % 4 < 3) {
			desc.flags |= NEXT;
			desc.next = (uint16_t)(i + 1);
		}
		ring->desc[i] = hostile_desc(&desc);
	}
	for (unsigned int i = 0; i < ring->size / 4u; i++)
		front_ring_push(ring, (uint16_t)(i * 4));
}

void hostile_ring_show_garbage(struct spi_front *front, uint32_t seed)
{
	struct front_ring *ring = &front->ring;
	uint32_t words[256] = { 0 };

	write_head(front);
	rig_pattern((uint8_t *)words, sizeof(words), seed);
	if (ring->packed) {
		fill_packed(ring, words, seed);
		front_ring_kick_now(ring);
	} else {
		fill_split(ring, words, seed);
		show(front);
	}
}
