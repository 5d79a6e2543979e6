/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes the device's half of a ring, split or packed: guest memory is the
 * input. Chains are popped until there is none or the ring is broken; each is
 * parsed as a SPI request, read, cleared and pushed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/spi_request.h"
#include "virtio/spi_validate.h"
#include "virtio/vring.h"

#define RAM_SIZE  0x4000u
#define RAM_ADDR  UINT64_C(0x1000)
#define RING_SIZE 16
#define HEADER	  6 /* of the input: features, how to pop, base */

/* The rest of it is memory, with the ring at its beginning. */
#define DESC_AT	 0
#define AVAIL_AT 256
#define USED_AT	 296

static struct guest_mem mem;
static struct chain chain;
static uint8_t *ram;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_up(void)
{
	struct guest_region_spec spec = { .guest_addr = RAM_ADDR,
					  .size = RAM_SIZE / 2,
					  .user_addr = RAM_ADDR };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, RAM_SIZE) < 0 ||
	    chain_init(&chain, VIRTQ_MAX_SIZE) < 0)
		abort();
	/* Two regions, adjacent for the guest; not so for us. */
	guest_mem_init(&mem);
	if (guest_mem_add(&mem, &spec, fd) < 0)
		abort();
	spec.guest_addr += RAM_SIZE / 2;
	spec.user_addr += RAM_SIZE / 2;
	spec.mmap_offset = RAM_SIZE / 2;
	if (guest_mem_add(&mem, &spec, fd) < 0)
		abort();
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ram == MAP_FAILED)
		abort();
	close(fd);
}

/* The chain's sums must be those of its segments. */
static void check_chain(const struct vring *vring)
{
	uint64_t read_len = 0, write_len = 0;

	for (unsigned int i = 0; i < chain.readable; i++)
		read_len += chain.segs[i].len;
	for (unsigned int i = 0; i < chain.writable; i++)
		write_len += chain.segs[chain.readable + i].len;
	if (read_len != chain.read_len || write_len != chain.write_len ||
	    (!vring->features.packed && chain.head >= RING_SIZE))
		abort();
}

static void use_chain(struct vring *vring)
{
	const struct spi_config config = { .cs_max_number = 4,
					   .mode_func_supported = 0x7f };
	struct chain_cursor in, out;
	struct spi_request request;
	uint8_t bytes[64];

	if (!spi_request_parse(&chain, &mem, &request)) {
		spi_validate(&config, &request);
		out = request.tx;
		for (int i = 0; i < 64; i++)
			if (chain_read(&out, &mem, bytes, sizeof(bytes)) < 0)
				break;
		in = request.rx;
		chain_direct(&in, &mem, sizeof(bytes));
		chain_write(&in, &mem, bytes, sizeof(bytes));
	}
	in = chain_writer(&chain);
	chain_zero(&in, &mem, chain.write_len < 65536 ? chain.write_len : 1);
	vring_push(vring, &chain,
		   spi_request_finish(&chain, &mem, VIRTIO_SPI_PARAM_ERR));
	vring_should_call(vring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vring vring;
	uint32_t base;

	if (!ram)
		set_up();
	if (size < HEADER)
		return 0;
	memset(ram, 0, RAM_SIZE);
	memcpy(ram, data + HEADER,
	       size - HEADER < RAM_SIZE ? size - HEADER : RAM_SIZE);
	memcpy(&base, data + 2, sizeof(base));
	vring = (struct vring){
		.mem = &mem,
		.size = RING_SIZE,
		.features = {
			.indirect = data[0] & 1,
			.event_idx = data[0] & 2,
			.packed = data[0] & 4,
		},
		.areas = { ram + DESC_AT, ram + AVAIL_AT, ram + USED_AT },
	};
	if (vring_start(&vring, base) < 0)
		return 0;
	vring_enable_kick(&vring);
	/* A ring of its own used elements can go on for 65536 of them. */
	for (int i = 0; i < 256 && vring_pop(&vring, &chain) == 1; i++) {
		check_chain(&vring);
		if (data[1] & 1 && i % 4 == 3) {
			vring_unpop(&vring, &chain);
			if (vring_pop(&vring, &chain) != 1)
				break;
		}
		use_chain(&vring);
		vring_disable_kick(&vring);
	}
	return 0;
}
