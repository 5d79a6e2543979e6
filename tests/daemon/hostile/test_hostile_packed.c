/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest that breaks its packed ring, and front ends that set one up as none
 * can be: test_hostile_ring.c has those of split rings.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "tests/lib/hostile/hostile_ring.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "tests/lib/skip.h"
#include "vhost/front/front_setup.h"

#define UNMAPPED  HOSTILE_UNMAPPED
#define MEM_END	  HOSTILE_MEM_END
#define SPARE	  HOSTILE_SPARE /* a valid head */
#define RING_SIZE 64
#define NEXT	  VIRTQ_DESC_F_NEXT
#define WRITE	  VIRTQ_DESC_F_WRITE
#define INDIRECT  VIRTQ_DESC_F_INDIRECT

static struct virtq_packed_desc entry_of(uint64_t addr, uint32_t len,
					 uint16_t flags)
{
	return (struct virtq_packed_desc){ htole64(addr), htole32(len), 0,
					   htole16(flags) };
}

static void show(struct spi_front *front)
{
	front_ring_publish(&front->ring);
	front_ring_kick_now(&front->ring);
}

/* @count entries, which break the ring, wherever in it they begin */
static void expect_broken_by(struct rig *rig,
			     const struct virtq_packed_desc *entries,
			     unsigned int count)
{
	struct spi_front *front = rig_open_hostile(rig);

	for (unsigned int round = 0; round < 2; round++) {
		/* The first four are rig_open_hostile()'s, or a recovery's. */
		for (unsigned int i = 0; i < 14 * round; i++)
			rig_check_loopback(front, i + 1);
		for (unsigned int i = 0; i < count; i++)
			front_ring_put(&front->ring, &entries[i]);
		show(front);
		rig_expect_broken(rig, front);
	}
	rig_close(rig, 0);
}

static void expect_entry_broken(struct rig *rig, uint64_t addr, uint32_t len,
				uint16_t flags)
{
	struct virtq_packed_desc entry = entry_of(addr, len, flags);

	expect_broken_by(rig, &entry, 1);
}

static void endless_next(void **state)
{
	static const uint32_t lens[] = { 32, 0 };
	struct virtq_packed_desc entries[RING_SIZE];

	for (unsigned int n = 0; n < 2; n++) {
		for (unsigned int i = 0; i < RING_SIZE; i++)
			entries[i] = entry_of(SPARE, lens[n], NEXT);
		expect_broken_by(*state, entries, RING_SIZE);
	}
}

static void indirect_table_of_bad_length(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 17, 33, UINT32_MAX };

	for (unsigned int i = 0; i < 6; i++)
		expect_entry_broken(*state, SPARE, lens[i], INDIRECT);
}

static void indirect_table_unmapped(void **state)
{
	expect_entry_broken(*state, UNMAPPED, 64, INDIRECT);
	expect_entry_broken(*state, UINT64_MAX - 15, 32, INDIRECT);
	expect_entry_broken(*state, MEM_END - 16, 32, INDIRECT);
	expect_entry_broken(*state, SPI_FRONT_LOW_ADDR - 16, 32, INDIRECT);
}

static void indirect_table_in_a_chain(void **state)
{
	const struct virtq_packed_desc first[] = {
		entry_of(SPARE + 4096, 64, INDIRECT | NEXT),
		entry_of(SPARE + 8192, 1, WRITE),
	};
	const struct virtq_packed_desc last[] = {
		entry_of(SPARE, 32, NEXT),
		entry_of(SPARE + 4096, 64, INDIRECT),
	};

	expect_broken_by(*state, first, 2);
	expect_broken_by(*state, last, 2);
}

static void indirect_table_longer_than_all_rings(void **state)
{
	expect_entry_broken(*state, SPI_FRONT_HIGH_ADDR,
			    (VIRTQ_MAX_SIZE + 1) * 16, INDIRECT);
	expect_entry_broken(*state, SPI_FRONT_HIGH_ADDR, UINT32_MAX - 15,
			    INDIRECT);
}

static void indirect_without_the_feature(void **state)
{
	struct virtq_packed_desc entry = entry_of(SPARE, 64, INDIRECT);
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;

	options.features = rig_layout(rig);
	front = rig_open_with(rig, 0, &options);
	front_ring_put(&front->ring, &entry);
	show(front);
	rig_expect_broken(rig, front);
}

/* An id that the driver does not have is the driver's own harm. */
static void ids_outside_the_ring_come_back(void **state)
{
	static const uint16_t ids[] = { RING_SIZE, 0x7fff, 0x8000, 0xffff };
	struct spi_front *front = rig_open_hostile(*state);
	struct virtq_used_elem elem;

	for (unsigned int i = 0; i < 4; i++) {
		struct virtq_packed_desc entry = entry_of(SPARE, 1, WRITE);

		entry.id = htole16(ids[i]);
		front_ring_put(&front->ring, &entry);
		front_ring_publish(&front->ring);
		front_ring_kick(&front->ring);
		assert_int_equal(front_ring_wait(&front->ring, front->fe.fd,
						 DAEMON_TIMEOUT_MS),
				 0);
		assert_int_equal(front_ring_take(&front->ring, &elem), -EPROTO);
		assert_int_equal(elem.id, ids[i]);
		rig_check_loopback(front, 10);
	}
}

