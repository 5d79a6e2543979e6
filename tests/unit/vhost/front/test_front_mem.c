/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vhost/front/front_mem.h"

#define LOW  UINT64_C(0x10000)
#define HIGH (LOW + 0x4000) /* adjacent */
#define FAR  UINT64_C(0x100000000)

static struct front_mem mem;

static int open_mem(void **state)
{
	(void)state;
	front_mem_init(&mem);
	assert_int_equal(front_mem_add(&mem, LOW, 0x4000, 0), 0);
	assert_int_equal(front_mem_add(&mem, HIGH, 0x8000, 0x2000), 1);
	assert_int_equal(front_mem_add(&mem, FAR, 0x1000, 0), 2);
	return 0;
}

static int close_mem(void **state)
{
	(void)state;
	front_mem_close(&mem);
	return 0;
}

static void pointer_lies_in_one_region(void **state)
{
	(void)state;
	assert_ptr_equal(front_mem_at(&mem, LOW + 5, 10),
			 mem.regions[0].host + 5);
	assert_non_null(front_mem_at(&mem, HIGH - 1, 1));
	assert_null(front_mem_at(&mem, HIGH - 1, 2));
	assert_null(front_mem_at(&mem, LOW - 1, 1));
	assert_null(front_mem_at(&mem, FAR, UINT64_MAX));
	assert_null(front_mem_at(&mem, UINT64_MAX, 2));
}

static void copies_cross_adjacent_regions(void **state)
{
	char bytes[8];

	(void)state;
	assert_int_equal(front_mem_write(&mem, HIGH - 3, "crossed", 8), 0);
	assert_memory_equal(mem.regions[0].host + 0x3ffd, "cro", 3);
	assert_memory_equal(mem.regions[1].host, "ssed", 5);
	assert_int_equal(front_mem_read(&mem, HIGH - 3, bytes, 8), 0);
	assert_string_equal(bytes, "crossed");
	assert_int_equal(front_mem_write(&mem, FAR + 0xfff, "xx", 2), -EFAULT);
}

static void file_offset_is_where_the_region_begins(void **state)
{
	char byte = 0;

	(void)state;
	mem.regions[1].host[7] = 'x';
	assert_int_equal(pread(mem.regions[1].fd, &byte, 1, 0x2007), 1);
	assert_int_equal(byte, 'x');
}

static void allocations_are_poisoned_and_apart(void **state)
{
	uint64_t a, b, c;
	uint8_t *at;

	(void)state;
	assert_int_equal(front_mem_alloc(&mem, 0x3000, &a), 0);
	assert_int_equal(front_mem_alloc(&mem, 0x1001, &b), 0);
	assert_int_equal(front_mem_alloc(&mem, 1, &c), 0);
	assert_int_equal(a, LOW);
	assert_int_equal(b, HIGH);
	assert_int_equal(c, LOW + 0x3000);
	at = front_mem_at(&mem, b, 0x1001);
	assert_int_equal(at[0], FRONT_MEM_POISON);
	assert_int_equal(at[0x1000], FRONT_MEM_POISON);
	front_mem_free(&mem, a, 0x3000);
	assert_int_equal(front_mem_alloc(&mem, 0x2000, &a), 0);
	assert_int_equal(a, LOW);
	assert_int_equal(front_mem_alloc(&mem, 0x9000, &a), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pointer_lies_in_one_region,
						open_mem, close_mem),
		cmocka_unit_test_setup_teardown(copies_cross_adjacent_regions,
						open_mem, close_mem),
		cmocka_unit_test_setup_teardown(
			file_offset_is_where_the_region_begins, open_mem,
			close_mem),
		cmocka_unit_test_setup_teardown(
			allocations_are_poisoned_and_apart, open_mem,
			close_mem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
