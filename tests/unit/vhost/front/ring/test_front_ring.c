/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's half of a ring, split and packed, against hand-made used rings.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vhost/front/ring/front_ring.h"

#define MEM	  UINT64_C(0x100000)
#define WRAP	  0x8000
#define NEXT	  VIRTQ_DESC_F_NEXT
#define WRITE	  VIRTQ_DESC_F_WRITE
#define AVAIL	  VIRTQ_PACKED_DESC_F_AVAIL
#define USED	  VIRTQ_PACKED_DESC_F_USED
#define PACKED	  (UINT64_C(1) << VIRTIO_F_RING_PACKED)
#define EVENT_IDX (UINT64_C(1) << VIRTIO_F_EVENT_IDX)

/* The ring of a row */
struct kind {
	uint64_t features;
	uint16_t size;
	uint32_t base;
};

static const struct kind split = { 0, 8, 0 };
static const struct kind packed = { PACKED, 5, FRONT_RING_PACKED_BASE };
/* At the end of the index; at the fourth entry with wrap counters 0 */
static const struct kind split_late = { 0, 8, 65535 };
static const struct kind packed_late = { PACKED, 5, 0x00030003 };
static const struct kind split_events = { EVENT_IDX, 8, 65534 };
static const struct kind packed_events = { PACKED | EVENT_IDX, 5, 0x80028002 };

struct fixture {
	struct front_mem mem;
	struct front_ring ring;
	uint16_t used; /* packed: the entry that the device uses next */
	bool wrap;     /* packed: its wrap counter */
};

static struct fixture fix;

