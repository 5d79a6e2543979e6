/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* All writes of the device are in the log: buffers, rings, event fields. */
#include <endian.h>
#include <string.h>

#include "tests/unit/virtio/ring/ring_rig.h"

#define PAGE	 KIB(4)
#define LOG_SIZE 1024 /* bytes: 32 MiB of guest memory */

/* A ring rig with a dirty log */
struct logged {
	struct setup *rig;
	struct dirty_log log;
	struct ram file;
};

static int logged_setup(void **state)
{
	struct logged *l = calloc(1, sizeof(*l));
	void *rig = (void *)(uintptr_t)&split;

	assert_non_null(l);
	setup(&rig);
	l->rig = rig;
	ram_open(&l->file, 0, PAGE, 0);
	assert_int_equal(dirty_log_open(&l->log, l->file.fd, 0, LOG_SIZE), 0);
	l->rig->mem.log = &l->log;
	*state = l;
	return 0;
}

static int logged_teardown(void **state)
{
	struct logged *l = *state;
	void *rig = l->rig;

	dirty_log_close(&l->log);
	ram_close(&l->file);
	free(l);
	return teardown(&rig);
}

static bool take(struct logged *l, uint64_t addr)
{
	uint8_t *byte = &l->file.host[addr / PAGE / 8];
	uint8_t bit = (uint8_t)(1u << addr / PAGE % 8);
	bool marked = *byte & bit;

	*byte = (uint8_t)(*byte & ~bit);
	return marked;
}

/* Checks that no mark is left. */
static void check_clear(const struct logged *l)
{
	static const uint8_t zeros[LOG_SIZE];

	assert_memory_equal(l->file.host, zeros, LOG_SIZE);
}

TEST_WITH(test_chain_writes_are_marked_and_reads_are_not, struct logged *l)
{
	struct guest_mem *mem = &l->rig->mem;
	struct chain *c = &l->rig->chain;
	uint64_t at = KIB(64) + 8 * PAGE;
	struct chain_cursor cursor;
	uint8_t buf[6] = { 1 };

	chain_reset(c, 0);
	assert_int_equal(chain_append(c, at - 4, 8, false), 0);
	assert_int_equal(chain_append(c, at + PAGE - 2, 4, true), 0);
	assert_int_equal(chain_append(c, at + 3 * PAGE, PAGE, true), 0);
	chain_reader(c, &cursor);
	assert_int_equal(chain_read(&cursor, mem, buf, 6), 0);
	check_clear(l);

	chain_writer(c, &cursor);
	assert_int_equal(chain_write(&cursor, mem, buf, 2), 0);
	assert_true(take(l, at));
	check_clear(l);
	assert_int_equal(chain_write(&cursor, mem, buf, 3), 0);
	assert_true(take(l, at + PAGE));
	assert_true(take(l, at + 3 * PAGE));
	check_clear(l);
	assert_int_equal(chain_zero(&cursor, mem, 10), 0);
	assert_true(take(l, at + 3 * PAGE));
	check_clear(l);
	chain_wrote(&cursor, mem, 10);
	assert_true(take(l, at + 3 * PAGE));
	/* Beyond the end of the chain nothing is marked. */
	chain_wrote(&cursor, mem, 2 * PAGE);
	check_clear(l);
	mem->log = NULL;
	chain_wrote(&cursor, mem, 10);
	assert_int_equal(chain_zero(&cursor, mem, 10), 0);
	check_clear(l);
}

TEST_WITH(test_log_stays_with_its_table, struct logged *l)
{
	struct guest_mem other;

	guest_mem_init(&other);
	guest_mem_swap(&l->rig->mem, &other);
	assert_ptr_equal(l->rig->mem.log, &l->log);
	assert_null(other.log);
	assert_int_equal(other.count, 2);
	guest_mem_swap(&l->rig->mem, &other);
	assert_ptr_equal(l->rig->mem.log, &l->log);
}

