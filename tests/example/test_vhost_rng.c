/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The example back end with our own front end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/example/rng_process.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/front/front_iommu.h"
#include "vhost/front/front_setup.h"
#include "virtio/ring/virtio_wire.h"

#define BIT(n)	  FRONT_BIT(n)

#define MEM_ADDR  (UINT64_C(1) << 20)
#define MEM_SIZE  (UINT64_C(2) << 20)
#define MORE_ADDR (UINT64_C(1) << 32) /* a region that can be truncated */
#define UNMAPPED  (UINT64_C(1) << 40)

#define RING_SIZE 64
#define FILL_MAX  4096u /* bytes that the device writes to one buffer */

struct rig {
	struct rng_process rng;
	struct front_end fe;
	struct front_mem mem;
	struct front_iommu iommu;
	struct front_ring ring;
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	*state = rig;
	rng_start(&rig->rng);
	return 0;
}

static void open_ring(struct rig *rig, uint32_t base)
{
	assert_int_equal(front_ring_open(&rig->ring, &rig->mem, RING_SIZE,
					 rig->fe.features, base),
			 0);
	if (rig->iommu.channel >= 0)
		front_iommu_attach(&rig->iommu, &rig->ring);
	assert_int_equal(front_start_vring(&rig->fe, 0, &rig->ring, base), 0);
}

/* Connects a front end and starts its ring. */
static void open_front(struct rig *rig, uint64_t features)
{
	const uint64_t protocol = BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
				  BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ);
	struct front_mem *mem = &rig->mem;

	front_mem_init(mem);
	front_iommu_init(&rig->iommu);
	assert_int_equal(
		front_end_connect(&rig->fe, rig->rng.socket, RNG_TIMEOUT_MS),
		0);
	assert_true(front_mem_add(mem, MEM_ADDR, MEM_SIZE, 0) >= 0);
	assert_true(front_mem_add(mem, MORE_ADDR, MEM_SIZE, 0) >= 0);
	assert_int_equal(front_negotiate(&rig->fe, features, protocol), 0);
	assert_int_equal(rig->fe.features & features, features);
	if (features & BIT(VIRTIO_F_ACCESS_PLATFORM)) {
		assert_int_equal(front_mem_scatter(&mem->regions[0]), 0);
		assert_int_equal(front_iommu_open(&rig->iommu, &rig->fe, mem),
				 0);
	}
	assert_int_equal(front_share_mem(&rig->fe, mem), 0);
	open_ring(rig, features & BIT(VIRTIO_F_RING_PACKED)
			       ? FRONT_RING_PACKED_BASE
			       : 0);
}

static void close_front(struct rig *rig)
{
	front_end_close(&rig->fe);
	front_iommu_close(&rig->iommu);
	front_ring_close(&rig->ring);
	front_mem_close(&rig->mem);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	rng_stop(&rig->rng);
	free(rig);
	return 0;
}

/* Memory for a buffer, which holds FRONT_MEM_POISON. */
static uint64_t alloc(struct rig *rig, uint32_t len)
{
	uint64_t addr;

	assert_int_equal(front_mem_alloc(&rig->mem, len, &addr), 0);
	return addr;
}

static void submit(struct rig *rig, const struct front_segment *segs,
		   unsigned int count)
{
	bool indirect = rig->fe.features & BIT(VIRTIO_F_INDIRECT_DESC);
	uint16_t head;

	assert_int_equal(front_ring_add(&rig->ring, segs, count,
					indirect ? 0 : count, &head),
			 0);
	front_ring_publish(&rig->ring);
	front_ring_kick(&rig->ring);
}

/* Waits for the oldest buffer. Returns its used length. */
static uint32_t finish(struct rig *rig)
{
	struct virtq_used_elem elem;

	assert_int_equal(
		front_ring_wait(&rig->ring, rig->fe.fd, RNG_TIMEOUT_MS), 0);
	assert_int_equal(front_ring_take(&rig->ring, &elem), 0);
	return elem.len;
}

