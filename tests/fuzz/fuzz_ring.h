/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A ring of either layout in guest memory that is the fuzzer's input */
#ifndef TEST_FUZZ_RING_H
#define TEST_FUZZ_RING_H

#include "tests/fuzz/fuzz.h"
#include "virtio/ring/vring.h"

#define RAM_SIZE  0x4000u
#define RAM_ADDR  UINT64_C(0x1000)
#define RING_SIZE 16 /* at most */

/* In it, where the ring is */
#define DESC_AT	 0
#define AVAIL_AT 256
#define USED_AT	 296

static struct guest_mem mem;
static struct chain chain;
static uint8_t *ram;

static inline void set_up(void)
{
	struct guest_region_spec spec = { .guest_addr = RAM_ADDR,
					  .size = RAM_SIZE / 2,
					  .user_addr = RAM_ADDR };
	int fd = memory_file(NULL, 0, RAM_SIZE);

	must(!chain_init(&chain, VIRTQ_MAX_SIZE));
	/* Two regions, adjacent for the guest; not so for us. */
	guest_mem_init(&mem);
	must(!guest_mem_add(&mem, &spec, fd));
	spec.guest_addr += RAM_SIZE / 2;
	spec.user_addr += RAM_SIZE / 2;
	spec.mmap_offset = RAM_SIZE / 2;
	must(!guest_mem_add(&mem, &spec, fd));
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(ram != MAP_FAILED);
	close(fd);
}

/* Memory is @data, with the ring at its beginning, and zero behind it. */
static inline void fill_ram(const uint8_t *data, size_t size)
{
	if (!ram)
		set_up();
	memset(ram, 0, RAM_SIZE);
	memcpy(ram, data, size < RAM_SIZE ? size : RAM_SIZE);
}

/* A ring as the header says; packed ones have any size. */
static inline struct vring make_ring(const uint8_t *header)
{
	const bool packed = header[0] & 4;

	return (struct vring){
		.mem = &mem,
		.size = packed ? 1 + (header[1] >> 1) % RING_SIZE : RING_SIZE,
		.features = {
			.indirect = header[0] & 1,
			.event_idx = header[0] & 2,
			.on_empty = header[0] & 8,
			.packed = packed,
		},
		.areas = { ram + DESC_AT, ram + AVAIL_AT, ram + USED_AT },
	};
}

#endif
