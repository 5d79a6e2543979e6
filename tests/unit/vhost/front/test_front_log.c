/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/test.h"
#include "vhost/front/front_log.h"

#define PAGE FRONT_MEM_PAGE

TEST(log_covers_memory_to_its_end)
{
	struct front_mem mem;
	struct front_log log;

	front_mem_init(&mem);
	assert_int_equal(front_log_end(&mem), 0);
	assert_int_equal(front_mem_add(&mem, 64 * PAGE, 2 * PAGE, 0), 0);
	assert_int_equal(front_mem_add(&mem, 8 * PAGE, PAGE, 0), 1);
	assert_int_equal(front_log_end(&mem), 66 * PAGE);
	assert_int_equal(front_log_open(&log, front_log_end(&mem), 0), 0);
	assert_int_equal(log.size, 16);
	front_log_close(&log);
	front_mem_close(&mem);
}

TEST(marks_are_found_and_taken_once)
{
	struct front_log log;
	uint64_t addr;

	assert_int_equal(front_log_open(&log, 100 * PAGE, 24), 0);
	assert_int_equal(log.offset, 24);
	assert_false(front_log_find(&log, &addr));
	log.bits[3] = 0x90;
	assert_int_equal(log.map[27], 0x90);
	assert_true(front_log_find(&log, &addr));
	assert_int_equal(addr, 28 * PAGE);
	assert_true(front_log_take(&log, addr + PAGE - 1));
	assert_false(front_log_take(&log, addr));
	assert_true(front_log_find(&log, &addr));
	assert_int_equal(addr, 31 * PAGE);
	front_log_clear(&log);
	assert_false(front_log_find(&log, &addr));
	assert_false(front_log_take(&log, UINT64_MAX));
	front_log_close(&log);
}

TEST_MAIN(NULL, NULL)
