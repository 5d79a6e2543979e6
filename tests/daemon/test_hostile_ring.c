/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest that breaks its ring: the ring stops, with its error eventfd
 * signalled, and nothing else; and it works again after it was set up anew.
 */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/rig.h"
#include "vhost/front/front_setup.h"

#define UNMAPPED (UINT64_C(1) << 40)
#define SPARE	 (SPI_FRONT_HIGH_ADDR + (8 << 20)) /* guest memory, free */

static struct virtq_desc desc_of(uint64_t addr, uint32_t len, uint16_t flags,
				 uint16_t next)
{
	return (struct virtq_desc){ htole64(addr), htole32(len), htole16(flags),
				    htole16(next) };
}

/* Opens the guest that is to break its ring. Its memory has a head. */
static struct spi_front *open_hostile(struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	rig_check_loopback(front, 8);
	assert_int_equal(
		front_mem_write(&front->mem, SPARE, &head, sizeof(head)), 0);
	return front;
}

/* Makes descriptor 0 available. */
static void push_first(struct spi_front *front)
{
	front_ring_push(&front->ring, 0);
	front_ring_publish(&front->ring);
	front_ring_kick_now(&front->ring);
}

/* A chain of one descriptor, which breaks the ring */
static void expect_first_broken(struct rig *rig, struct virtq_desc desc)
{
	struct spi_front *front = open_hostile(rig);

	front->ring.desc[0] = desc;
	push_first(front);
	rig_expect_broken(rig, front);
	rig_close(rig, 0);
}

static void avail_index_jumps(void **state)
{
	static const uint16_t jumps[] = { 65, 66, 1000, 32768, 65535 };
	struct rig *rig = *state;

	for (unsigned int i = 0; i < 5; i++) {
		struct spi_front *front = open_hostile(rig);

		front->ring.added += jumps[i];
		front_ring_publish(&front->ring);
		front_ring_kick_now(&front->ring);
		rig_expect_broken(rig, front);
		rig_close(rig, 0);
	}
}

static void head_is_no_descriptor(void **state)
{
	static const uint16_t heads[] = { 64, 65, 32768, 65535 };
	struct rig *rig = *state;

	for (unsigned int i = 0; i < 4; i++) {
		struct spi_front *front = open_hostile(rig);

		front_ring_push(&front->ring, heads[i]);
		front_ring_publish(&front->ring);
		front_ring_kick_now(&front->ring);
		rig_expect_broken(rig, front);
		rig_close(rig, 0);
	}
}

static void next_is_no_descriptor(void **state)
{
	expect_first_broken(*state, desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 64));
	expect_first_broken(*state,
			    desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 65535));
}

static void chain_is_a_loop(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;

	expect_first_broken(rig, desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 0));
	expect_first_broken(rig, desc_of(SPARE, 0, VIRTQ_DESC_F_NEXT, 0));

	front = open_hostile(rig);
	front->ring.desc[0] = desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 1);
	front->ring.desc[1] = desc_of(
		SPARE + 4096, 32, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 1);
	push_first(front);
	rig_expect_broken(rig, front);
}

static void indirect_table_of_bad_length(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 17, 33, UINT32_MAX };

	for (unsigned int i = 0; i < 6; i++)
		expect_first_broken(*state, desc_of(SPARE, lens[i],
						    VIRTQ_DESC_F_INDIRECT, 0));
}

static void indirect_table_unmapped(void **state)
{
	const uint64_t end = SPI_FRONT_HIGH_ADDR + (16 << 20);
	const struct virtq_desc first =
		desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 1);
	struct rig *rig = *state;
	struct spi_front *front;

	expect_first_broken(rig,
			    desc_of(UNMAPPED, 64, VIRTQ_DESC_F_INDIRECT, 0));
	expect_first_broken(
		rig, desc_of(UINT64_MAX - 15, 32, VIRTQ_DESC_F_INDIRECT, 0));

	/* The chain goes on where the memory ends. */
	front = open_hostile(rig);
	assert_int_equal(
		front_mem_write(&front->mem, end - 16, &first, sizeof(first)),
		0);
	front->ring.desc[0] = desc_of(end - 16, 32, VIRTQ_DESC_F_INDIRECT, 0);
	push_first(front);
	rig_expect_broken(rig, front);
}

