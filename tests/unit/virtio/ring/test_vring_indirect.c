/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Indirect descriptors: tables that lie anywhere, and tables that lie. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/ring_fixture.h"
#include "virtio/ring/vring.h"

#define SIZE	 8
#define MAX_SEGS 16
#define LOW	 KIB(64)
#define LOW_SIZE KIB(64)
#define BORDER	 (LOW + LOW_SIZE)

#define NEXT	 VIRTQ_DESC_F_NEXT
#define WRITE	 VIRTQ_DESC_F_WRITE
#define INDIRECT VIRTQ_DESC_F_INDIRECT

struct setup {
	struct guest_mem mem;
	struct ram low, high; /* side by side for the guest, a hole behind */
	struct hand_ring ring;
	struct vring vring;
	struct chain chain;
	struct virtq_desc table[4];
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->low, LOW, LOW_SIZE, KIB(4));
	ram_open(&s->high, BORDER, KIB(1024), 0);
	ram_share(&s->low, &s->mem);
	ram_share(&s->high, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	hand_ring_open(&s->ring, &s->low, SIZE, 0);
	s->vring = (struct vring){
		.mem = &s->mem,
		.areas = hand_ring_areas(&s->ring, &s->mem),
		.size = SIZE,
		.features.indirect = true,
	};
	vring_start(&s->vring, 0);
	hand_desc(&s->table[0], 0x111, 32, NEXT, 1);
	hand_desc(&s->table[1], 0x222, 5, NEXT, 2);
	hand_desc(&s->table[2], 0x333, 5, NEXT | WRITE, 3);
	hand_desc(&s->table[3], 0x444, 1, WRITE, 0);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	chain_fini(&s->chain);
	guest_mem_clear(&s->mem);
	ram_close(&s->low);
	ram_close(&s->high);
	free(s);
	return 0;
}

/* Copies the table to guest address @addr, over the border if need be. */
static void put_table(struct setup *s, uint64_t addr)
{
	const uint8_t *bytes = (const uint8_t *)s->table;

	for (size_t i = 0; i < sizeof(s->table); i++, addr++)
		*(uint8_t *)ram_at(addr < BORDER ? &s->low : &s->high, addr) =
			bytes[i];
}

static void offer_table(struct setup *s, uint64_t addr, uint32_t len,
			unsigned int flags)
{
	hand_desc(&s->ring.desc[0], addr, len, flags | INDIRECT, 0);
	hand_offer(&s->ring, 0);
}

static void assert_whole(struct setup *s)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 0);
	assert_int_equal(s->chain.readable, 2);
	assert_int_equal(s->chain.writable, 2);
	assert_int_equal(s->chain.read_len, 37);
	assert_int_equal(s->chain.write_len, 6);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(s->chain.segs[i].addr, 0x111 * (i + 1));
}

static void assert_broken(struct setup *s, const char *why)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), -EPROTO);
	assert_string_equal(s->vring.error, why);
	/* as the driver would after a reset */
	hand_ring_open(&s->ring, &s->low, SIZE, 0);
	vring_start(&s->vring, 0);
}

static void test_table_is_read_at_any_address(void **state)
{
	struct setup *s = *state;

	for (uint64_t at = BORDER - sizeof(s->table) - 1; at <= BORDER + 1;
	     at++) {
		put_table(s, at);
		offer_table(s, at, sizeof(s->table), 0);
		assert_whole(s);
		vring_push(&s->vring, &s->chain, 6);
	}
}

static void
test_write_flag_of_the_leading_descriptor_means_nothing(void **state)
{
	struct setup *s = *state;

	put_table(s, BORDER);
	offer_table(s, BORDER, sizeof(s->table), WRITE);
	assert_whole(s);
}

static void test_table_follows_direct_descriptors(void **state)
{
	struct setup *s = *state;

	put_table(s, BORDER);
	hand_desc(&s->ring.desc[3], 0x999, 7, NEXT, 6);
	hand_desc(&s->ring.desc[6], BORDER, sizeof(s->table), INDIRECT, 0);
	hand_offer(&s->ring, 3);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 3);
	assert_int_equal(s->chain.segs[0].addr, 0x999);
	assert_int_equal(s->chain.readable, 3);
	assert_int_equal(s->chain.writable, 2);
}

