/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* When a driver that sleeps asks for a notification, against Linux's rules. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vhost/front/ring/front_ring.h"

#define BASE	  UINT64_C(0x100000)
#define RING_SIZE 8
#define EVENT_IDX (UINT64_C(1) << VIRTIO_F_EVENT_IDX)
#define PACKED	  (UINT64_C(1) << VIRTIO_F_RING_PACKED)

static struct front_mem mem;
static struct front_ring ring;

static void open_ring(uint64_t features)
{
	front_mem_init(&mem);
	assert_int_equal(front_mem_add(&mem, BASE, 1 << 20, 0), 0);
	assert_int_equal(
		front_ring_open(&ring, &mem, RING_SIZE, features,
				features & PACKED ? FRONT_RING_PACKED_BASE : 0),
		0);
}

static void close_ring(void)
{
	front_ring_close(&ring);
	front_mem_close(&mem);
}

static void add(unsigned int count)
{
	static const struct front_segment seg = { 0x1000, 1, true };
	uint16_t head;

	while (count--)
		assert_int_equal(front_ring_add(&ring, &seg, 1, 1, &head), 0);
	front_ring_publish(&ring);
}

/* The device uses the next buffer; on a packed ring, of the first round. */
static void use(void)
{
	uint16_t idx, at = 0;

	if (ring.packed) {
		while (le16toh(ring.entries[at].flags) &
		       VIRTQ_PACKED_DESC_F_USED)
			at++;
		ring.entries[at].flags |= htole16(VIRTQ_PACKED_DESC_F_USED);
		return;
	}
	idx = le16toh(ring.used->idx);
	ring.used->ring[idx % RING_SIZE].id =
		htole32(le16toh(ring.avail->ring[idx % RING_SIZE]));
	ring.used->idx = htole16(idx + 1);
}

/* Where the driver asks for a notification: its event field */
static uint16_t event(void)
{
	return le16toh(ring.packed ? ring.driver_event->desc
				   : ring.avail->ring[RING_SIZE]);
}

static uint16_t flags(void)
{
	return le16toh(ring.packed ? ring.driver_event->flags
				   : ring.avail->flags);
}

TEST(flags_alone_disable_and_enable)
{
	for (int packed = 0; packed < 2; packed++) {
		uint16_t off = packed ? VIRTQ_EVENT_FLAGS_DISABLE
				      : VIRTQ_AVAIL_F_NO_INTERRUPT;

		open_ring(packed ? PACKED : 0);
		front_ring_disable_calls(&ring);
		assert_int_equal(flags(), off);
		assert_true(front_ring_enable_calls(&ring));
		assert_int_equal(flags(), 0);
		front_ring_disable_calls(&ring);
		add(1);
		use();
		assert_false(front_ring_enable_calls_delayed(&ring));
		assert_int_equal(flags(), 0);
		close_ring();
	}
}

TEST(event_is_the_next_one_or_three_quarters_away)
{
	const uint16_t first[] = { 0, 0x8000 };

	for (int packed = 0; packed < 2; packed++) {
		struct virtq_used_elem elem;

		open_ring(EVENT_IDX | (packed ? PACKED : 0));
		add(4);
		assert_true(front_ring_enable_calls(&ring));
		assert_int_equal(event(), first[packed]);
		assert_true(front_ring_enable_calls_delayed(&ring));
		assert_int_equal(event(), first[packed] + 3);
		use();
		/* Taking one moves the event, unless calls are disabled. */
		assert_int_equal(front_ring_take_sleeping(&ring, &elem), 0);
		assert_int_equal(event(), first[packed] + 1);
		front_ring_disable_calls(&ring);
		use();
		assert_int_equal(front_ring_take_sleeping(&ring, &elem), 0);
		assert_int_equal(front_ring_take_sleeping(&ring, &elem),
				 -EAGAIN);
		assert_true(event() != first[packed] + 2);
		use();
		assert_false(front_ring_enable_calls(&ring));
		assert_int_equal(event(), first[packed] + 2);
		close_ring();
	}
}

TEST(packed_event_goes_into_the_next_round)
{
	struct virtq_used_elem elem;

	open_ring(EVENT_IDX | PACKED);
	add(6);
	for (unsigned int i = 0; i < 6; i++) {
		use();
		assert_int_equal(front_ring_take_sleeping(&ring, &elem), 0);
	}
	add(4);
	assert_true(front_ring_enable_calls_delayed(&ring));
	assert_int_equal(event(), 1); /* wrap counter 0 */
	close_ring();
}

TEST_MAIN(NULL, NULL)