static uint32_t ask(struct rig *rig, const struct front_segment *segs,
		    unsigned int count)
{
	submit(rig, segs, count);
	return finish(rig);
}

/* How many of @len bytes at @addr are as front_mem_alloc() left them. */
static uint32_t count_poison(struct rig *rig, uint64_t addr, uint32_t len)
{
	uint32_t count = 0;
	uint8_t byte;

	for (uint32_t i = 0; i < len; i++) {
		assert_int_equal(front_mem_read(&rig->mem, addr + i, &byte, 1),
				 0);
		count += byte == FRONT_MEM_POISON;
	}
	return count;
}

/* By chance, random bytes are poison: half of them never are. */
static void check_random(struct rig *rig, uint64_t addr, uint32_t len)
{
	assert_in_range(count_poison(rig, addr, len), 0, len / 2);
}

static void check_works(struct rig *rig)
{
	struct front_segment seg = { alloc(rig, 64), 64, true };

	assert_int_equal(ask(rig, &seg, 1), 64);
	check_random(rig, seg.addr, 64);
}

TEST_WITH(buffers_are_filled_when_rings_are_of_each_kind, struct rig *rig)
{
	static const uint64_t kinds[] = {
		0,
		BIT(VIRTIO_F_EVENT_IDX),
		BIT(VIRTIO_F_INDIRECT_DESC),
		BIT(VIRTIO_F_ACCESS_PLATFORM),
		BIT(VIRTIO_F_RING_PACKED),
		BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_EVENT_IDX),
		BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_INDIRECT_DESC),
		BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_ACCESS_PLATFORM) |
			BIT(VIRTIO_F_INDIRECT_DESC) | BIT(VIRTIO_F_EVENT_IDX),
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		print_message("features 0x%llx\n",
			      (unsigned long long)kinds[i]);
		open_front(rig, kinds[i]);
		/* More than go into the ring at once */
		for (unsigned int n = 0; n < 3 * RING_SIZE; n++)
			check_works(rig);
		close_front(rig);
	}
}

TEST_WITH(two_buffers_get_different_bytes, struct rig *rig)
{
	struct front_segment first, second;
	uint8_t bytes[2][64];

	open_front(rig, 0);
	first = (struct front_segment){ alloc(rig, 64), 64, true };
	second = (struct front_segment){ alloc(rig, 64), 64, true };
	assert_int_equal(ask(rig, &first, 1), 64);
	assert_int_equal(ask(rig, &second, 1), 64);
	front_mem_read(&rig->mem, first.addr, bytes[0], 64);
	front_mem_read(&rig->mem, second.addr, bytes[1], 64);
	assert_memory_not_equal(bytes[0], bytes[1], 64);
	close_front(rig);
}

TEST_WITH(all_segments_are_filled, struct rig *rig)
{
	struct front_segment segs[3] = {
		{ .len = 50, .write = true },
		{ .len = 60, .write = true },
		{ .len = 70, .write = true },
	};

	open_front(rig, 0);
	for (unsigned int i = 0; i < 3; i++)
		segs[i].addr = alloc(rig, 4096);
	assert_int_equal(ask(rig, segs, 3), 180);
	for (unsigned int i = 0; i < 3; i++) {
		check_random(rig, segs[i].addr, segs[i].len);
		assert_int_equal(count_poison(rig, segs[i].addr + segs[i].len,
					      4096 - segs[i].len),
				 4096 - segs[i].len);
	}
	close_front(rig);
}

TEST_WITH(long_buffer_is_filled_in_part, struct rig *rig)
{
	struct front_segment seg = { .len = 3 * FILL_MAX, .write = true };

	open_front(rig, 0);
	seg.addr = alloc(rig, seg.len);
	assert_int_equal(ask(rig, &seg, 1), FILL_MAX);
	check_random(rig, seg.addr, FILL_MAX);
	assert_int_equal(count_poison(rig, seg.addr + FILL_MAX, 2 * FILL_MAX),
			 2 * FILL_MAX);
	close_front(rig);
}

