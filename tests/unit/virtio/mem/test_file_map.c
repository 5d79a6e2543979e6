/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "virtio/mem/file_map.h"

#define PAGE KIB(4)

TEST(test_any_part_of_a_file_is_shared)
{
	struct file_map map;
	struct ram ram;

	ram_open(&ram, 0, 4 * PAGE, 0);
	ram.host[PAGE + 77] = 1;
	assert_int_equal(file_map_open(&map, ram.fd, PAGE + 77, PAGE), 0);
	assert_int_equal(map.at[0], 1);
	assert_int_equal(map.bytes, 2 * PAGE);
	map.at[PAGE - 1] = 2;
	assert_int_equal(ram.host[2 * PAGE + 76], 2);
	munmap(map.pages, map.bytes);
	ram_close(&ram);
}

TEST(test_part_behind_the_end_is_refused)
{
	struct file_map map;
	struct ram ram;
	int ends[2];

	ram_open(&ram, 0, PAGE, 0);
	assert_int_equal(file_map_open(&map, ram.fd, 1, PAGE), -EINVAL);
	assert_int_equal(file_map_open(&map, ram.fd, PAGE, 1), -EINVAL);
	assert_int_equal(file_map_open(&map, -1, 0, 1), -EBADF);
	assert_int_equal(pipe(ends), 0);
	assert_true(file_map_open(&map, ends[0], 0, 1) < 0);
	close(ends[0]);
	close(ends[1]);
	ram_close(&ram);
}

TEST(test_covered_map_is_zeros_of_its_own)
{
	struct file_map map;
	struct ram ram;

	ram_open(&ram, 0, 2 * PAGE, 0);
	ram.host[5] = 1;
	assert_int_equal(file_map_open(&map, ram.fd, 0, 2 * PAGE), 0);
	assert_true(file_map_zero(map.pages, map.bytes));
	assert_int_equal(map.at[5], 0);
	map.at[5] = 2;
	assert_int_equal(ram.host[5], 1);
	munmap(map.pages, map.bytes);
	ram_close(&ram);
}

TEST_MAIN(NULL, NULL)