static int open_ring(void **state)
{
	const struct kind *kind = *state;

	front_mem_init(&fix.mem);
	assert_int_equal(front_mem_add(&fix.mem, MEM, 1 << 20, 0), 0);
	assert_int_equal(front_ring_open(&fix.ring, &fix.mem, kind->size,
					 kind->features, kind->base),
			 0);
	fix.used = kind->base >> 16 & 0x7fff;
	fix.wrap = kind->base >> 31;
	return 0;
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

/* Packed: the device uses buffer @id, which has @count entries. */
static void use_entry(uint16_t id, unsigned int count, uint32_t len)
{
	struct virtq_packed_desc *entry = &fix.ring.entries[fix.used];
	uint16_t flags = fix.wrap ? AVAIL | USED : 0;

	entry->id = htole16(id);
	entry->len = htole32(len);
	entry->flags = htole16(len ? flags | WRITE : flags);
	fix.used += count;
	if (fix.used >= fix.ring.size) {
		fix.used -= fix.ring.size;
		fix.wrap = !fix.wrap;
	}
}

/* Split: the device uses buffer @id. */
static void use_elem(uint32_t id, uint32_t len)
{
	struct virtq_used *used = fix.ring.used;
	uint16_t idx = le16toh(used->idx);

	used->ring[idx % fix.ring.size].id = htole32(id);
	used->ring[idx % fix.ring.size].len = htole32(len);
	used->idx = htole16(idx + 1);
}

static void device_uses(uint16_t id, unsigned int count, uint32_t len)
{
	if (fix.ring.packed)
		use_entry(id, count, len);
	else
		use_elem(id, len);
}

static void expect_taken(uint16_t id, uint32_t len)
{
	struct virtq_used_elem elem;

	assert_int_equal(front_ring_take(&fix.ring, &elem), 0);
	assert_int_equal(elem.id, id);
	assert_int_equal(elem.len, len);
}

static void expect_take(int ret)
{
	struct virtq_used_elem elem;

	assert_int_equal(front_ring_take(&fix.ring, &elem), ret);
}

static void check_desc(const struct virtq_desc *desc, uint64_t addr,
		       uint32_t len, uint16_t flags)
{
	assert_int_equal(le64toh(desc->addr), addr);
	assert_int_equal(le32toh(desc->len), len);
	assert_int_equal(le16toh(desc->flags), flags);
}

static const struct virtq_desc *next_of(const struct virtq_desc *desc)
{
	return &fix.ring.desc[le16toh(desc->next)];
}

static void direct_chain_is_linked(void **state)
{
	const struct virtq_desc *desc;
	uint16_t head = add(4, 4);

	(void)state;
	desc = &fix.ring.desc[head];
	check_desc(desc, 0x1000, 1, NEXT);
	check_desc(desc = next_of(desc), 0x2000, 2, NEXT);
	check_desc(desc = next_of(desc), 0x3000, 3, NEXT | WRITE);
	check_desc(next_of(desc), 0x4000, 4, WRITE);
	assert_int_equal(fix.ring.free_count, fix.ring.size - 4);
	assert_int_equal(le16toh(fix.ring.avail->idx), 0);
	front_ring_publish(&fix.ring);
	assert_int_equal(le16toh(fix.ring.avail->idx), 1);
	assert_int_equal(le16toh(fix.ring.avail->ring[0]), head);
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
	uint16_t first = add(4, 4), second = add(1, 1);

	(void)state;
	check_entry(0, 0x1000, 1, 0); /* not available */
	check_entry(1, 0x2000, 2, AVAIL | NEXT);
	check_entry(2, 0x3000, 3, AVAIL | NEXT | WRITE);
	check_entry(3, 0x4000, 4, AVAIL | WRITE);
	check_entry(4, 0x1000, 1, AVAIL);
	assert_int_not_equal(le16toh(fix.ring.entries[0].id), first);
	assert_int_equal(le16toh(fix.ring.entries[3].id), first);
	assert_int_equal(le16toh(fix.ring.entries[4].id), second);
	assert_int_not_equal(first, second);
	front_ring_publish(&fix.ring);
	check_entry(0, 0x1000, 1, AVAIL | NEXT);
	assert_int_equal(fix.ring.published, 0); /* the other wrap counter */
	assert_int_equal(fix.ring.free_count, 0);
}

static void indirect_table_follows_direct_descriptors(void **state)
{
	const struct virtq_desc *desc, *table;

	(void)state;
	desc = &fix.ring.desc[add(4, 1)];
	check_desc(desc, 0x1000, 1, NEXT);
	desc = next_of(desc);
	assert_int_equal(le16toh(desc->flags), VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(le32toh(desc->len), 3 * sizeof(*table));
	table = front_mem_at(&fix.mem, le64toh(desc->addr), 3 * sizeof(*table));
	assert_non_null(table);
	check_desc(&table[0], 0x2000, 2, NEXT);
	assert_int_equal(le16toh(table[0].next), 1);
	check_desc(&table[2], 0x4000, 4, WRITE);
	assert_int_equal(fix.ring.free_count, fix.ring.size - 2);
}

static void table_has_no_flag_but_write(void **state)
{
	const struct virtq_packed_desc *entry = &fix.ring.entries[0], *table;

	(void)state;
	add(4, 0);
	front_ring_publish(&fix.ring);
	assert_int_equal(le16toh(entry->flags), AVAIL | VIRTQ_DESC_F_INDIRECT);
	assert_int_equal(le32toh(entry->len), 4 * sizeof(*table));
	table = front_mem_at(&fix.mem, le64toh(entry->addr),
			     4 * sizeof(*table));
	assert_int_equal(le64toh(table[1].addr), 0x2000);
	assert_int_equal(table[1].flags, 0);
	assert_int_equal(le64toh(table[3].addr), 0x4000);
	assert_int_equal(le16toh(table[3].flags), WRITE);
	assert_int_equal(fix.ring.free_count, fix.ring.size - 1);
}

static void full_ring_takes_no_more(void **state)
{
	const struct front_segment seg = { 0x1000, 1, true };
	uint16_t id;

	(void)state;
	add(4, 4);
	while (fix.ring.free_count)
		add(1, 1);
	assert_int_equal(front_ring_add(&fix.ring, &seg, 1, 1, &id), -ENOSPC);
	assert_int_equal(fix.ring.free_count, 0);
}

/* Both wrap counters, at every entry, for some rounds */
static void chains_go_round(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int count = i % 4 + 1;
		uint16_t id = add(count, count);

		expect_take(-EAGAIN);
		front_ring_publish(&fix.ring);
		expect_take(-EAGAIN);
		device_uses(id, count, i);
		expect_taken(id, i);
		expect_take(-EAGAIN);
		assert_int_equal(fix.ring.free_count, fix.ring.size);
		if (!fix.ring.packed)
			continue;
		assert_int_equal(fix.ring.taken,
				 fix.used | (fix.wrap ? WRAP : 0));
		assert_int_equal(front_ring_base(&fix.ring, fix.ring.taken),
				 fix.ring.taken * 0x10001u);
	}
}

/* The device writes its elements in the order in which it completes. */
static void buffers_come_back_in_any_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int direct = i % 3, count = direct ? 2 : 1;
		uint16_t first = add(3, 3), second = add(2, direct);

		front_ring_publish(&fix.ring);
		device_uses(second, count, i);
		device_uses(first, 3, 0);
		expect_taken(second, i);
		expect_taken(first, 0);
		assert_int_equal(fix.ring.free_count, fix.ring.size);
		expect_take(-EAGAIN);
	}
}