TEST_WITH(bad_buffer_comes_back_empty, struct rig *rig)
{
	static const struct front_segment bad[] = {
		{ MEM_ADDR, 64, false },
		{ UNMAPPED, 64, true },
		{ MEM_ADDR + MEM_SIZE - 10, 64, true },
	};

	open_front(rig, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ask(rig, &bad[i], 1), 0);
		check_works(rig);
	}
	close_front(rig);
}

TEST_WITH(ring_full_of_buffers_is_filled, struct rig *rig)
{
	struct front_segment segs[RING_SIZE];

	open_front(rig, 0);
	for (unsigned int i = 0; i < RING_SIZE; i++) {
		segs[i] = (struct front_segment){ alloc(rig, 64), 64, true };
		submit(rig, &segs[i], 1);
	}
	for (unsigned int i = 0; i < RING_SIZE; i++) {
		assert_int_equal(finish(rig), 64);
		check_random(rig, segs[i].addr, 64);
	}
	close_front(rig);
}

TEST_WITH(stopped_ring_goes_on_where_it_stopped, struct rig *rig)
{
	struct front_segment seg = { .len = 64, .write = true };
	uint32_t base;

	open_front(rig, 0);
	check_works(rig);
	assert_int_equal(front_stop_vring(&rig->fe, 0, &base), 0);
	assert_int_equal(base, 1);
	seg.addr = alloc(rig, 64);
	submit(rig, &seg, 1);
	assert_int_equal(front_get_vring_base(&rig->fe, 0, &base), 0);
	assert_int_equal(base, 1);
	assert_int_equal(front_start_vring(&rig->fe, 0, &rig->ring, base), 0);
	assert_int_equal(finish(rig), 64);
	close_front(rig);
}

/* No kick descriptor: the device has to look at the ring by itself. */
TEST_WITH(ring_without_kicks_is_polled, struct rig *rig)
{
	open_front(rig, 0);
	assert_int_equal(
		front_set_vring_fd(&rig->fe, VHOST_USER_SET_VRING_KICK, 0, -1),
		0);
	check_works(rig);
	check_works(rig);
	close_front(rig);
}

/* The ring names a descriptor that it does not have. */
TEST_WITH(broken_ring_stops_alone_and_starts_again, struct rig *rig)
{
	uint32_t base;

	open_front(rig, 0);
	check_works(rig);
	front_ring_push(&rig->ring, RING_SIZE);
	front_ring_publish(&rig->ring);
	front_ring_kick_now(&rig->ring);
	assert_int_equal(
		front_ring_wait(&rig->ring, rig->fe.fd, RNG_TIMEOUT_MS), -EIO);
	assert_int_equal(front_get_vring_base(&rig->fe, 0, &base), 0);
	front_ring_close(&rig->ring);
	open_ring(rig, base);
	check_works(rig);
	close_front(rig);
}

TEST_WITH(ring_breaks_when_memory_is_truncated, struct rig *rig)
{
	const struct front_segment seg = { MORE_ADDR, 64, true };

	need_fault_address();
	open_front(rig, 0);
	check_works(rig);
	assert_int_equal(ftruncate(rig->mem.regions[1].fd, 0), 0);
	/* The hole shows when the buffer is filled. It is used, then. */
	ask(rig, &seg, 1);
	assert_int_equal(
		front_ring_wait(&rig->ring, rig->fe.fd, RNG_TIMEOUT_MS), -EIO);
	close_front(rig);
	open_front(rig, 0);
	check_works(rig);
	close_front(rig);
}

TEST_WITH(front_ends_are_served_one_after_the_other, struct rig *rig)
{
	for (unsigned int i = 0; i < 3; i++) {
		open_front(rig, 0);
		check_works(rig);
		close_front(rig);
	}
}

TEST_MAIN(setup, teardown)