/* Entries for the other time round, and used ones, are not there. */
static void entries_that_are_not_available_wait(void **state)
{
	static const uint16_t flags[] = { 0, 0x8000, 0x8080, 0x8003, 0x8085 };
	struct rig *rig = *state;
	struct spi_front *front = rig_open_hostile(rig);
	struct front_ring *ring = &front->ring;

	for (unsigned int i = 0; i < 5; i++) {
		struct virtq_packed_desc *entry =
			&ring->entries[ring->added & 0x7fff];

		*entry = entry_of(UNMAPPED, 77, flags[i]);
		front_ring_kick_now(ring);
		rig_check_control(front);
		assert_int_equal(le16toh(entry->flags), flags[i]);
		assert_false(front_ring_signalled(ring->err_fd));
		/* and are overwritten by one that is */
		rig_check_loopback(front, 10);
	}
}

/*
 * Whatever is in the ring: the daemon lives, its base is one that the ring
 * can have, and the ring can be set up anew.
 */
static void rings_of_garbage(void **state)
{
	const uint32_t begin = FRONT_RING_PACKED_BASE;
	struct rig *rig = *state;
	struct spi_front *front = rig_open_hostile(rig);
	uint32_t base;

	rig_open(rig, 1);
	for (unsigned int round = 0; round < 500; round++) {
		hostile_ring_show_garbage(front, round);
		rig_check_control(front);
		if (round % 10 == 0)
			rig_check_loopback(&rig->fronts[1], 30);
		assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
		assert_true((base & 0x7fff) < RING_SIZE);
		assert_true((base >> 16 & 0x7fff) < RING_SIZE);
		assert_int_equal(spi_front_new_ring(front, begin), 0);
		assert_int_equal(
			front_start_vring(&front->fe, 0, &front->ring, begin),
			0);
		if (round % 10 == 5)
			rig_check_loopback(front, 30);
	}
}

static void bad_sizes_and_bases_are_refused(void **state)
{
	static const uint32_t nums[] = { 0, 32769, 65536, 65541, UINT32_MAX };
	static const uint32_t bases[] = { 64,	      0x8000ffff, 0x7fff0000,
					  0x00408000, 0x80008040, UINT32_MAX };
	struct spi_front *front = rig_open(*state, 0);
	struct front_end *fe = &front->fe;
	uint32_t base;

	if (daemon_is_kept())
		skip_because(
			"with an inflight region the base is that of the used ring");
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(front_set_vring_num(fe, 0, nums[i]),
				 -EREMOTEIO);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(
			front_start_vring(fe, 0, &front->ring, bases[i]),
			-EREMOTEIO);
	assert_int_equal(front_set_vring_base(fe, 0, base), 0);
	rig_recover_ring(front);
}

static void areas_beyond_the_memory_are_refused(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_end *fe = &front->fe;
	struct front_ring moved[3] = { front->ring, front->ring, front->ring };
	uint32_t base;

	moved[0].desc_addr = MEM_END - RING_SIZE * 16 + 16;
	moved[1].avail_addr = MEM_END;
	moved[2].used_addr = MEM_END;
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(front_start_vring(fe, 0, &moved[i], base),
				 -EREMOTEIO);
		assert_int_equal(front_get_vring_base(fe, 0, &base), 0);
	}
	rig_recover_ring(front);
}

/* A size for packed rings, and then a split one */
static void layout_that_changes_after_the_size(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_end *fe = &front->fe;
	const uint64_t features = fe->features;
	struct front_ring odd = front->ring;
	uint32_t base;

	odd.size = 5;
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	assert_int_equal(front_set_vring_num(fe, 0, 5), 0);
	assert_int_equal(front_set_vring_base(fe, 0, 3), 0);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES,
				  features & ~FRONT_BIT(VIRTIO_F_RING_PACKED)),
		0);
	assert_int_equal(front_set_vring_addr(fe, 0, &odd), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
					    odd.kick_fd),
			 -EREMOTEIO);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, features), 0);
	assert_int_equal(front_set_vring_base(fe, 0, base), 0);
	rig_recover_ring(front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_PACKED(endless_next),
		RIG_TEST_PACKED(indirect_table_of_bad_length),
		RIG_TEST_PACKED(indirect_table_unmapped),
		RIG_TEST_PACKED(indirect_table_in_a_chain),
		RIG_TEST_PACKED(indirect_table_longer_than_all_rings),
		RIG_TEST_PACKED(indirect_without_the_feature),
		RIG_TEST_PACKED(ids_outside_the_ring_come_back),
		RIG_TEST_PACKED(entries_that_are_not_available_wait),
		RIG_TEST_PACKED(rings_of_garbage),
		RIG_TEST_PACKED(bad_sizes_and_bases_are_refused),
		RIG_TEST_PACKED(areas_beyond_the_memory_are_refused),
		RIG_TEST_PACKED(layout_that_changes_after_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
