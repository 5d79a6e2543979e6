/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's half of a ring, against used rings made by hand. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vhost/front/ring/front_ring.h"

#define BASE	  UINT64_C(0x100000)
#define RING_SIZE 8
#define EVENT_IDX (UINT64_C(1) << VIRTIO_F_EVENT_IDX)

struct fixture {
	struct front_mem mem;
	struct front_ring ring;
};

static struct fixture fix;

static void open_ring(uint64_t features, uint32_t base)
{
	front_mem_init(&fix.mem);
	assert_int_equal(front_mem_add(&fix.mem, BASE, 1 << 20, 0), 0);
	assert_int_equal(
		front_ring_open(&fix.ring, &fix.mem, RING_SIZE, features, base),
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
	uint16_t head;

	assert_int_equal(front_ring_add(&fix.ring, segs, count, direct, &head),
			 0);
	return head;
}

/* What a device does with a buffer */
static void device_uses(uint32_t id, uint32_t len)
{
	struct virtq_used *used = fix.ring.used;
	uint16_t idx = le16toh(used->idx);

	used->ring[idx % RING_SIZE].id = htole32(id);
	used->ring[idx % RING_SIZE].len = htole32(len);
	used->idx = htole16(idx + 1);
}

static void set_avail_event(uint16_t value)
{
	memcpy(&fix.ring.used->ring[RING_SIZE], &(uint16_t){ htole16(value) },
	       sizeof(value));
}

static void check_desc(const struct virtq_desc *desc, uint64_t addr,
		       uint32_t len, uint16_t flags)
{
	assert_int_equal(le64toh(desc->addr), addr);
	assert_int_equal(le32toh(desc->len), len);
	assert_int_equal(le16toh(desc->flags), flags);
}

static void direct_chain_is_linked(void **state)
{
	const struct virtq_desc *desc;
	uint16_t head;

	(void)state;
	open_ring(0, 0);
	head = add(4, 4);
	desc = &fix.ring.desc[head];
	check_desc(desc, 0x1000, 1, VIRTQ_DESC_F_NEXT);
	desc = &fix.ring.desc[le16toh(desc->next)];
	check_desc(desc, 0x2000, 2, VIRTQ_DESC_F_NEXT);
	desc = &fix.ring.desc[le16toh(desc->next)];
	check_desc(desc, 0x3000, 3, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
	desc = &fix.ring.desc[le16toh(desc->next)];
	check_desc(desc, 0x4000, 4, VIRTQ_DESC_F_WRITE);
	assert_int_equal(fix.ring.free_count, RING_SIZE - 4);
	assert_int_equal(le16toh(fix.ring.avail->idx), 0);
	front_ring_publish(&fix.ring);
	assert_int_equal(le16toh(fix.ring.avail->idx), 1);
	assert_int_equal(le16toh(fix.ring.avail->ring[0]), head);
}

static void indirect_table_follows_direct_descriptors(void **state)
{
	const struct virtq_desc *desc, *table;
	uint16_t head;

	(void)state;
	open_ring(0, 0);
	head = add(4, 1);
	desc = &fix.ring.desc[head];
	check_desc(desc, 0x1000, 1, VIRTQ_DESC_F_NEXT);
	desc = &fix.ring.desc[le16toh(desc->next)];
	assert_int_equal(le16toh(desc->flags), VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(le32toh(desc->len), 3 * sizeof(*table));
	table = front_mem_at(&fix.mem, le64toh(desc->addr), 3 * sizeof(*table));
	assert_non_null(table);
	check_desc(&table[0], 0x2000, 2, VIRTQ_DESC_F_NEXT);
	assert_int_equal(le16toh(table[0].next), 1);
	check_desc(&table[2], 0x4000, 4, VIRTQ_DESC_F_WRITE);
	assert_int_equal(fix.ring.free_count, RING_SIZE - 2);
}

static void full_ring_takes_no_more(void **state)
{
	const struct front_segment seg = { 0x1000, 1, true };
	uint16_t head;

	(void)state;
	open_ring(0, 0);
	add(4, 4);
	add(3, 3);
	add(1, 1);
	assert_int_equal(front_ring_add(&fix.ring, &seg, 1, 1, &head), -ENOSPC);
	assert_int_equal(fix.ring.free_count, 0);
}

static void descriptors_come_back_in_any_order(void **state)
{
	struct virtq_used_elem elem;
	uint16_t first, second;

	(void)state;
	open_ring(0, 65535); /* and over the wrap of the index */
	for (unsigned int i = 0; i < 100; i++) {
		first = add(4, 4);
		second = add(4, i % 5);
		front_ring_publish(&fix.ring);
		device_uses(second, i);
		device_uses(first, 7);
		assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
		assert_int_equal(elem.id, second);
		assert_int_equal(elem.len, i);
		assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
		assert_int_equal(elem.id, first);
		assert_int_equal(fix.ring.free_count, RING_SIZE);
		assert_int_equal(front_ring_take(&fix.ring, &elem), -EAGAIN);
	}
}

static void used_element_of_no_buffer_is_noticed(void **state)
{
	struct virtq_used_elem elem;
	uint16_t head;

	(void)state;
	open_ring(0, 0);
	head = add(1, 1);
	device_uses(RING_SIZE, 0);
	device_uses(head + 1, 0);
	device_uses(head, 0);
	device_uses(head, 0);
	assert_int_equal(front_ring_take(&fix.ring, &elem), -EPROTO);
	assert_int_equal(front_ring_take(&fix.ring, &elem), -EPROTO);
	assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
	assert_int_equal(front_ring_take(&fix.ring, &elem), -EPROTO);
}

static void no_notify_suppresses_the_kick(void **state)
{
	(void)state;
	open_ring(0, 0);
	add(1, 1);
	front_ring_publish(&fix.ring);
	assert_int_equal(front_ring_kick(&fix.ring), 1);
	assert_true(front_ring_signalled(fix.ring.kick_fd));
	fix.ring.used->flags = htole16(VIRTQ_USED_F_NO_NOTIFY);
	add(1, 1);
	front_ring_publish(&fix.ring);
	assert_int_equal(front_ring_kick(&fix.ring), 0);
	assert_false(front_ring_signalled(fix.ring.kick_fd));
}

/* 2.7.10: a kick when the index goes past avail_event, flags or not */
static void avail_event_decides_about_the_kick(void **state)
{
	(void)state;
	open_ring(EVENT_IDX, 65534);
	fix.ring.used->flags = htole16(VIRTQ_USED_F_NO_NOTIFY);
	set_avail_event(65535);
	add(1, 1);
	front_ring_publish(&fix.ring); /* 65535 */
	assert_int_equal(front_ring_kick(&fix.ring), 0);
	add(1, 1);
	front_ring_publish(&fix.ring); /* 0 */
	assert_int_equal(front_ring_kick(&fix.ring), 1);
	add(1, 1);
	front_ring_publish(&fix.ring); /* 1: past it already */
	assert_int_equal(front_ring_kick(&fix.ring), 0);
	set_avail_event(2);
	add(1, 1);
	add(1, 1);
	add(1, 1);
	front_ring_publish(&fix.ring); /* 4: over it in one go */
	assert_int_equal(front_ring_kick(&fix.ring), 1);
}

static void wish_for_calls_is_in_the_ring(void **state)
{
	const uint16_t *used_event;

	(void)state;
	open_ring(0, 0);
	front_ring_want_no_call(&fix.ring);
	assert_int_equal(le16toh(fix.ring.avail->flags), 1);
	front_ring_want_call(&fix.ring, 0);
	assert_int_equal(le16toh(fix.ring.avail->flags), 0);
	close_ring(NULL);

	open_ring(EVENT_IDX, 5);
	used_event = &fix.ring.avail->ring[RING_SIZE];
	assert_int_equal(le16toh(*used_event), 5);
	front_ring_want_call(&fix.ring, 9);
	assert_int_equal(le16toh(*used_event), 9);
	front_ring_want_no_call(&fix.ring);
	assert_int_equal(le16toh(fix.ring.avail->flags), 0);
	assert_int_equal(le16toh(*used_event), 5 + 0x8000);
}

static void wait_ends_by_call_error_or_hangup(void **state)
{
	int pair[2];
	uint16_t head;

	(void)state;
	open_ring(EVENT_IDX, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	head = add(1, 1);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 1), -ETIMEDOUT);
	/* A call without a used element is spurious. */
	eventfd_write(fix.ring.call_fd, 1);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 1), -ETIMEDOUT);
	eventfd_write(fix.ring.err_fd, 1);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 10000), -EIO);
	assert_true(front_ring_signalled(fix.ring.err_fd));
	close(pair[1]);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 10000),
			 -ECONNRESET);
	device_uses(head, 0);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 10000), 0);
	close(pair[0]);
}

static void memory_comes_back(void **state)
{
	uint64_t before, after;

	(void)state;
	open_ring(0, 0);
	assert_int_equal(front_mem_alloc(&fix.mem, 1, &before), 0);
	front_mem_free(&fix.mem, before, 1);
	for (unsigned int i = 0; i < 300; i++) {
		uint16_t head = add(4, 0);
		struct virtq_used_elem elem;

		device_uses(head, 0);
		assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
	}
	assert_int_equal(front_mem_alloc(&fix.mem, 1, &after), 0);
	assert_int_equal(after, before);
}

#define RING_TEST(test) cmocka_unit_test_teardown(test, close_ring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(direct_chain_is_linked),
		RING_TEST(indirect_table_follows_direct_descriptors),
		RING_TEST(full_ring_takes_no_more),
		RING_TEST(descriptors_come_back_in_any_order),
		RING_TEST(used_element_of_no_buffer_is_noticed),
		RING_TEST(no_notify_suppresses_the_kick),
		RING_TEST(avail_event_decides_about_the_kick),
		RING_TEST(wish_for_calls_is_in_the_ring),
		RING_TEST(wait_ends_by_call_error_or_hangup),
		RING_TEST(memory_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