static void used_place_is_behind_all_that_was_used(void **state)
{
	uint16_t first = add(3, 3), second = add(2, 2);

	(void)state;
	front_ring_publish(&fix.ring);
	device_uses(second, 2, 7);
	assert_int_equal(front_ring_used_idx(&fix.ring), WRAP | 0);
	device_uses(first, 3, 0);
	assert_int_equal(front_ring_used_idx(&fix.ring), WRAP | 3);
}

static void used_element_of_no_buffer_is_noticed(void **state)
{
	uint16_t id = add(1, 1);

	(void)state;
	add(1, 1);
	add(1, 1);
	front_ring_publish(&fix.ring);
	device_uses(fix.ring.size, 1, 1);
	device_uses(id, 1, 1);
	device_uses(id, 1, 1);
	expect_take(-EPROTO);
	expect_taken(id, 1);
	expect_take(-EPROTO);
	if (fix.ring.packed)
		return;
	device_uses(id + 3, 1, 1); /* not the head of a chain */
	expect_take(-EPROTO);
}

/* Sets the device's event suppression: @flags, and the place @event. */
static void device_wants(unsigned int flags, uint16_t event)
{
	if (fix.ring.packed) {
		fix.ring.device_event->flags = htole16(flags);
		fix.ring.device_event->desc = htole16(event);
	} else {
		fix.ring.used->flags = htole16(flags);
		memcpy(&fix.ring.used->ring[fix.ring.size],
		       &(uint16_t){ htole16(event) }, sizeof(event));
	}
}

/* Adds @count buffers. Returns 1 if the device gets a kick. */
static int kick_of(unsigned int count, unsigned int flags, uint16_t event)
{
	device_wants(flags, event);
	for (unsigned int i = 0; i < count; i++)
		add(1, 1);
	front_ring_publish(&fix.ring);
	return front_ring_kick(&fix.ring);
}

#define ENABLE	VIRTQ_EVENT_FLAGS_ENABLE
#define DISABLE VIRTQ_EVENT_FLAGS_DISABLE /* and VIRTQ_USED_F_NO_NOTIFY */
#define BY_DESC VIRTQ_EVENT_FLAGS_DESC

static void flags_decide_about_the_kick(void **state)
{
	(void)state;
	assert_int_equal(kick_of(1, ENABLE, 0), 1);
	assert_true(front_ring_signalled(fix.ring.kick_fd));
	assert_int_equal(kick_of(1, DISABLE, 0), 0);
	assert_false(front_ring_signalled(fix.ring.kick_fd));
	/* Not negotiated (packed), or not a flag (split) */
	assert_int_equal(kick_of(1, BY_DESC, 0), 1);
}

/* 2.7.10: a kick when the index goes past avail_event, flags or not */
static void avail_event_decides_about_the_kick(void **state)
{
	(void)state;
	assert_int_equal(kick_of(1, DISABLE, 65535), 0); /* to 65535 */
	assert_int_equal(kick_of(1, DISABLE, 65535), 1); /* 0 */
	assert_int_equal(kick_of(1, DISABLE, 65535), 0); /* 1: behind */
	assert_int_equal(kick_of(3, DISABLE, 2), 1);	 /* 4: in one go */
}