static void indirect_together_with_next(void **state)
{
	expect_first_broken(
		*state, desc_of(SPARE, 64,
				VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT, 1));
}

/* Writes an indirect table at SPARE + 4096 and makes it available. */
static void push_table(struct spi_front *front, const struct virtq_desc *table,
		       unsigned int count)
{
	uint32_t len = count * sizeof(*table);

	assert_int_equal(front_mem_write(&front->mem, SPARE + 4096, table, len),
			 0);
	front->ring.desc[0] =
		desc_of(SPARE + 4096, len, VIRTQ_DESC_F_INDIRECT, 0);
	push_first(front);
}

static void bad_entries_of_an_indirect_table(void **state)
{
	const struct virtq_desc nested =
		desc_of(SPARE + 4096, 32, VIRTQ_DESC_F_INDIRECT, 0);
	const struct virtq_desc tables[][2] = {
		{ nested, nested },
		{ desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 1), nested },
		{ desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 2), nested },
		{ desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 65535), nested },
		{ desc_of(SPARE, 32, VIRTQ_DESC_F_NEXT, 0), nested },
	};
	struct rig *rig = *state;

	for (unsigned int i = 0; i < 5; i++) {
		struct spi_front *front = open_hostile(rig);

		push_table(front, tables[i], 2);
		rig_expect_broken(rig, front);
		rig_close(rig, 0);
	}
}

/*
 * A table with more entries than the ring: the driver must not, and the device
 * may serve it or not, but has to go on.
 */
static void chain_longer_than_the_ring(void **state)
{
	enum {
		COUNT = 70
	};
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	struct virtq_desc table[COUNT];
	struct virtq_used_elem elem;
	int err;

	for (unsigned int i = 0; i < COUNT; i++)
		table[i] = desc_of(SPARE, i ? 1 : 32, VIRTQ_DESC_F_NEXT, i + 1);
	table[COUNT - 1] = desc_of(SPARE + 8192, 1, VIRTQ_DESC_F_WRITE, 0);
	push_table(front, table, COUNT);
	err = front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS);
	if (err == -EIO) {
		rig_expect_broken(rig, front);
		return;
	}
	assert_int_equal(err, 0);
	front_ring_take(&front->ring, &elem);
	assert_int_equal(elem.id, 0);
	rig_recover_ring(front);
}

/* More entries than any ring can have */
static void chain_longer_than_all_rings(void **state)
{
	enum {
		COUNT = 40000
	};
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	struct virtq_desc *table = calloc(COUNT, sizeof(*table));

	assert_non_null(table);
	for (unsigned int i = 0; i < COUNT; i++)
		table[i] = desc_of(SPARE, i ? 1 : 32, VIRTQ_DESC_F_NEXT, i + 1);
	table[COUNT - 1] = desc_of(SPARE + 2048, 1, VIRTQ_DESC_F_WRITE, 0);
	push_table(front, table, COUNT);
	free(table);
	rig_expect_broken(rig, front);
}

/* The feature was not negotiated. */
static void indirect_without_the_feature(void **state)
{
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;

	options.features = 0;
	front = rig_open_with(rig, 0, &options);
	front->ring.desc[0] = desc_of(SPARE, 64, VIRTQ_DESC_F_INDIRECT, 0);
	push_first(front);
	rig_expect_broken(rig, front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(avail_index_jumps),
		RIG_TEST(head_is_no_descriptor),
		RIG_TEST(next_is_no_descriptor),
		RIG_TEST(chain_is_a_loop),
		RIG_TEST(indirect_table_of_bad_length),
		RIG_TEST(indirect_table_unmapped),
		RIG_TEST(indirect_together_with_next),
		RIG_TEST(bad_entries_of_an_indirect_table),
		RIG_TEST(chain_longer_than_the_ring),
		RIG_TEST(chain_longer_than_all_rings),
		RIG_TEST(indirect_without_the_feature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
