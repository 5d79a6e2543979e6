/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "virtio/ring/chain.h"

#define PAGE KIB(4)
#define BASE KIB(64)

/* Two adjacent regions, then a hole */
struct setup {
	struct guest_mem mem;
	struct ram low, high;
	struct chain chain;
};

#define MAX_SEGS 4

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	ram_open(&s->low, BASE, PAGE, PAGE);
	ram_open(&s->high, BASE + PAGE, PAGE, 0);
	ram_share(&s->low, &s->mem);
	ram_share(&s->high, &s->mem);
	assert_int_equal(chain_init(&s->chain, MAX_SEGS), 0);
	chain_reset(&s->chain, 0);
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

TEST_WITH(test_append_sorts_by_direction_and_counts, struct setup *s)
{
	struct chain *c = &s->chain;

	assert_int_equal(chain_append(c, BASE, 10, false), 0);
	assert_int_equal(chain_append(c, BASE + 100, 5, false), 0);
	assert_int_equal(chain_append(c, BASE + 200, 7, true), 0);
	assert_int_equal(chain_append(c, BASE + 300, 1, true), 0);
	assert_int_equal(c->readable, 2);
	assert_int_equal(c->writable, 2);
	assert_int_equal(c->read_len, 15);
	assert_int_equal(c->write_len, 8);
	assert_false(c->misordered);
	assert_int_equal(chain_append(c, BASE, 1, true), -E2BIG);
	assert_int_equal(c->write_len, 8);

	chain_reset(c, 9);
	assert_int_equal(c->head, 9);
	assert_int_equal(c->readable + c->writable, 0);
	assert_int_equal(c->read_len + c->write_len, 0);
}

TEST_WITH(test_readable_after_writable_is_left_out_and_noted, struct setup *s)
{
	struct chain *c = &s->chain;

	assert_int_equal(chain_append(c, BASE, 4, true), 0);
	assert_int_equal(chain_append(c, BASE, 4, false), 0);
	assert_int_equal(chain_append(c, BASE + 8, 4, true), 0);
	assert_true(c->misordered);
	assert_int_equal(c->read_len, 0);
	assert_int_equal(c->write_len, 8);
	assert_int_equal(c->segs[1].addr, BASE + 8);
	chain_reset(c, 0);
	assert_false(c->misordered);
}

TEST_WITH(test_empty_descriptors_take_no_room, struct setup *s)
{
	for (int i = 0; i < 3 * MAX_SEGS; i++)
		assert_int_equal(chain_append(&s->chain, 0, 0, i & 1), 0);
	assert_int_equal(s->chain.readable + s->chain.writable, 0);
	assert_true(chain_is_mapped(&s->chain, &s->mem));
}

TEST_WITH(test_lengths_do_not_wrap_at_4_gib, struct setup *s)
{
	struct chain_cursor cursor;

	assert_int_equal(chain_append(&s->chain, 0, UINT32_MAX, true), 0);
	assert_int_equal(chain_append(&s->chain, 0, UINT32_MAX, true), 0);
	assert_true(s->chain.write_len == 2ull * UINT32_MAX);
	chain_writer(&s->chain, &cursor);
	chain_skip(&cursor, 1ull + UINT32_MAX);
	assert_int_equal(cursor.offset, 1);
	assert_true(cursor.left == UINT32_MAX - 1ull);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
}

static const struct {
	uint64_t addr;
	uint32_t len;
	bool mapped;
} placed[] = {
	{ BASE, 1, true },
	{ BASE, 2 * PAGE, true },
	{ BASE + 2 * PAGE - 1, 1, true },
	{ BASE, 2 * PAGE + 1, false },
	{ BASE + 1, 2 * PAGE, false },
	{ BASE - 1, 2, false },
	{ BASE + 2 * PAGE, 1, false },
	{ 0, 1, false },
	{ UINT64_MAX, 1, false },
	{ UINT64_MAX, UINT32_MAX, false },
	{ BASE, UINT32_MAX, false },
};

TEST_WITH(test_is_mapped_looks_at_every_byte, struct setup *s)
{
	for (size_t i = 0; i < sizeof(placed) / sizeof(placed[0]); i++) {
		for (int second = 0; second < 2; second++) {
			chain_reset(&s->chain, 0);
			if (second)
				chain_append(&s->chain, BASE, 1, false);
			chain_append(&s->chain, placed[i].addr, placed[i].len,
				     second);
			if (chain_is_mapped(&s->chain, &s->mem) !=
			    placed[i].mapped)
				fail_msg("row %zu", i);
		}
	}
}

static const uint32_t guesses[] = { 0, 1, 2, UINT32_MAX };

