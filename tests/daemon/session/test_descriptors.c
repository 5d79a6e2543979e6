/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device makes no assumption about the arrangement of descriptors:
 * virtio 1.4, sections 2.7.4.1, 2.7.5.3 and 2.8.7.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LEN	     40 /* bytes of tx, and of rx */
#define OUT_LEN	     (32 + LEN)
#define IN_LEN	     (LEN + 1)

static struct spi_front *open_large(struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);

	options.ring_size = 256;
	return rig_open_with(rig, 0, &options);
}

/* One full duplex transfer in this framing */
static void check_framing(struct spi_front *front,
			  const struct spi_front_framing *framing)
{
	uint8_t tx[LEN], rx[LEN] = { 0 };
	struct spi_front_request request = { rig_head(0), tx, LEN, rx, LEN };
	struct spi_front_result result;

	rig_pattern(tx, LEN, framing->out_count + 17 * framing->in_count);
	assert_int_equal(spi_front_transfer(front, &request, framing, &result),
			 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(result.used_len, IN_LEN);
	assert_memory_equal(rx, tx, LEN);
}

/*
 * Direct, indirect, and every mixture of the first few, which packed rings
 * do not have.
 */
static void check_all_ways(struct spi_front *front,
			   struct spi_front_framing framing)
{
	check_framing(front, &framing);
	framing.indirect = true;
	check_framing(front, &framing);
	for (unsigned int i = 1; i < 5 && !front->ring.packed; i++) {
		framing.direct = i;
		check_framing(front, &framing);
	}
}

static void one_descriptor_for_each_field(void **state)
{
	check_all_ways(open_large(*state), (struct spi_front_framing){ 0 });
}

/* One readable and one writable descriptor */
static void fields_merged(void **state)
{
	static const uint32_t out = OUT_LEN, in = IN_LEN;

	check_all_ways(open_large(*state), (struct spi_front_framing){
						   .out = &out,
						   .out_count = 1,
						   .in = &in,
						   .in_count = 1,
					   });
}

/* Each part is cut in two, at every place. */
static void fields_cut_anywhere(void **state)
{
	struct spi_front *front = open_large(*state);

	for (uint32_t out = 0; out <= OUT_LEN; out++) {
		uint32_t in = out % (IN_LEN + 1);

		check_all_ways(front, (struct spi_front_framing){
					      .out = &out,
					      .out_count = 1,
					      .in = &in,
					      .in_count = 1,
				      });
	}
}

static void byte_by_byte(void **state)
{
	uint32_t ones[OUT_LEN];

	for (unsigned int i = 0; i < OUT_LEN; i++)
		ones[i] = 1;
	check_all_ways(open_large(*state), (struct spi_front_framing){
						   .out = ones,
						   .out_count = OUT_LEN,
						   .in = ones,
						   .in_count = IN_LEN,
					   });
}

static void zero_length_descriptors(void **state)
{
	static const uint32_t out[] = { 0, 1, 0, 31, 0, 0, LEN, 0 };
	static const uint32_t in[] = { 0, LEN, 0, 0, 1, 0 };

	check_all_ways(open_large(*state), (struct spi_front_framing){
						   .out = out,
						   .out_count = ARRAY_LEN(out),
						   .in = in,
						   .in_count = ARRAY_LEN(in),
					   });
}

/* Cuts of random lengths, 0 included */
static void fields_cut_at_random(void **state)
{
	struct spi_front *front = open_large(*state);
	uint32_t cuts[20];
	uint8_t random[20];

	for (unsigned int round = 0; round < 200; round++) {
		rig_pattern(random, sizeof(random), round);
		for (unsigned int i = 0; i < ARRAY_LEN(cuts); i++)
			cuts[i] = random[i] % 16;
		check_all_ways(front, (struct spi_front_framing){
					      .out = cuts,
					      .out_count = round % 20 + 1,
					      .in = cuts + round % 7,
					      .in_count = round % 13 + 1,
				      });
	}
}

/* A chain may be as long as the ring, indirect or not: 2.7.5.3.1. */
static void chain_as_long_as_the_ring(void **state)
{
	struct spi_front_options options = rig_options(*state, 0);
	static const uint32_t zeros[64];
	const struct spi_front_framing framing = {
		.out = zeros,
		.out_count = 63, /* and one for the bytes */
		.in = zeros,
		.in_count = 63,
	};

	options.ring_size = 128;
	check_all_ways(rig_open_with(*state, 0, &options), framing);
}

/* 5.21.6.1: the device must not change tx_buf. */
static void tx_is_not_written(void **state)
{
	struct spi_front *front = open_large(*state);
	const uint64_t addr = SPI_FRONT_HIGH_ADDR + (8 << 20);
	struct spi_front_framing framing = { .out_addr = addr };
	uint8_t tx[LEN], after[LEN];

	check_framing(front, &framing);
	rig_pattern(tx, LEN, 0);
	assert_int_equal(front_mem_read(&front->mem, addr + 32, after, LEN), 0);
	assert_memory_equal(after, tx, LEN);
}

/* Both parts at odd addresses, and over the border of the two regions */
static void buffers_across_adjacent_regions(void **state)
{
	struct spi_front *front = open_large(*state);
	static const uint32_t out = OUT_LEN, in = IN_LEN;
	struct spi_front_framing framing = {
		.out = &out,
		.out_count = 1,
		.in = &in,
		.in_count = 1,
	};

	for (uint32_t at = 0; at <= OUT_LEN; at++) {
		framing.in_addr = 0;
		framing.out_addr = SPI_FRONT_HIGH_ADDR - at;
		check_all_ways(front, framing);
		if (at > IN_LEN)
			continue;
		framing.out_addr = 0;
		framing.in_addr = SPI_FRONT_HIGH_ADDR - at;
		check_all_ways(front, framing);
	}
}

/* The status is the last writable byte, and nothing is written behind it. */
static void status_is_the_last_writable_byte(void **state)
{
	struct spi_front *front = open_large(*state);
	const uint64_t addr = SPI_FRONT_HIGH_ADDR + (8 << 20) + 1;
	struct spi_front_framing framing = { .in_addr = addr };
	uint8_t *at = front_mem_at(&front->mem, addr - 1, IN_LEN + 2);

	at[0] = 0x5a;
	at[IN_LEN + 1] = 0xa5;
	check_framing(front, &framing);
	assert_int_equal(at[0], 0x5a);
	assert_int_equal(at[IN_LEN], VIRTIO_SPI_TRANS_OK);
	assert_int_equal(at[IN_LEN + 1], 0xa5);
}

/* The device must ignore WRITE on the descriptor of an indirect table. */
static void write_flag_of_an_indirect_table_is_ignored(void **state)
{
	struct spi_front *front = open_large(*state);
	uint8_t rx[4];
	struct spi_front_request request = { rig_head(0), (uint8_t *)"abcd", 4,
					     rx, 4 };
	struct spi_front_framing framing = { .indirect = true };
	uint16_t head = front->ring.free_head;
	uint16_t id;

	assert_int_equal(spi_front_add(front, &request, &framing, &id), 0);
	if (front->ring.packed)
		front->ring.held_flags |= VIRTQ_DESC_F_WRITE;
	else
		front->ring.desc[head].flags |= htole16(VIRTQ_DESC_F_WRITE);
	spi_front_flush(front);
	rig_expect_wait(front, id, 4, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(rx, "abcd", 4);
}

/* An indirect table that is walked backwards, with unused entries */
static void indirect_table_in_any_order(void **state)
{
	struct spi_front *front = open_large(*state);
	struct spi_front_framing framing = { .indirect = true };
	uint8_t rx[4];
	struct spi_front_request request = { rig_head(0), (uint8_t *)"abcd", 4,
					     rx, 4 };
	uint16_t head = front->ring.free_head;
	struct virtq_desc *table, head_desc;
	uint16_t id;

	assert_int_equal(spi_front_add(front, &request, &framing, &id), 0);
	table = front_mem_at(&front->mem, front->ring.chains[head].table,
			     6 * sizeof(*table)); /* it has a page */
	head_desc = table[0];
	table[5] = table[2]; /* rx */
	table[2] = table[1]; /* tx */
	table[1] = table[3]; /* status */
	table[0] = head_desc;
	table[0].next = htole16(2);
	table[2].next = htole16(5);
	table[5].next = htole16(1);
	memset(&table[3], 0xff, 2 * sizeof(*table));
	front->ring.desc[head].len = htole32(6 * sizeof(*table));
	spi_front_flush(front);
	rig_expect_wait(front, id, 4, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(rx, "abcd", 4);
}

/* All flags but WRITE, and the ids, mean nothing in there. */
static void flags_in_a_packed_table_are_ignored(void **state)
{
	struct spi_front *front = open_large(*state);
	struct spi_front_framing framing = { .indirect = true };
	uint8_t rx[4];
	struct spi_front_request request = { rig_head(0), (uint8_t *)"abcd", 4,
					     rx, 4 };
	struct virtq_packed_desc *table;
	uint64_t addr;
	uint16_t id;

	assert_int_equal(spi_front_add(front, &request, &framing, &id), 0);
	addr = le64toh(
		front->ring.entries[front->ring.published & 0x7fff].addr);
	table = front_mem_at(&front->mem, addr, 4 * sizeof(*table));
	for (unsigned int i = 0; i < 4; i++) {
		table[i].flags |= htole16((uint16_t)~VIRTQ_DESC_F_WRITE);
		table[i].id = 0xffff;
	}
	spi_front_flush(front);
	rig_expect_wait(front, id, 4, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(rx, "abcd", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(one_descriptor_for_each_field),
		RIG_TEST_BOTH(fields_merged),
		RIG_TEST_BOTH(fields_cut_anywhere),
		RIG_TEST_BOTH(byte_by_byte),
		RIG_TEST_BOTH(zero_length_descriptors),
		RIG_TEST_BOTH(fields_cut_at_random),
		RIG_TEST_BOTH(chain_as_long_as_the_ring),
		RIG_TEST_BOTH(tx_is_not_written),
		RIG_TEST_BOTH(buffers_across_adjacent_regions),
		RIG_TEST_BOTH(status_is_the_last_writable_byte),
		RIG_TEST_BOTH(write_flag_of_an_indirect_table_is_ignored),
		RIG_TEST(indirect_table_in_any_order),
		RIG_TEST_PACKED(flags_in_a_packed_table_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
