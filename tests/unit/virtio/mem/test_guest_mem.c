/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define PAGE   KIB(4)
#define FILE_4 (4 * PAGE)

static int file_of(uint64_t size)
{
	int fd = memfd_create("region", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static const struct {
	const char *name;
	struct guest_region_spec spec;
	int ret;
} specs[] = {
	{ "whole file", { 0, FILE_4, 0, 0 }, 0 },
	{ "one byte", { 0, 1, 0, 0 }, 0 },
	{ "last byte of the file", { 0, 1, 0, FILE_4 - 1 }, 0 },
	{ "offset inside a page", { 0, 100, 0, PAGE + 7 }, 0 },
	{ "to the end of the address space",
	  { UINT64_MAX - PAGE, PAGE, UINT64_MAX - PAGE, 0 },
	  0 },
	{ "empty", { 0, 0, 0, 0 }, -EINVAL },
	{ "one byte beyond the file", { 0, FILE_4 + 1, 0, 0 }, -EINVAL },
	{ "one byte beyond, by offset", { 0, PAGE, 0, 3 * PAGE + 1 }, -EINVAL },
	{ "wholly behind the file", { 0, PAGE, 0, FILE_4 }, -EINVAL },
	{ "guest address wraps", { UINT64_MAX, 2, 0, 0 }, -EINVAL },
	{ "guest address wraps to 0",
	  { UINT64_MAX - PAGE + 1, PAGE, 0, 0 },
	  -EINVAL },
	{ "user address wraps", { 0, PAGE, UINT64_MAX - 1, 0 }, -EINVAL },
	{ "offset wraps", { 0, PAGE, 0, UINT64_MAX - PAGE + 1 }, -EINVAL },
	{ "offset wraps beyond 0", { 0, 2 * PAGE, 0, -PAGE }, -EINVAL },
	{ "offset is negative as off_t",
	  { 0, PAGE, 0, (uint64_t)INT64_MAX - 1 },
	  -EINVAL },
	{ "size is negative as off_t",
	  { 0, (uint64_t)INT64_MAX + 1, 0, 0 },
	  -EINVAL },
};

TEST(test_add_takes_only_what_is_inside_its_file)
{
	int fd = file_of(FILE_4);
	unsigned int fds = open_fds();

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct guest_mem mem;
		int ret;

		guest_mem_init(&mem);
		ret = guest_mem_add(&mem, &specs[i].spec, fd);
		if (ret != specs[i].ret)
			fail_msg("%s: %d", specs[i].name, ret);
		assert_int_equal(mem.count, ret == 0);
		guest_mem_clear(&mem);
		assert_int_equal(mem.count, 0);
	}
	assert_int_equal(open_fds(), fds);
	close(fd);
}

TEST(test_add_of_what_cannot_be_mapped_fails)
{
	const struct guest_region_spec spec = { 0, PAGE, 0, 0 };
	struct guest_mem mem;
	char path[64];
	int pipes[2], fd, read_only;

	guest_mem_init(&mem);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_true(guest_mem_add(&mem, &spec, pipes[0]) < 0);
	close(pipes[0]);
	close(pipes[1]);

	assert_int_equal(guest_mem_add(&mem, &spec, -1), -EBADF);

	fd = file_of(PAGE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_only >= 0);
	assert_int_equal(guest_mem_add(&mem, &spec, read_only), -EACCES);
	close(read_only);
	close(fd);
	assert_int_equal(mem.count, 0);
	guest_mem_clear(&mem);
}

/* Next to a region of 0x2000 bytes at guest 0x10000, user 0x90000 */
static const struct {
	const char *name;
	uint64_t guest, user, size;
	int ret;
} neighbours[] = {
	{ "the same", 0x10000, 0x90000, 0x2000, -EEXIST },
	{ "right before", 0xf000, 0x8f000, 0x1000, 0 },
	{ "right behind", 0x12000, 0x92000, 0x1000, 0 },
	{ "guest last byte", 0x11fff, 0xa0000, 1, -EEXIST },
	{ "guest first byte", 0xf001, 0xa0000, 0x1000, -EEXIST },
	{ "guest inside", 0x10100, 0xa0000, 0x10, -EEXIST },
	{ "guest around", 0xf000, 0xa0000, 0x4000, -EEXIST },
	{ "user last byte", 0x20000, 0x91fff, 1, -EEXIST },
	{ "user first byte", 0x20000, 0x8f001, 0x1000, -EEXIST },
	{ "user inside", 0x20000, 0x90100, 0x10, -EEXIST },
	{ "user around", 0x20000, 0x8f000, 0x4000, -EEXIST },
	{ "far from it", 0x20000, 0xa0000, 0x1000, 0 },
};

TEST(test_add_refuses_overlap_to_the_byte)
{
	const struct guest_region_spec first = { 0x10000, 0x2000, 0x90000, 0 };
	int fd = file_of(0x4000);

	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]);
	     i++) {
		struct guest_region_spec spec = {
			.guest_addr = neighbours[i].guest,
			.user_addr = neighbours[i].user,
			.size = neighbours[i].size,
		};
		struct guest_mem mem;
		int ret;

		guest_mem_init(&mem);
		assert_int_equal(guest_mem_add(&mem, &first, fd), 0);
		ret = guest_mem_add(&mem, &spec, fd);
		if (ret != neighbours[i].ret)
			fail_msg("%s: %d", neighbours[i].name, ret);
		guest_mem_clear(&mem);
	}
	close(fd);
}