TEST_WITH(test_segment_is_found_wherever_it_is_expected, struct setup *s)
{
	const size_t rows = sizeof(placed) / sizeof(placed[0]);
	const size_t count = sizeof(guesses) / sizeof(guesses[0]);

	for (size_t i = 0; i < rows * count; i++) {
		struct chain_cursor cursor;
		char byte = 0;

		chain_reset(&s->chain, 0);
		chain_append(&s->chain, placed[i / count].addr,
			     placed[i / count].len, true);
		s->chain.segs[0].near = guesses[i % count];
		chain_last(&s->chain, &cursor);
		if (placed[i / count].mapped)
			assert_int_equal(
				chain_write(&cursor, &s->mem, &byte, 1), 0);
		assert_true(chain_is_mapped(&s->chain, &s->mem) ==
			    placed[i / count].mapped);
	}
}

TEST_WITH(test_is_mapped_looks_at_no_segment_of_the_last_chain, struct setup *s)
{
	chain_append(&s->chain, BASE, 1, false);
	chain_append(&s->chain, 0, 1, true);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
	chain_reset(&s->chain, 0);
	chain_append(&s->chain, BASE, 1, false);
	assert_true(chain_is_mapped(&s->chain, &s->mem));
}

/* "abcdefghij": 3 bytes, 5 across the border of the regions, 2 bytes */
static void put_alphabet(struct setup *s, bool writable)
{
	memcpy(s->low.host + 10, "abc", 3);
	memcpy(s->low.host + PAGE - 2, "de", 2);
	memcpy(s->high.host, "fgh", 3);
	memcpy(s->high.host + PAGE - 2, "ij", 2);
	chain_append(&s->chain, BASE + 10, 3, writable);
	chain_append(&s->chain, BASE + PAGE - 2, 5, writable);
	chain_append(&s->chain, BASE + 2 * PAGE - 2, 2, writable);
}

TEST_WITH(test_read_in_pieces_of_any_size_gives_all_bytes, struct setup *s)
{
	put_alphabet(s, false);
	for (size_t step = 1; step <= 10; step++) {
		struct chain_cursor cursor;
		char buf[10];

		chain_reader(&s->chain, &cursor);
		for (size_t at = 0; at < 10; at += step) {
			size_t len = step < 10 - at ? step : 10 - at;

			assert_int_equal(
				chain_read(&cursor, &s->mem, buf + at, len), 0);
		}
		assert_memory_equal(buf, "abcdefghij", 10);
		assert_int_equal(cursor.left, 0);
		assert_int_equal(chain_read(&cursor, &s->mem, buf, 1), -EFAULT);
		assert_int_equal(chain_read(&cursor, &s->mem, buf, 0), 0);
	}
}

TEST_WITH(test_peek_reads_and_stays_where_it_is, struct setup *s)
{
	put_alphabet(s, false);
	for (size_t i = 0; i < 55; i++) {
		struct chain_cursor cursor, before;
		size_t at = i % 10, len = 10 - at - i / 10 % (10 - at);
		char buf[10];

		chain_reader(&s->chain, &cursor);
		chain_skip(&cursor, at);
		before = cursor;
		assert_int_equal(chain_peek(&cursor, &s->mem, buf, len), 0);
		assert_memory_equal(buf, &"abcdefghij"[at], len);
		assert_int_equal(chain_peek(&cursor, &s->mem, buf, 11 - at),
				 -EFAULT);
		assert_memory_equal(&cursor, &before, sizeof(cursor));
	}
}

TEST_WITH(test_skip_lands_where_read_would, struct setup *s)
{
	put_alphabet(s, false);
	for (uint64_t skip = 0; skip < 10; skip++) {
		struct chain_cursor cursor;
		char c;

		chain_reader(&s->chain, &cursor);
		chain_skip(&cursor, skip);
		assert_int_equal(chain_read(&cursor, &s->mem, &c, 1), 0);
		assert_int_equal(c, "abcdefghij"[skip]);
		chain_skip(&cursor, UINT64_MAX);
		assert_int_equal(cursor.left, 0);
		assert_int_equal(chain_read(&cursor, &s->mem, &c, 1), -EFAULT);
	}
}

TEST_WITH(test_write_and_zero_touch_their_bytes_alone, struct setup *s)
{
	struct chain_cursor cursor;

	memset(s->low.host, 0xee, PAGE);
	memset(s->high.host, 0xee, PAGE);
	put_alphabet(s, true);
	chain_writer(&s->chain, &cursor);
	assert_int_equal(chain_write(&cursor, &s->mem, "ABCDEF", 6), 0);
	assert_int_equal(chain_zero(&cursor, &s->mem, 3), 0);
	assert_memory_equal(s->low.host + 9,
			    "\xee"
			    "ABC\xee",
			    5);
	assert_memory_equal(s->low.host + PAGE - 3,
			    "\xee"
			    "DE",
			    3);
	assert_memory_equal(s->high.host, "F\0\0\xee", 4);
	assert_memory_equal(s->high.host + PAGE - 3, "\xee\0j", 3);

	assert_int_equal(chain_zero(&cursor, &s->mem, 2), -EFAULT);
	chain_writer(&s->chain, &cursor);
	assert_int_equal(chain_write(&cursor, &s->mem, "0123456789a", 11),
			 -EFAULT);
}