static void test_table_may_be_longer_than_the_ring(void **state)
{
	struct virtq_desc *table;
	struct setup *s = *state;

	table = ram_at(&s->high, BORDER);
	for (unsigned int i = 0; i < MAX_SEGS; i++)
		hand_desc(&table[i], 0x100, 1, i < MAX_SEGS - 1 ? NEXT : 0,
			  i + 1);
	offer_table(s, BORDER, MAX_SEGS * 16, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, MAX_SEGS);

	hand_desc(&table[MAX_SEGS - 1], 0x100, 1, NEXT, MAX_SEGS);
	hand_desc(&table[MAX_SEGS], 0x100, 1, 0, 0);
	offer_table(s, BORDER, (MAX_SEGS + 1) * 16, 0);
	assert_broken(s, "descriptor chain is too long");
}

static void test_table_of_a_bad_length_is_broken(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 15, 17, 63, UINT32_MAX };
	struct setup *s = *state;

	put_table(s, BORDER);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		offer_table(s, BORDER, lengths[i], 0);
		assert_broken(s, "indirect table has a bad length");
	}
}

static void test_table_outside_memory_is_broken(void **state)
{
	struct setup *s = *state;
	const uint64_t end = BORDER + s->high.spec.size;
	const uint64_t places[] = { 0,	      LOW - 16,	  end,
				    end - 15, UINT64_MAX, UINT64_MAX - 15 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		offer_table(s, places[i], 16, 0);
		assert_broken(s, "indirect table is not in memory");
	}
	/* The first descriptor is, its next one is not. */
	hand_desc(ram_at(&s->high, end - 16), 0x1, 1, NEXT, 1);
	offer_table(s, end - 16, 32, 0);
	assert_broken(s, "indirect table is not in memory");
}

static void test_tables_that_lie_are_broken(void **state)
{
	struct virtq_desc *d;
	struct setup *s = *state;

	put_table(s, BORDER);
	offer_table(s, BORDER, 32, 0);
	assert_broken(s, "descriptor is out of its table");

	offer_table(s, BORDER, 64, NEXT);
	assert_broken(s, "indirect descriptor has a next one");

	d = ram_at(&s->high, BORDER);
	hand_desc(&d[1], BORDER, 64, INDIRECT, 0);
	offer_table(s, BORDER, 64, 0);
	assert_broken(s, "indirect table is nested");

	hand_desc(&d[1], 0x222, 1, NEXT, 0);
	offer_table(s, BORDER, 64, 0);
	assert_broken(s, "descriptors form a loop");
}

static void test_loop_of_nothing_in_a_table_of_4_gib_ends_soon(void **state)
{
	struct setup *s = *state;
	struct virtq_desc *d = ram_at(&s->high, BORDER);

	/* Empty descriptors take no room, and most of the table is a lie. */
	hand_desc(&d[0], 0, 0, NEXT, 1);
	hand_desc(&d[1], 0, 0, NEXT, 0);
	for (int i = 0; i < 20; i++) {
		offer_table(s, BORDER, UINT32_MAX - 15, 0);
		assert_broken(s, "descriptor chain is too long");
	}
}

static void test_table_may_lie_in_the_ring_itself(void **state)
{
	struct setup *s = *state;

	/* Odd, but legal: the chain is the table's fourth descriptor on. */
	memcpy(&s->ring.desc[4], s->table, sizeof(s->table));
	offer_table(s, s->ring.desc_addr + 4 * 16, sizeof(s->table), 0);
	assert_whole(s);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table_is_read_at_any_address),
		TEST(test_write_flag_of_the_leading_descriptor_means_nothing),
		TEST(test_table_follows_direct_descriptors),
		TEST(test_table_may_be_longer_than_the_ring),
		TEST(test_table_of_a_bad_length_is_broken),
		TEST(test_table_outside_memory_is_broken),
		TEST(test_tables_that_lie_are_broken),
		TEST(test_loop_of_nothing_in_a_table_of_4_gib_ends_soon),
		TEST(test_table_may_lie_in_the_ring_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