TEST(test_add_to_a_full_table_fails_and_remove_makes_room)
{
	struct guest_region_spec spec = { 0, PAGE, 0, 0 };
	int fd = file_of(PAGE);
	struct guest_mem mem;

	guest_mem_init(&mem);
	for (unsigned int i = 0; i < GUEST_MEM_MAX_REGIONS; i++) {
		spec.guest_addr = spec.user_addr = i * PAGE;
		assert_int_equal(guest_mem_add(&mem, &spec, fd), 0);
	}
	spec.guest_addr = spec.user_addr = GUEST_MEM_MAX_REGIONS * PAGE;
	assert_int_equal(guest_mem_add(&mem, &spec, fd), -ENOSPC);

	spec.guest_addr = spec.user_addr = 7 * PAGE;
	assert_int_equal(guest_mem_remove(&mem, &spec), 0);
	assert_int_equal(guest_mem_remove(&mem, &spec), -ENOENT);
	assert_int_equal(guest_mem_add(&mem, &spec, fd), 0);
	guest_mem_clear(&mem);
	close(fd);
}

TEST(test_lookup_finds_each_region_whatever_the_order)
{
	static const unsigned int order[] = { 3, 0, 4, 1, 2 };
	struct guest_mem mem;
	struct ram rams[5];
	size_t got;

	guest_mem_init(&mem);
	for (unsigned int i = 0; i < 5; i++) {
		struct ram *ram = &rams[order[i]];

		/* A hole of one page follows each. */
		ram_open(ram, KIB(64) + order[i] * 2 * PAGE, PAGE, PAGE);
		ram->host[0] = (uint8_t)(order[i] + 1);
		ram_share(ram, &mem);
	}
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t at = KIB(64) + i * 2 * PAGE;
		uint8_t *byte = guest_mem_at(&mem, at, 2 * PAGE, &got);

		assert_non_null(byte);
		assert_int_equal(*byte, i + 1);
		assert_int_equal(got, PAGE);
		assert_non_null(guest_mem_at(&mem, at + PAGE - 1, 2, &got));
		assert_int_equal(got, 1);
		assert_null(guest_mem_at(&mem, at + PAGE, 1, &got));
		assert_null(guest_mem_at(&mem, at - 1, 1, &got));
		assert_null(guest_mem_at(&mem, at, 0, &got));
	}

	/* Without the middle one its neighbours stay in order. */
	assert_int_equal(guest_mem_remove(&mem, &rams[2].spec), 0);
	assert_null(guest_mem_at(&mem, rams[2].spec.guest_addr, 1, &got));
	assert_non_null(guest_mem_at(&mem, rams[1].spec.guest_addr, 1, &got));
	assert_non_null(guest_mem_at(&mem, rams[3].spec.guest_addr, 1, &got));
	guest_mem_clear(&mem);
	for (unsigned int i = 0; i < 5; i++)
		ram_close(&rams[i]);
}

TEST(test_lookup_by_user_address_wants_all_bytes)
{
	struct guest_mem mem;
	struct ram low, high;
	uint64_t user = KIB(64) + RAM_USER_SHIFT;

	guest_mem_init(&mem);
	assert_null(guest_mem_at_user(&mem, 0, 0));
	ram_open(&low, KIB(64), PAGE, 0);
	ram_open(&high, KIB(64) + PAGE, PAGE, 0);
	ram_share(&low, &mem);
	ram_share(&high, &mem);

	low.host[5] = 55;
	assert_int_equal(*(uint8_t *)guest_mem_at_user(&mem, user + 5, 1), 55);
	assert_non_null(guest_mem_at_user(&mem, user, PAGE));
	assert_null(guest_mem_at_user(&mem, user, PAGE + 1));
	assert_null(guest_mem_at_user(&mem, user + 1, PAGE));
	assert_null(guest_mem_at_user(&mem, user + 1, UINT64_MAX));
	assert_null(guest_mem_at_user(&mem, user - 1, 1));
	assert_null(guest_mem_at_user(&mem, user + 2 * PAGE, 1));
	/* A guest address is not a user address. */
	assert_null(guest_mem_at_user(&mem, KIB(64), 1));
	guest_mem_clear(&mem);
	ram_close(&low);
	ram_close(&high);
}