TEST_WITH(test_reader_and_writer_keep_to_their_part, struct setup *s)
{
	struct chain_cursor cursor;
	char buf[2];

	chain_append(&s->chain, BASE, 1, false);
	chain_append(&s->chain, BASE + 1, 1, true);
	chain_reader(&s->chain, &cursor);
	assert_int_equal(chain_read(&cursor, &s->mem, buf, 2), -EFAULT);
	chain_writer(&s->chain, &cursor);
	assert_int_equal(cursor.seg->addr, BASE + 1);
	assert_int_equal(chain_write(&cursor, &s->mem, "xy", 2), -EFAULT);
}

TEST_WITH(test_access_fails_when_memory_went_away, struct setup *s)
{
	struct chain_cursor cursor;
	char buf[10];

	put_alphabet(s, false);
	chain_reader(&s->chain, &cursor);
	assert_int_equal(guest_mem_remove(&s->mem, &s->high.spec), 0);
	assert_int_equal(chain_read(&cursor, &s->mem, buf, 10), -EFAULT);
	chain_reader(&s->chain, &cursor);
	assert_int_equal(chain_read(&cursor, &s->mem, buf, 5), 0);
	assert_memory_equal(buf, "abcde", 5);
}

TEST_WITH(test_memory_is_found_when_its_region_has_another_index,
	  struct setup *s)
{
	struct chain_cursor cursor;
	char buf[5];

	put_alphabet(s, false);
	assert_true(chain_is_mapped(&s->chain, &s->mem));
	assert_int_equal(guest_mem_remove(&s->mem, &s->low.spec), 0);
	chain_reader(&s->chain, &cursor);
	chain_skip(&cursor, 5);
	assert_int_equal(chain_read(&cursor, &s->mem, buf, 5), 0);
	assert_memory_equal(buf, "fghij", 5);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
}

TEST_WITH(test_direct_is_one_piece_or_nothing, struct setup *s)
{
	struct chain_cursor cursor;
	char *at;

	put_alphabet(s, false);
	chain_reader(&s->chain, &cursor);
	at = chain_direct(&cursor, &s->mem, 3);
	assert_non_null(at);
	assert_memory_equal(at, "abc", 3);
	assert_int_equal(cursor.left, 10);
	assert_null(chain_direct(&cursor, &s->mem, 4));
	chain_skip(&cursor, 3);
	assert_non_null(chain_direct(&cursor, &s->mem, 2));
	/* one segment, two regions */
	assert_null(chain_direct(&cursor, &s->mem, 3));
	chain_skip(&cursor, 2);
	assert_memory_equal(chain_direct(&cursor, &s->mem, 3), "fgh", 3);
	chain_skip(&cursor, 4);
	assert_null(chain_direct(&cursor, &s->mem, 2));
}

TEST_WITH(test_direct_of_no_bytes_looks_at_no_segment, struct setup *s)
{
	struct chain_cursor cursor;

	/* The chain is full: the array ends behind its last segment. */
	for (int i = 0; i < MAX_SEGS; i++)
		chain_append(&s->chain, BASE, 1, false);
	chain_reader(&s->chain, &cursor);
	assert_null(chain_direct(&cursor, &s->mem, 0));
	chain_skip(&cursor, MAX_SEGS);
	assert_null(chain_direct(&cursor, &s->mem, 0));
	assert_null(chain_direct(&cursor, &s->mem, 1));
	chain_writer(&s->chain, &cursor);
	assert_null(chain_direct(&cursor, &s->mem, 0));
}

/* chain_trim() frees the pages that a long chain touched. */
TEST(trimmed_chain_has_no_pages)
{
	const unsigned int max = 32768;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct chain chain;
	unsigned char there[1];
	uintptr_t middle;

	assert_int_equal(chain_init(&chain, max), 0);
	for (unsigned int i = 0; i < max; i++)
		assert_int_equal(chain_append(&chain, BASE, 1, false), 0);
	middle = (uintptr_t)&chain.segs[max / 2] / page * page;
	assert_int_equal(mincore((void *)middle, page, there), 0);
	assert_true(there[0] & 1);
	chain_trim(&chain);
	assert_int_equal(mincore((void *)middle, page, there), 0);
	assert_false(there[0] & 1);
	assert_int_equal(chain.readable, 0);

	/* The chain can be used again. */
	assert_int_equal(chain_append(&chain, BASE, 1, false), 0);
	assert_int_equal(chain.segs[0].addr, BASE);
	chain_fini(&chain);
}

TEST_MAIN(setup, teardown)
