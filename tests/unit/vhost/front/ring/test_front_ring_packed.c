/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's half of a packed ring, against used entries made by hand. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vhost/front/ring/front_ring.h"

#define BASE	  UINT64_C(0x100000)
#define RING_SIZE 5
#define PACKED	  (UINT64_C(1) << VIRTIO_F_RING_PACKED)
#define EVENT_IDX (UINT64_C(1) << VIRTIO_F_EVENT_IDX)
#define WRAP	  0x8000
#define NEXT	  VIRTQ_DESC_F_NEXT
#define WRITE	  VIRTQ_DESC_F_WRITE
#define AVAIL	  VIRTQ_PACKED_DESC_F_AVAIL
#define USED	  VIRTQ_PACKED_DESC_F_USED

struct fixture {
	struct front_mem mem;
	struct front_ring ring;
};

static struct fixture fix;

static void open_ring(uint64_t features, uint32_t base)
{
	front_mem_init(&fix.mem);
	assert_int_equal(front_mem_add(&fix.mem, BASE, 1 << 20, 0), 0);
	assert_int_equal(front_ring_open(&fix.ring, &fix.mem, RING_SIZE,
					 PACKED | features, base),
			 0);
}

static int close_ring(void **state)
{
	(void)state;
	front_ring_close(&fix.ring);
	front_mem_close(&fix.mem);
	return 0;
}

static uint16_t add(unsigned int count, unsigned int direct)
{
	static const struct front_segment segs[] = {
		{ 0x1000, 1, false },
		{ 0x2000, 2, false },
		{ 0x3000, 3, true },
		{ 0x4000, 4, true },
	};
	uint16_t id;

	assert_int_equal(front_ring_add(&fix.ring, segs, count, direct, &id),
			 0);
	return id;
}

/* What a device does with a buffer, at the entry @index, with its @wrap */
static void device_uses(uint16_t index, bool wrap, uint16_t id, uint32_t len)
{
	struct virtq_packed_desc *entry = &fix.ring.entries[index];
	uint16_t flags = wrap ? AVAIL | USED : 0;

	entry->id = htole16(id);
	entry->len = htole32(len);
	entry->flags = htole16(len ? flags | WRITE : flags);
}

static void expect_taken(uint16_t id, uint32_t len)
{
	struct virtq_used_elem elem;

	assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
	assert_int_equal(elem.id, id);
	assert_int_equal(elem.len, len);
}

static void expect_none(void)
{
	struct virtq_used_elem elem;

	assert_int_equal(front_ring_take(&fix.ring, &elem), -EAGAIN);
}

static void check_entry(unsigned int index, uint64_t addr, uint32_t len,
			uint16_t flags)
{
	const struct virtq_packed_desc *entry = &fix.ring.entries[index];

	assert_int_equal(le64toh(entry->addr), addr);
	assert_int_equal(le32toh(entry->len), len);
	assert_int_equal(le16toh(entry->flags), flags);
}

static void chain_fills_entries_the_first_of_which_is_shown_last(void **state)
{
	uint16_t first, second;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	first = add(4, 4);
	second = add(1, 1);
	check_entry(0, 0x1000, 1, 0); /* not available */
	check_entry(1, 0x2000, 2, AVAIL | NEXT);
	check_entry(2, 0x3000, 3, AVAIL | NEXT | WRITE);
	check_entry(3, 0x4000, 4, AVAIL | WRITE);
	check_entry(4, 0x1000, 1, AVAIL);
	assert_int_equal(le16toh(fix.ring.entries[3].id), first);
	assert_int_equal(le16toh(fix.ring.entries[4].id), second);
	assert_int_not_equal(first, second);
	front_ring_publish(&fix.ring);
	check_entry(0, 0x1000, 1, AVAIL | NEXT);
	assert_int_equal(fix.ring.published, 0); /* the other wrap counter */
	assert_int_equal(fix.ring.free_count, 0);
}

static void table_has_no_flag_but_write(void **state)
{
	const struct virtq_packed_desc *entry, *table;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	add(4, 0);
	front_ring_publish(&fix.ring);
	entry = &fix.ring.entries[0];
	assert_int_equal(le16toh(entry->flags), AVAIL | VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(le32toh(entry->len), 4 * sizeof(*table));
	table = front_mem_at(&fix.mem, le64toh(entry->addr),
			     4 * sizeof(*table));
	assert_int_equal(le64toh(table[1].addr), 0x2000);
	assert_int_equal(table[1].flags, 0);
	assert_int_equal(le64toh(table[3].addr), 0x4000);
	assert_int_equal(le16toh(table[3].flags), WRITE);
	assert_int_equal(fix.ring.free_count, RING_SIZE - 1);
}

static void full_ring_takes_no_more(void **state)
{
	const struct front_segment seg = { 0x1000, 1, true };
	uint16_t id;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	add(4, 4);
	add(1, 1);
	assert_int_equal(front_ring_add(&fix.ring, &seg, 1, 1, &id), -ENOSPC);
}

/* Both wrap counters, at every entry, for some rounds */
static void chains_go_round(void **state)
{
	uint16_t index = 0, id;
	bool wrap = true;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int count = i % 4 + 1;

		id = add(count, count);
		expect_none();
		front_ring_publish(&fix.ring);
		expect_none();
		device_uses(index, wrap, id, i);
		expect_taken(id, i);
		expect_none();
		index += count;
		if (index >= RING_SIZE) {
			index -= RING_SIZE;
			wrap = !wrap;
		}
		assert_int_equal(fix.ring.taken, index | (wrap ? WRAP : 0));
		assert_int_equal(front_ring_base(&fix.ring, fix.ring.taken),
				 fix.ring.taken * 0x10001u);
	}
}

