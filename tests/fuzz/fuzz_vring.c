/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes the device's half of a ring, split or packed: guest memory is the
 * input. Chains are popped until there is none or the ring is broken; each is
 * parsed as a SPI request, read, cleared and pushed. `make fuzz` runs it.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_ring.h"
#include "virtio/spi/spi_request.h"
#include "virtio/spi/spi_validate.h"

#define HEADER 6 /* of the input: features, how to pop, base */

/* Both indexes of a packed ring stay in it, whatever the guest does. */
static void check_places(const struct vring *vring)
{
	if (vring->features.packed && (vring->avail_idx >= vring->size ||
				       vring->used_idx >= vring->size ||
				       vring_pending(vring) > vring->size))
		abort();
}

/*
 * The chain's sums must be those of its segments. The id of a packed ring's
 * chain is the guest's business.
 */
static void check_chain(const struct vring *vring)
{
	uint64_t read_len = 0, write_len = 0;

	for (unsigned int i = 0; i < chain.readable; i++)
		read_len += chain.segs[i].len;
	for (unsigned int i = 0; i < chain.writable; i++)
		write_len += chain.segs[chain.readable + i].len;
	if (read_len != chain.read_len || write_len != chain.write_len ||
	    (!vring->features.packed && chain.head >= vring->size) ||
	    chain.ring_entries > vring->size)
		abort();
}

static void use_chain(struct vring *vring)
{
	const struct spi_config config = { .cs_max_number = 4,
					   .mode_func_supported = 0x7f };
	struct chain_cursor in, out;
	struct spi_request request = { .checked = false };
	char reason[SPI_REASON_SIZE];
	uint8_t bytes[64];

	if (!spi_request_parse(&chain, &mem, &request)) {
		spi_validate(&config, &request, reason);
		out = request.tx;
		for (int i = 0; i < 64; i++)
			if (chain_read(&out, &mem, bytes, sizeof(bytes)) < 0)
				break;
		in = request.rx;
		chain_direct(&in, &mem, sizeof(bytes));
		chain_write(&in, &mem, bytes, sizeof(bytes));
	}
	chain_writer(&chain, &in);
	chain_zero(&in, &mem, chain.write_len < 65536 ? chain.write_len : 1);
	vring_push(vring, &chain,
		   spi_request_finish(&chain, &mem, VIRTIO_SPI_PARAM_ERR));
	vring_should_call(vring);
	check_places(vring);
}

/* Gives the chain back and takes it again: the ring is where it was. */
static bool take_again(struct vring *vring)
{
	uint32_t base = vring_base(vring);

	vring_unpop(vring, &chain);
	check_places(vring);
	return vring_pop(vring, &chain) == 1 && vring_base(vring) == base;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vring vring;
	uint32_t base;

	if (size < HEADER)
		return 0;
	fill_ram(data + HEADER, size - HEADER);
	memcpy(&base, data + 2, sizeof(base));
	vring = make_ring(data);
	if (vring_start(&vring, base) < 0)
		return 0;
	check_places(&vring);
	vring_enable_kick(&vring);
	/* A ring of its own used elements can go on for 65536 of them. */
	for (int i = 0; i < 256 && vring_pop(&vring, &chain) == 1; i++) {
		check_chain(&vring);
		/* Nobody writes to the ring meanwhile. */
		if (data[1] & 1 && i % 4 == 3 && !take_again(&vring))
			abort();
		use_chain(&vring);
		vring_disable_kick(&vring);
	}
	return 0;
}