/* The ring begins at the third of five entries. */
static void event_decides_about_the_kick(void **state)
{
	assert_int_equal(kick_of(2, BY_DESC, WRAP | 2), 1); /* the first */
	assert_int_equal(kick_of(1, BY_DESC, WRAP | 3), 0); /* before */
	assert_int_equal(kick_of(1, BY_DESC, 0 | 1), 0);    /* not yet */
	assert_int_equal(kick_of(1, BY_DESC, WRAP | 1), 0); /* other round */
	close_ring(state);

	open_ring(state);
	assert_int_equal(kick_of(4, BY_DESC, 0 | 0), 1); /* over it */
	close_ring(state);

	open_ring(state);
	assert_int_equal(kick_of(4, BY_DESC, 0 | 1), 0); /* up to it */
	assert_int_equal(kick_of(1, DISABLE, 0 | 1), 0);
}

/* Checks the driver's event suppression. */
static void expect_wish(unsigned int flags, uint16_t event)
{
	const struct virtq_avail *avail = fix.ring.avail;

	if (fix.ring.packed) {
		assert_int_equal(le16toh(fix.ring.driver_event->flags), flags);
		if (flags == BY_DESC)
			assert_int_equal(le16toh(fix.ring.driver_event->desc),
					 event);
		return;
	}
	assert_int_equal(le16toh(avail->flags), flags);
	if (fix.ring.event_idx)
		assert_int_equal(le16toh(avail->ring[fix.ring.size]), event);
}

static void wish_for_calls_is_in_the_flags(void **state)
{
	(void)state;
	front_ring_want_no_call(&fix.ring);
	expect_wish(DISABLE, 0);
	front_ring_want_call(&fix.ring, 3);
	expect_wish(ENABLE, 0);
}

/* A split ring has no flag for this. It uses an event that is far away. */
static void wish_for_calls_is_in_the_event(void **state)
{
	bool is_packed = fix.ring.packed;

	(void)state;
	if (!is_packed)
		expect_wish(0, 65534);
	front_ring_want_call(&fix.ring, WRAP | 3);
	expect_wish(is_packed ? BY_DESC : 0, WRAP | 3);
	front_ring_want_no_call(&fix.ring);
	expect_wish(is_packed ? DISABLE : 0, (uint16_t)(65534 + 0x8000));
}

static void wait_ends_by_call_error_or_hangup(void **state)
{
	int pair[2];
	uint16_t id = add(1, 1);

	(void)state;
	front_ring_publish(&fix.ring);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
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
	device_uses(id, 1, 0);
	assert_int_equal(front_ring_wait(&fix.ring, pair[0], 10000), 0);
	close(pair[0]);
}

static void memory_comes_back(void **state)
{
	uint64_t before, after;

	(void)state;
	assert_int_equal(front_mem_alloc(&fix.mem, 1, &before), 0);
	front_mem_free(&fix.mem, before, 1);
	for (unsigned int i = 0; i < 300; i++) {
		uint16_t id = add(4, 0);

		front_ring_publish(&fix.ring);
		device_uses(id, 1, 0);
		expect_taken(id, 0);
	}
	assert_int_equal(front_mem_alloc(&fix.mem, 1, &after), 0);
	assert_int_equal(after, before);
}

#define ROW(test, kind)                                            \
	{                                                          \
#test " (" #kind ")", test, open_ring, close_ring, \
			(void *)(uintptr_t) & (kind)               \
	}
#define BOTH(test)   ROW(test, split), ROW(test, packed)
#define LATE(test)   ROW(test, split_late), ROW(test, packed_late)
#define EVENTS(test) ROW(test, split_events), ROW(test, packed_events)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(direct_chain_is_linked, split),
		ROW(chain_fills_entries_the_first_of_which_is_shown_last,
		    packed),
		ROW(indirect_table_follows_direct_descriptors, split),
		ROW(table_has_no_flag_but_write, packed),
		BOTH(full_ring_takes_no_more),
		BOTH(chains_go_round),
		LATE(buffers_come_back_in_any_order),
		ROW(used_place_is_behind_all_that_was_used, packed_late),
		BOTH(used_element_of_no_buffer_is_noticed),
		BOTH(flags_decide_about_the_kick),
		ROW(avail_event_decides_about_the_kick, split_events),
		ROW(event_decides_about_the_kick, packed_events),
		BOTH(wish_for_calls_is_in_the_flags),
		EVENTS(wish_for_calls_is_in_the_event),
		EVENTS(wait_ends_by_call_error_or_hangup),
		BOTH(memory_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