TEST(test_unaligned_offset_maps_the_right_bytes)
{
	struct guest_region_spec spec = { 0x1000, 100, 0x1000, PAGE + 7 };
	int fd = file_of(2 * PAGE);
	uint8_t byte = 0x5a, back = 0;
	struct guest_mem mem;
	uint8_t *host;
	size_t got;

	guest_mem_init(&mem);
	assert_int_equal(pwrite(fd, &byte, 1, PAGE + 7 + 99), 1);
	assert_int_equal(guest_mem_add(&mem, &spec, fd), 0);
	host = guest_mem_at(&mem, 0x1000 + 99, 100, &got);
	assert_non_null(host);
	assert_int_equal(got, 1);
	assert_int_equal(*host, 0x5a);
	/* The mapping is shared, and stays after the descriptor is closed. */
	*host = 0xa5;
	assert_int_equal(pread(fd, &back, 1, PAGE + 7 + 99), 1);
	assert_int_equal(back, 0xa5);
	close(fd);
	assert_int_equal(*host, 0xa5);
	guest_mem_clear(&mem);
}

TEST(test_remove_needs_all_of_the_identity)
{
	const struct guest_region_spec have = { 0x1000, PAGE, 0x9000, 0 };
	const struct guest_region_spec wrong[] = {
		{ 0x2000, PAGE, 0x9000, 0 },
		{ 0x1000, PAGE - 1, 0x9000, 0 },
		{ 0x1000, PAGE, 0x8000, 0 },
	};
	struct guest_region_spec other_offset = have;
	int fd = file_of(PAGE);
	struct guest_mem mem;

	guest_mem_init(&mem);
	assert_int_equal(guest_mem_remove(&mem, &have), -ENOENT);
	assert_int_equal(guest_mem_add(&mem, &have, fd), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guest_mem_remove(&mem, &wrong[i]), -ENOENT);
	other_offset.mmap_offset = PAGE;
	assert_int_equal(guest_mem_remove(&mem, &other_offset), 0);
	assert_int_equal(mem.count, 0);
	guest_mem_clear(&mem);
	close(fd);
}

TEST(test_read_crosses_regions_but_no_hole)
{
	struct guest_mem mem;
	struct ram low, high;
	char buf[8] = "";

	guest_mem_init(&mem);
	ram_open(&low, KIB(64), PAGE, 0);
	ram_open(&high, KIB(64) + PAGE, PAGE, PAGE);
	ram_share(&high, &mem);
	ram_share(&low, &mem);
	memcpy(low.host + PAGE - 3, "abc", 3);
	memcpy(high.host, "defgh", 5);
	memcpy(high.host + PAGE - 3, "xyz", 3);

	assert_int_equal(guest_mem_read(&mem, KIB(64) + PAGE - 3, buf, 8), 0);
	assert_memory_equal(buf, "abcdefgh", 8);
	assert_int_equal(guest_mem_read(&mem, KIB(64) + 2 * PAGE - 3, buf, 3),
			 0);
	assert_memory_equal(buf, "xyz", 3);
	assert_int_equal(guest_mem_read(&mem, KIB(64) + 2 * PAGE - 3, buf, 4),
			 -EFAULT);
	assert_int_equal(guest_mem_read(&mem, KIB(64) - 1, buf, 1), -EFAULT);
	assert_int_equal(guest_mem_read(&mem, 0, buf, 0), 0);
	guest_mem_clear(&mem);
	ram_close(&low);
	ram_close(&high);
}

TEST(test_swap_exchanges_tables_and_marks)
{
	struct guest_mem a, b;
	struct ram ram;
	size_t got;

	guest_mem_init(&a);
	guest_mem_init(&b);
	ram_open(&ram, 0, PAGE, 0);
	ram_share(&ram, &a);
	a.broken = 1;
	guest_mem_swap(&a, &b);
	assert_int_equal(a.count, 0);
	assert_int_equal(a.broken, 0);
	assert_int_equal(b.broken, 1);
	assert_non_null(guest_mem_at(&b, 0, 1, &got));
	guest_mem_clear(&b);
	assert_int_equal(b.broken, 0);
	guest_mem_clear(&a);
	ram_close(&ram);
}

TEST(test_huge_pages_are_mapped_whole)
{
	const uint64_t huge = KIB(2048);
	struct guest_region_spec spec = { 0, huge + PAGE, 0, huge - PAGE };
	struct guest_mem mem;
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	void *pages = MAP_FAILED;
	int ret;

	/* An emulator maps them at an address that is not aligned. */
	if (fd >= 0 && !ftruncate(fd, (off_t)(2 * huge)))
		pages = mmap(NULL, 2 * huge, PROT_READ,
			     MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (pages == MAP_FAILED) {
		skip_because("no 2 MiB pages here: %s", strerror(errno));
	}
	munmap(pages, 2 * huge);
	/* Do not touch it: no huge page may be free. */
	guest_mem_init(&mem);
	ret = guest_mem_add(&mem, &spec, fd);
	close(fd);
	assert_int_equal(ret, 0);
	assert_int_equal(mem.regions[0].map_size, 2 * huge);
	guest_mem_clear(&mem);
}

TEST_MAIN(NULL, NULL)
