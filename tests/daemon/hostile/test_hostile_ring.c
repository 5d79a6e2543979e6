/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest that breaks its ring: the ring stops, with its error eventfd
 * signalled, and nothing else; and it works again after it was set up anew.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/hostile/hostile_ring.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define SPARE HOSTILE_SPARE

static struct virtq_desc desc_of(uint64_t addr, uint32_t len, uint16_t flags,
				 uint16_t next)
{
	const struct hostile_desc desc = { addr, len, flags, next };

	return hostile_desc(&desc);
}

/* Makes descriptor 0 available. */
static void push_first(struct spi_front *front)
{
	front_ring_push(&front->ring, 0);
	front_ring_publish(&front->ring);
	front_ring_kick_now(&front->ring);
}

/* All rows of that name */
static void expect_broken_by(struct rig *rig, const char *name)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < hostile_ring_count; i++) {
		struct spi_front *front;

		if (strcmp(hostile_rings[i].name, name) != 0)
			continue;
		found++;
		front = rig_open_hostile(rig);
		hostile_ring_show(front, &hostile_rings[i]);
		rig_expect_broken(rig, front);
		rig_close(rig, 0);
	}
	assert_int_not_equal(found, 0);
}

#define BROKEN_BY(name)                       \
	TEST_WITH(name, struct rig *rig)      \
	{                                     \
		expect_broken_by(rig, #name); \
	}

BROKEN_BY(avail_index_jumps)
BROKEN_BY(head_is_no_descriptor)
BROKEN_BY(next_is_no_descriptor)
BROKEN_BY(chain_is_a_loop)
BROKEN_BY(indirect_table_of_bad_length)
BROKEN_BY(indirect_table_unmapped)
BROKEN_BY(indirect_together_with_next)
BROKEN_BY(bad_entries_of_an_indirect_table)

/*
 * A table with more entries than the ring: the driver must not, and the device
 * may serve it or not, but has to go on.
 */
TEST_WITH(chain_longer_than_the_ring, struct rig *rig)
{
	struct spi_front *front = rig_open_hostile(rig);
	struct virtq_used_elem elem;
	int err;

	hostile_ring_show_long_chain(front, 70);
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
TEST_WITH(chain_longer_than_all_rings, struct rig *rig)
{
	struct spi_front *front = rig_open_hostile(rig);

	hostile_ring_show_long_chain(front, 40000);
	rig_expect_broken(rig, front);
}

/* The feature was not negotiated. */
TEST_WITH(indirect_without_the_feature, struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;

	options.features = 0;
	front = rig_open_with(rig, 0, &options);
	front->ring.desc[0] = desc_of(SPARE, 64, VIRTQ_DESC_F_INDIRECT, 0);
	push_first(front);
	rig_expect_broken(rig, front);
}

/* The daemon lives, and the ring can be set up anew. */
TEST_WITH(rings_of_garbage, struct rig *rig)
{
	struct spi_front *front = rig_open_hostile(rig);
	uint32_t base;

	rig_open(rig, 1);
	for (unsigned int round = 0; round < 500; round++) {
		hostile_ring_show_garbage(front, round);
		rig_check_control(front);
		if (round % 10 == 0)
			rig_check_loopback(&rig->fronts[1], 30);
		assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
		assert_int_equal(spi_front_new_ring(front, 0), 0);
		assert_int_equal(
			front_start_vring(&front->fe, 0, &front->ring, 0), 0);
		if (round % 10 == 5)
			rig_check_loopback(front, 30);
	}
}

TEST_MAIN(rig_setup, rig_teardown)
