/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "virtio/ring/chain.h"
#include "virtio/mem/dirty_log.h"

#define PAGE KIB(4)

/* The file of the log, as the front end maps it */
struct setup {
	struct dirty_log log;
	struct ram file;
};

#define LOG_AT	 100 /* no page boundary */
#define LOG_SIZE 16  /* bytes: 128 pages */
#define PAGES	 (LOG_SIZE * 8)

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	ram_open(&s->file, 0, PAGE, 0);
	assert_int_equal(dirty_log_open(&s->log, s->file.fd, LOG_AT, LOG_SIZE),
			 0);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	dirty_log_close(&s->log);
	ram_close(&s->file);
	free(s);
	return 0;
}

/* Checks that exactly these pages are marked, and nothing beside the log. */
static void check(struct setup *s, uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < PAGE; i++) {
		uint8_t byte = s->file.host[i];

		for (uint64_t bit = 0; bit < 8; bit++) {
			uint64_t page = (i - LOG_AT) * 8 + bit;

			assert_int_equal(byte >> bit & 1,
					 i >= LOG_AT && page >= first &&
						 page < first + count);
		}
	}
	memset(s->file.host, 0, PAGE);
}

TEST_WITH(test_marks_every_page_that_is_touched, struct setup *s)
{
	static const struct {
		uint64_t addr, len, first, count;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 0, 1, 0, 1 },
		{ PAGE - 1, 1, 0, 1 },
		{ PAGE - 1, 2, 0, 2 },
		{ 7 * PAGE, PAGE, 7, 1 },
		{ 7 * PAGE, PAGE + 1, 7, 2 },
		{ 8 * PAGE, 8 * PAGE, 8, 8 },
		{ 3 * PAGE, 90 * PAGE, 3, 90 },
		{ 0, PAGES * PAGE, 0, PAGES },
		{ PAGES * PAGE - 1, 1, PAGES - 1, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->log.marked = false;
		dirty_log_mark(&s->log, cases[i].addr, cases[i].len);
		assert_int_equal(s->log.marked, cases[i].len != 0);
		check(s, cases[i].first, cases[i].count);
	}
	assert_false(s->log.lost);
}

TEST_WITH(test_marks_leave_others_as_they_are, struct setup *s)
{
	dirty_log_mark(&s->log, 2 * PAGE, 1);
	dirty_log_mark(&s->log, 3 * PAGE, 1);
	dirty_log_mark(&s->log, 2 * PAGE, 1);
	check(s, 2, 2);
}

TEST_WITH(test_pages_without_a_bit_are_lost_and_said_to_be, struct setup *s)
{
	static const struct {
		uint64_t addr, len, first, count;
	} cases[] = {
		{ PAGES * PAGE, 1, 0, 0 },
		{ PAGES * PAGE - 1, 2, PAGES - 1, 1 },
		{ UINT64_MAX, 1, 0, 0 },
		{ UINT64_MAX, 2, 0, 0 },
		{ UINT64_MAX - PAGE, UINT64_MAX, 0, 0 },
		{ 0, UINT64_MAX, 0, PAGES },
		{ 1, UINT64_MAX, 0, PAGES },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->log.lost = 0;
		dirty_log_mark(&s->log, cases[i].addr, cases[i].len);
		assert_true(s->log.lost);
		check(s, cases[i].first, cases[i].count);
	}
}

TEST_WITH(test_log_that_is_not_in_its_file_is_refused, struct setup *s)
{
	struct dirty_log log = { 0 };
	int fd = s->file.fd;

	assert_int_equal(dirty_log_open(&log, fd, 0, 0), -EINVAL);
	assert_int_equal(dirty_log_open(&log, fd, 0, PAGE + 1), -EINVAL);
	assert_int_equal(dirty_log_open(&log, fd, PAGE, 1), -EINVAL);
	assert_int_equal(dirty_log_open(&log, fd, UINT64_MAX, 1), -EINVAL);
	assert_int_equal(dirty_log_open(&log, fd, UINT64_MAX - 1, 1), -EINVAL);
	assert_int_equal(dirty_log_open(&log, fd, 8, UINT64_MAX - 8), -EINVAL);
	assert_int_equal(dirty_log_open(&log, -1, 0, 8), -EBADF);
	assert_null(log.bits);
	dirty_log_close(&log);
}

TEST_WITH(test_covers_up_to_its_last_bit, struct setup *s)
{
	assert_true(dirty_log_covers(&s->log, 0));
	assert_true(dirty_log_covers(&s->log, PAGES * PAGE - 1));
	assert_false(dirty_log_covers(&s->log, PAGES * PAGE));
	assert_false(dirty_log_covers(&s->log, UINT64_MAX));
	assert_false(dirty_log_covers(&(struct dirty_log){ 0 }, 0));
}

/* cmocka installs its SIGBUS handler before each test, so install ours here. */
TEST_WITH(test_log_cut_short_is_lost_and_nobody_dies, struct setup *s)
{
	struct guest_mem mem;

	guest_mem_init(&mem);
	mem.log = &s->log;
	need_fault_address();
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&mem);
	assert_int_equal(ftruncate(s->file.fd, 0), 0);
	dirty_log_mark(&s->log, 0, PAGE);
	assert_true(s->log.lost);
	assert_int_equal(mem.broken, 0);
	dirty_log_mark(&s->log, PAGE, PAGE);
	assert_int_equal(s->log.bits[0], 3);
	guest_mem_watch(NULL);
	signal(SIGBUS, SIG_DFL);
}

TEST_WITH(test_addresses_outside_are_not_covered, struct setup *s)
{
	struct dirty_log none = { 0 };

	assert_false(dirty_log_zero(&none, NULL));
	assert_false(dirty_log_zero(&s->log, s));
	assert_false(dirty_log_zero(&s->log,
				    (uint8_t *)s->log.map + s->log.map_size));
	assert_false(s->log.lost);
}

TEST_MAIN(setup, teardown)
