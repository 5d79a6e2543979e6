/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Memory tables and regions that cannot be: refused, and the old ones stay. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define MIB	  (1u << 20)
#define FREE_ADDR (UINT64_C(1) << 32) /* guest addresses that nothing has */

/* The region under test: 1 MiB, whole file, at FREE_ADDR */
static const struct vhost_wire_region good = {
	.guest_addr = FREE_ADDR,
	.size = MIB,
	.user_addr = FREE_ADDR + FRONT_MEM_USER_SHIFT,
};

static int make_file(off_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static int add_region(struct spi_front *front, struct vhost_wire_region region,
		      int fd)
{
	struct vhost_wire_mem_reg reg = { .region = region };

	return front_end_tell(&front->fe, VHOST_USER_ADD_MEM_REG, &reg,
			      sizeof(reg), &fd, 1);
}

static int set_table(struct spi_front *front,
		     const struct vhost_wire_region *regions,
		     unsigned int count, int fd)
{
	struct vhost_wire_mem_table table = { .count = count };
	int fds[VHOST_USER_MAX_FDS];

	for (unsigned int i = 0; i < count; i++) {
		table.regions[i] = regions[i];
		fds[i] = fd;
	}
	return front_end_tell(&front->fe, VHOST_USER_SET_MEM_TABLE, &table,
			      8 + 32 * count, fds, count);
}

/* Both messages refuse it, the old memory stays, and nothing leaks. */
static void expect_bad_region(struct rig *rig, struct spi_front *front,
			      struct vhost_wire_region bad, int fd)
{
	unsigned int fds = daemon_fds(&rig->daemon);

	assert_int_equal(add_region(front, bad, fd), -EREMOTEIO);
	assert_int_equal(set_table(front, &bad, 1, fd), -EREMOTEIO);
	rig_check_loopback(front, 100);
	daemon_expect_fds(&rig->daemon, fds);
}

TEST_WITH(impossible_regions_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_region bad;
	int fd = make_file(MIB);

	bad = good;
	bad.size = 0;
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.guest_addr = -UINT64_C(4096);
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.user_addr = -UINT64_C(4096);
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.mmap_offset = -UINT64_C(4096);
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.size = UINT64_MAX;
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.size = UINT64_C(1) << 62;
	expect_bad_region(rig, front, bad, fd);
	close(fd);
}

TEST_WITH(regions_beyond_their_file_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_region bad;
	int fd = make_file(MIB);

	bad = good;
	bad.size = MIB + 4096;
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.mmap_offset = 4096;
	expect_bad_region(rig, front, bad, fd);
	bad = good;
	bad.mmap_offset = 2 * MIB;
	expect_bad_region(rig, front, bad, fd);
	close(fd);
	fd = make_file(0);
	expect_bad_region(rig, front, good, fd);
	close(fd);
}

TEST_WITH(files_that_cannot_be_mapped_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	int pipes[2], fd;

	expect_bad_region(rig, front, good, front->ring.kick_fd);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	expect_bad_region(rig, front, good, pipes[0]);
	close(pipes[0]);
	close(pipes[1]);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	expect_bad_region(rig, front, good, fd);
	close(fd);
}

TEST_WITH(overlapping_regions_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_region regions[2] = { good, good };
	int fd = make_file(4 * MIB);

	/* Two of one table: same guest addresses, same user addresses */
	regions[1].user_addr += 2 * MIB;
	regions[1].guest_addr += MIB - 4096;
	assert_int_equal(set_table(front, regions, 2, fd), -EREMOTEIO);
	regions[1] = good;
	regions[1].guest_addr += 2 * MIB;
	regions[1].user_addr -= MIB - 4096;
	assert_int_equal(set_table(front, regions, 2, fd), -EREMOTEIO);

	/* One with those that are there */
	regions[0] = good;
	regions[0].guest_addr = SPI_FRONT_HIGH_ADDR + MIB;
	assert_int_equal(add_region(front, regions[0], fd), -EREMOTEIO);
	regions[0] = good;
	regions[0].user_addr = SPI_FRONT_LOW_ADDR + FRONT_MEM_USER_SHIFT;
	assert_int_equal(add_region(front, regions[0], fd), -EREMOTEIO);

	assert_int_equal(add_region(front, good, fd), 0);
	assert_int_equal(add_region(front, good, fd), -EREMOTEIO);
	rig_check_loopback(front, 100);
	close(fd);
}

TEST_WITH(counts_that_do_not_fit_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_mem_table table = { .count = 2, .regions = { good } };
	int fd = make_file(MIB), fds[] = { fd, fd, fd };
	unsigned int before = daemon_fds(&rig->daemon);
	const uint32_t counts[] = { 0, 2, 3, 8, 9, 0x08000001, UINT32_MAX };

	/* One region's bytes and one descriptor, but another count */
	for (unsigned int i = 0; i < 7; i++) {
		table.count = counts[i];
		assert_int_equal(front_end_tell(&front->fe,
						VHOST_USER_SET_MEM_TABLE,
						&table, 40, fds, 1),
				 -EREMOTEIO);
	}
	/* One region, but no, or two descriptors */
	table.count = 1;
	for (unsigned int n = 0; n <= 3; n++) {
		if (n != 1)
			assert_int_equal(
				front_end_tell(&front->fe,
					       VHOST_USER_SET_MEM_TABLE, &table,
					       40, fds, n),
				-EREMOTEIO);
	}
	rig_check_loopback(front, 100);
	daemon_expect_fds(&rig->daemon, before);
	close(fd);
}

TEST_WITH(removing_an_unknown_region_is_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct front_region region = { .guest_addr = FREE_ADDR, .size = MIB };
	struct front_region known = front->mem.regions[1];

	assert_int_equal(front_remove_region(&front->fe, &region), -EREMOTEIO);
	known.size -= 4096;
	assert_int_equal(front_remove_region(&front->fe, &known), -EREMOTEIO);
	rig_check_loopback(front, 100);
}

/* REM_MEM_REG may carry a descriptor, to be closed; the offset is ignored. */
TEST_WITH(removing_with_a_descriptor_leaks_nothing, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_mem_reg reg = { .region = good };
	int fd = make_file(MIB);
	unsigned int before = daemon_fds(&rig->daemon);

	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(add_region(front, good, fd), 0);
		reg.region.mmap_offset = 4096 * i;
		assert_int_equal(front_end_tell(&front->fe,
						VHOST_USER_REM_MEM_REG, &reg,
						sizeof(reg), &fd, i % 2),
				 0);
	}
	rig_check_loopback(front, 100);
	daemon_expect_fds(&rig->daemon, before);
	close(fd);
}

/* As many slots as GET_MAX_MEM_SLOTS says, and not one more */
TEST_WITH(memory_slots_run_out, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_region region = { .size = 4096 };
	int fd = make_file(MIB);
	uint64_t slots;

	assert_int_equal(front_end_get_u64(&front->fe,
					   VHOST_USER_GET_MAX_MEM_SLOTS,
					   &slots),
			 0);
	for (uint64_t i = 2; i < slots + 3; i++) {
		region.guest_addr = FREE_ADDR + i * 8192;
		region.user_addr = region.guest_addr + FRONT_MEM_USER_SHIFT;
		assert_int_equal(add_region(front, region, fd),
				 i < slots ? 0 : -EREMOTEIO);
	}
	rig_check_loopback(front, 100);
	close(fd);
}

TEST_MAIN(rig_setup, rig_teardown)