/* A split ring is marked at its log address, not at its own. */
TEST_WITH(test_used_ring_is_marked_at_its_log_address, struct logged *l)
{
	struct setup *s = l->rig;
	const uint64_t at = 64 * PAGE;

	begin(s, 1024, 0);
	s->vring.logged = true;
	s->vring.log_addr = at;
	s->mem.log = &l->log;
	offer_chain(s, 1, 0);
	serve_one(s);
	assert_true(take(l, at));
	check_clear(l);

	/* The element is not on the page of the index. */
	for (int i = 0; i < 511; i++) {
		offer_chain(s, 1, 0);
		serve_one(s);
	}
	memset(l->file.host, 0, LOG_SIZE);
	offer_chain(s, 1, 0);
	serve_one(s);
	assert_true(take(l, at));
	assert_true(take(l, at + PAGE));
	check_clear(l);
}

TEST_WITH(test_split_event_fields_are_marked, struct logged *l)
{
	struct setup *s = l->rig;

	begin(s, 1024, 0);
	s->vring.logged = true;
	s->vring.log_addr = 3 * PAGE;
	vring_disable_kick(&s->vring);
	assert_true(take(l, 3 * PAGE));
	vring_enable_kick(&s->vring);
	assert_true(take(l, 3 * PAGE));
	s->vring.features.event_idx = true;
	vring_disable_kick(&s->vring);
	check_clear(l);
	vring_enable_kick(&s->vring);
	assert_true(take(l, 5 * PAGE)); /* avail_event, behind the ring */
	check_clear(l);
}

TEST_WITH(test_ring_is_not_marked_unless_asked_for, struct logged *l)
{
	struct setup *s = l->rig;

	s->vring.log_addr = 3 * PAGE;
	offer_chain(s, 1, 0);
	serve_one(s);
	vring_disable_kick(&s->vring);
	vring_enable_kick(&s->vring);
	check_clear(l);
	s->vring.logged = true;
	s->mem.log = NULL;
	offer_chain(s, 1, 0);
	serve_one(s);
	vring_enable_kick(&s->vring);
	check_clear(l);
}

#define DESC_AT	  (KIB(64) + 16 * PAGE)
#define DEVICE_AT (KIB(64) + 20 * PAGE)

/* A packed ring of @size whose descriptors are all available. */
static void begin_logged_packed(struct setup *s, uint16_t size)
{
	struct virtq_packed_desc *desc = ram_at(&s->low, DESC_AT);
	size_t got;

	s->vring = (struct vring){
		.mem = &s->mem,
		.areas = {
			.desc = guest_mem_at(&s->mem, DESC_AT, 1, &got),
			.driver = guest_mem_at(&s->mem, DEVICE_AT + 64, 1,
					       &got),
			.device = guest_mem_at(&s->mem, DEVICE_AT, 1, &got),
		},
		.size = size,
		.features = { .packed = true },
		.logged = true,
		.log_addr = DESC_AT,
	};
	assert_int_equal(vring_start(&s->vring, 0x80008000u), 0);
	for (uint16_t i = 0; i < size; i++)
		desc[i] = (struct virtq_packed_desc){
			.addr = htole64(KIB(64)),
			.len = htole32(1),
			.flags = htole16(VIRTQ_DESC_F_WRITE |
					 VIRTQ_PACKED_DESC_F_AVAIL),
		};
}

TEST_WITH(test_packed_descriptors_are_marked_as_they_are_used, struct logged *l)
{
	struct setup *s = l->rig;

	begin_logged_packed(s, 300);
	for (unsigned int i = 0; i < 300; i++) {
		serve_one(s);
		assert_true(take(l, DESC_AT + i * 16));
		check_clear(l);
	}
}

/* A packed ring is marked at its log address and at its own. */
TEST_WITH(test_packed_ring_is_marked_where_it_is_too, struct logged *l)
{
	struct setup *s = l->rig;

	begin_logged_packed(s, 300);
	s->vring.log_addr = 7 * PAGE;
	serve_one(s);
	assert_true(take(l, 7 * PAGE));
	assert_true(take(l, DESC_AT));
	check_clear(l);
}

TEST_WITH(test_packed_event_suppression_is_marked, struct logged *l)
{
	struct setup *s = l->rig;

	begin_logged_packed(s, 4);
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		s->vring.features.event_idx = event_idx;
		vring_disable_kick(&s->vring);
		assert_true(take(l, DEVICE_AT));
		vring_enable_kick(&s->vring);
		assert_true(take(l, DEVICE_AT));
		check_clear(l);
	}
	s->vring.logged = false;
	vring_disable_kick(&s->vring);
	serve_one(s);
	check_clear(l);
}

TEST_MAIN(logged_setup, logged_teardown)
