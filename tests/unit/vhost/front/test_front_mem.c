/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
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

TEST(pointer_lies_in_one_region)
{
	assert_ptr_equal(front_mem_at(&mem, LOW + 5, 10),
			 mem.regions[0].host + 5);
	assert_non_null(front_mem_at(&mem, HIGH - 1, 1));
	assert_null(front_mem_at(&mem, HIGH - 1, 2));
	assert_null(front_mem_at(&mem, LOW - 1, 1));
	assert_null(front_mem_at(&mem, FAR, UINT64_MAX));
	assert_null(front_mem_at(&mem, UINT64_MAX, 2));
}

TEST(copies_cross_adjacent_regions)
{
	char bytes[8];

	assert_int_equal(front_mem_write(&mem, HIGH - 3, "crossed", 8), 0);
	assert_memory_equal(mem.regions[0].host + 0x3ffd, "cro", 3);
	assert_memory_equal(mem.regions[1].host, "ssed", 5);
	assert_int_equal(front_mem_read(&mem, HIGH - 3, bytes, 8), 0);
	assert_string_equal(bytes, "crossed");
	assert_int_equal(front_mem_write(&mem, FAR + 0xfff, "xx", 2), -EFAULT);
}

TEST(file_offset_is_where_the_region_begins)
{
	char byte = 0;

	mem.regions[1].host[7] = 'x';
	assert_int_equal(pread(mem.regions[1].fd, &byte, 1, 0x2007), 1);
	assert_int_equal(byte, 'x');
}

TEST(allocations_are_poisoned_and_apart)
{
	uint64_t a, b, c;
	uint8_t *at;

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

TEST_MAIN(open_mem, close_mem)
