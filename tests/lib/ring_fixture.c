/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <dirent.h>
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/ring_fixture.h"

void ram_open(struct ram *ram, uint64_t guest_addr, uint64_t size,
	      uint64_t offset)
{
	*ram = (struct ram){
		.spec = {
			.guest_addr = guest_addr,
			.size = size,
			.user_addr = guest_addr + RAM_USER_SHIFT,
			.mmap_offset = offset,
		},
	};
	ram->fd = memfd_create("ram", MFD_CLOEXEC);
	assert_true(ram->fd >= 0);
	assert_int_equal(ftruncate(ram->fd, (off_t)(offset + size)), 0);
	ram->host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 ram->fd, (off_t)offset);
	assert_true(ram->host != MAP_FAILED);
}

void ram_close(struct ram *ram)
{
	assert_int_equal(munmap(ram->host, ram->spec.size), 0);
	assert_int_equal(close(ram->fd), 0);
}

void *ram_at(const struct ram *ram, uint64_t addr)
{
	assert_true(addr >= ram->spec.guest_addr);
	assert_true(addr - ram->spec.guest_addr <= ram->spec.size);
	return ram->host + (addr - ram->spec.guest_addr);
}

void ram_share(const struct ram *ram, struct guest_mem *mem)
{
	assert_int_equal(guest_mem_add(mem, &ram->spec, ram->fd), 0);
}

void hand_ring_open(struct hand_ring *ring, const struct ram *ram,
		    uint16_t size, uint16_t base)
{
	struct vring_bytes bytes =
		vring_bytes(&(struct vring_features){ 0 }, size);
	uint64_t desc = ram->spec.guest_addr;
	uint64_t avail = desc + bytes.desc;
	uint64_t used = (avail + bytes.driver + 3) & ~3ull;

	*ring = (struct hand_ring){
		.ram = ram,
		.size = size,
		.avail_idx = base,
		.desc_addr = desc,
		.avail_addr = avail,
		.used_addr = used,
		.buffers = (used + bytes.device + 63) & ~63ull,
	};
	ring->desc = ram_at(ram, ring->desc_addr);
	ring->avail = ram_at(ram, ring->avail_addr);
	ring->used = ram_at(ram, ring->used_addr);
	memset(ring->desc, 0, ring->buffers - ring->desc_addr);
	ring->avail->idx = ring->used->idx = htole16(base);
}

struct vring_areas hand_ring_areas(const struct hand_ring *ring,
				   const struct guest_mem *mem)
{
	struct vring_bytes bytes =
		vring_bytes(&(struct vring_features){ 0 }, ring->size);
	struct vring_areas areas = {
		guest_mem_at_user(mem, ring->desc_addr + RAM_USER_SHIFT,
				  bytes.desc),
		guest_mem_at_user(mem, ring->avail_addr + RAM_USER_SHIFT,
				  bytes.driver),
		guest_mem_at_user(mem, ring->used_addr + RAM_USER_SHIFT,
				  bytes.device),
	};

	assert_non_null(areas.desc);
	assert_non_null(areas.driver);
	assert_non_null(areas.device);
	return areas;
}

void hand_desc(struct virtq_desc *desc, uint64_t addr, uint32_t len,
	       unsigned int flags, unsigned int next)
{
	*desc = (struct virtq_desc){
		.addr = htole64(addr),
		.len = htole32(len),
		.flags = htole16((uint16_t)flags),
		.next = htole16((uint16_t)next),
	};
}

void hand_offer(struct hand_ring *ring, uint16_t head)
{
	ring->avail->ring[ring->avail_idx & (ring->size - 1)] = htole16(head);
	ring->avail_idx++;
	__atomic_store_n(&ring->avail->idx, htole16(ring->avail_idx),
			 __ATOMIC_RELEASE);
}

void hand_used_event(struct hand_ring *ring, uint16_t index)
{
	ring->avail->ring[ring->size] = htole16(index);
}

uint16_t hand_avail_event(const struct hand_ring *ring)
{
	uint16_t event;

	memcpy(&event, &ring->used->ring[ring->size], sizeof(event));
	return le16toh(event);
}

unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}