/* The device writes its entries in the order in which it completes. */
static void buffers_come_back_in_any_order(void **state)
{
	uint16_t first, second;

	(void)state;
	open_ring(0, 0x00030003); /* wrap counters 0, three entries on */
	first = add(3, 3);
	second = add(2, 2);
	front_ring_publish(&fix.ring);
	device_uses(3, false, second, 7);
	assert_int_equal(front_ring_used_idx(&fix.ring), WRAP | 0);
	device_uses(0, true, first, 0);
	assert_int_equal(front_ring_used_idx(&fix.ring), WRAP | 3);
	expect_taken(second, 7);
	expect_taken(first, 0);
	expect_none();
	assert_int_equal(fix.ring.free_count, RING_SIZE);
}

static void used_entry_of_no_buffer_is_noticed(void **state)
{
	struct virtq_used_elem elem;
	uint16_t id;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	id = add(1, 1);
	add(1, 1);
	add(1, 1);
	front_ring_publish(&fix.ring);
	device_uses(0, true, RING_SIZE, 1);
	device_uses(1, true, id, 1);
	device_uses(2, true, id, 1);
	assert_int_equal(front_ring_take(&fix.ring, &elem), -EPROTO);
	expect_taken(id, 1);
	assert_int_equal(front_ring_take(&fix.ring, &elem), -EPROTO);
}

static int kick_of(unsigned int count, unsigned int flags, uint16_t place)
{
	fix.ring.device_event->flags = htole16(flags);
	fix.ring.device_event->desc = htole16(place);
	add(count, count);
	front_ring_publish(&fix.ring);
	return front_ring_kick(&fix.ring);
}

static void flags_decide_about_the_kick(void **state)
{
	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	assert_int_equal(kick_of(1, VIRTQ_EVENT_FLAGS_ENABLE, 0), 1);
	assert_true(front_ring_signalled(fix.ring.kick_fd));
	assert_int_equal(kick_of(1, VIRTQ_EVENT_FLAGS_DISABLE, 0), 0);
	assert_false(front_ring_signalled(fix.ring.kick_fd));
	/* was not negotiated */
	assert_int_equal(kick_of(1, VIRTQ_EVENT_FLAGS_DESC, 0), 1);
}

static void event_decides_about_the_kick(void **state)
{
	const unsigned int by_desc = VIRTQ_EVENT_FLAGS_DESC;
	const uint32_t base = 0x80028002; /* at the third entry */

	(void)state;
	open_ring(EVENT_IDX, base);
	assert_int_equal(kick_of(2, by_desc, WRAP | 2), 1); /* the first */
	assert_int_equal(kick_of(1, by_desc, WRAP | 3), 0); /* before */
	assert_int_equal(kick_of(1, by_desc, 0 | 1), 0);    /* not yet */
	assert_int_equal(kick_of(1, by_desc, WRAP | 1), 0); /* other round */
	close_ring(NULL);

	open_ring(EVENT_IDX, base);
	assert_int_equal(kick_of(4, by_desc, 0 | 0), 1); /* over it */
	close_ring(NULL);

	open_ring(EVENT_IDX, base);
	assert_int_equal(kick_of(4, by_desc, 0 | 1), 0); /* up to it */
	assert_int_equal(kick_of(1, VIRTQ_EVENT_FLAGS_DISABLE, 0 | 1), 0);
}

static void wish_for_calls_is_in_the_driver_event(void **state)
{
	const struct virtq_event_suppress *event;

	(void)state;
	open_ring(0, FRONT_RING_PACKED_BASE);
	event = fix.ring.driver_event;
	front_ring_want_no_call(&fix.ring);
	assert_int_equal(le16toh(event->flags), VIRTQ_EVENT_FLAGS_DISABLE);
	front_ring_want_call(&fix.ring, 3);
	assert_int_equal(le16toh(event->flags), VIRTQ_EVENT_FLAGS_ENABLE);
	close_ring(NULL);

	open_ring(EVENT_IDX, FRONT_RING_PACKED_BASE);
	event = fix.ring.driver_event;
	front_ring_want_call(&fix.ring, WRAP | 3);
	assert_int_equal(le16toh(event->flags), VIRTQ_EVENT_FLAGS_DESC);
	assert_int_equal(le16toh(event->desc), WRAP | 3);
	front_ring_want_no_call(&fix.ring);
	assert_int_equal(le16toh(event->flags), VIRTQ_EVENT_FLAGS_DISABLE);
}

#define TEST(test) cmocka_unit_test_teardown(test, close_ring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(chain_fills_entries_the_first_of_which_is_shown_last),
		TEST(table_has_no_flag_but_write),
		TEST(full_ring_takes_no_more),
		TEST(chains_go_round),
		TEST(buffers_come_back_in_any_order),
		TEST(used_entry_of_no_buffer_is_noticed),
		TEST(flags_decide_about_the_kick),
		TEST(event_decides_about_the_kick),
		TEST(wish_for_calls_is_in_the_driver_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
