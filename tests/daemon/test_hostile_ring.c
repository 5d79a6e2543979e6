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

#include "tests/lib/hostile_ring.h"
#include "tests/lib/rig.h"
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

#define BROKEN_BY(name)                          \
	static void name(void **state)           \
	{                                        \
		expect_broken_by(*state, #name); \
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
static void chain_longer_than_the_ring(void **state)
{
	struct rig *rig = *state;
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
static void chain_longer_than_all_rings(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open_hostile(rig);

	hostile_ring_show_long_chain(front, 40000);
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

/* The daemon lives, and the ring can be set up anew. */
static void rings_of_garbage(void **state)
{
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
		assert_int_equal(spi_front_new_ring(front, 0), 0);
		assert_int_equal(
			front_start_vring(&front->fe, 0, &front->ring, 0), 0);
		if (round % 10 == 5)
			rig_check_loopback(front, 30);
	}
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
		RIG_TEST(rings_of_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
