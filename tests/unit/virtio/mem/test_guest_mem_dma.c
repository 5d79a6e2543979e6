/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory, chains and rings behind an IOMMU. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "virtio/ring/chain.h"
#include "virtio/ring/vring.h"

#define PAGE KIB(4)
#define BASE KIB(64)
#define RAM  KIB(64)

/* The driver's addresses; no guest memory is there. */
#define IOVA (UINT64_C(1) << 40)

struct setup {
	struct guest_mem mem;
	struct iotlb iotlb;
	struct ram ram;
	struct chain chain;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	guest_mem_init(&s->mem);
	iotlb_init(&s->iotlb);
	ram_open(&s->ram, BASE, RAM, 0);
	ram_share(&s->ram, &s->mem);
	assert_int_equal(chain_init(&s->chain, 8), 0);
	chain_reset(&s->chain, 0);
	s->mem.iotlb = &s->iotlb;
	for (unsigned int i = 0; i < RAM; i++)
		s->ram.host[i] = (uint8_t)(i / PAGE + 1);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	chain_fini(&s->chain);
	iotlb_clear(&s->iotlb);
	guest_mem_clear(&s->mem);
	ram_close(&s->ram);
	free(s);
	return 0;
}

/* Maps the driver's page @from to the guest's page @to. */
static void map(struct setup *s, unsigned int from, unsigned int to,
		unsigned int access)
{
	assert_int_equal(iotlb_update(&s->iotlb, IOVA + from * PAGE, PAGE,
				      BASE + to * PAGE + RAM_USER_SHIFT,
				      access),
			 0);
}

TEST_WITH(without_an_iommu_addresses_are_the_guests, struct setup *s)
{
	size_t got;
	uint8_t *at;

	s->mem.iotlb = NULL;
	at = guest_mem_dma(&s->mem, BASE + 2 * PAGE, 9, IOTLB_WRITE, &got);
	assert_non_null(at);
	assert_int_equal(*at, 3);
	assert_int_equal(got, 9);
	assert_null(guest_mem_dma(&s->mem, IOVA, 1, IOTLB_READ, &got));
	assert_false(guest_mem_missed(&s->mem));
}

TEST_WITH(driver_s_address_leads_to_its_page, struct setup *s)
{
	uint8_t *at;
	size_t got;

	map(s, 0, 5, IOTLB_READ);
	at = guest_mem_dma(&s->mem, IOVA + 7, 2 * PAGE, IOTLB_READ, &got);
	assert_non_null(at);
	assert_int_equal(*at, 6);
	assert_int_equal(got, PAGE - 7);
	assert_false(guest_mem_missed(&s->mem));
	/* A guest address is not a driver's address. */
	assert_null(guest_mem_dma(&s->mem, BASE, 1, IOTLB_READ, &got));
	assert_true(guest_mem_missed(&s->mem));
	assert_null(guest_mem_dma(&s->mem, IOVA, 1, IOTLB_WRITE, &got));
	assert_true(guest_mem_missed(&s->mem));
	assert_null(guest_mem_dma(&s->mem, IOVA, 0, IOTLB_READ, &got));
}

/* An address that is translated but in no region is no miss. */
TEST_WITH(translation_to_nowhere_is_no_miss, struct setup *s)
{
	size_t got;

	assert_int_equal(iotlb_update(&s->iotlb, IOVA, 4 * PAGE,
				      BASE + RAM - PAGE + RAM_USER_SHIFT,
				      IOTLB_READ),
			 0);
	assert_non_null(
		guest_mem_dma(&s->mem, IOVA, 4 * PAGE, IOTLB_READ, &got));
	assert_int_equal(got, PAGE);
	assert_null(guest_mem_dma(&s->mem, IOVA + PAGE, 1, IOTLB_READ, &got));
	assert_false(guest_mem_missed(&s->mem));
}

TEST_WITH(iommu_stays_with_its_owner, struct setup *s)
{
	struct guest_mem other;

	guest_mem_init(&other);
	guest_mem_swap(&s->mem, &other);
	assert_ptr_equal(s->mem.iotlb, &s->iotlb);
	assert_null(other.iotlb);
	guest_mem_swap(&s->mem, &other);
	assert_ptr_equal(s->mem.iotlb, &s->iotlb);
}

TEST_WITH(chain_is_read_and_written_page_by_page, struct setup *s)
{
	struct chain_cursor in, out;
	uint8_t bytes[PAGE + 2];

	map(s, 0, 9, IOTLB_READ);
	map(s, 1, 4, IOTLB_READ);
	map(s, 2, 1, IOTLB_WRITE);
	map(s, 3, 0, IOTLB_WRITE);
	chain_append(&s->chain, IOVA + PAGE - 1, 2, false);
	chain_append(&s->chain, IOVA + 3 * PAGE - 1, PAGE + 1, true);
	assert_true(chain_is_mapped(&s->chain, &s->mem));

	chain_reader(&s->chain, &out);
	assert_null(chain_direct(&out, &s->mem, 2));
	assert_int_equal(chain_read(&out, &s->mem, bytes, 2), 0);
	assert_int_equal(bytes[0], 10);
	assert_int_equal(bytes[1], 5);
	memset(bytes, 0x77, sizeof(bytes));
	chain_writer(&s->chain, &in);
	assert_int_equal(chain_write(&in, &s->mem, bytes, 2), 0);
	assert_int_equal(s->ram.host[2 * PAGE - 1], 0x77);
	assert_int_equal(s->ram.host[0], 0x77);
	assert_int_equal(s->ram.host[1], 1);
	assert_non_null(chain_direct(&in, &s->mem, PAGE - 1));
	assert_int_equal(chain_zero(&in, &s->mem, PAGE - 1), 0);
	assert_int_equal(s->ram.host[1], 0);
}

TEST_WITH(chain_needs_the_right_access_everywhere, struct setup *s)
{
	struct chain_cursor cursor;
	uint8_t byte = 0;

	map(s, 0, 0, IOTLB_WRITE);
	chain_append(&s->chain, IOVA, 1, false);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
	chain_reader(&s->chain, &cursor);
	assert_int_equal(chain_read(&cursor, &s->mem, &byte, 1), -EFAULT);
	chain_reset(&s->chain, 0);
	map(s, 0, 0, IOTLB_READ);
	chain_append(&s->chain, IOVA, 1, true);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
	chain_writer(&s->chain, &cursor);
	assert_int_equal(chain_write(&cursor, &s->mem, &byte, 1), -EFAULT);
	assert_int_equal(s->ram.host[0], 1);
}

/* Where the byte at @addr is, by the guess @near; 0: not there. */
static uint8_t byte_near(const struct setup *s, unsigned int near,
			 uint64_t addr, uint64_t len, unsigned int access)
{
	const uint8_t *at = guest_mem_near(&s->mem, near, addr, len, access);

	return at ? *at : 0;
}

TEST_WITH(guess_finds_what_is_in_its_translation, struct setup *s)
{
	unsigned int near;

	map(s, 0, 9, IOTLB_READ);
	map(s, 1, 4, IOTLB_READ | IOTLB_WRITE);
	near = guest_mem_guess(&s->mem, IOVA + PAGE + 5);
	assert_int_equal(
		byte_near(s, near, IOVA + PAGE + 5, PAGE - 5, IOTLB_WRITE), 5);
	/* Behind its end, and before its beginning */
	assert_int_equal(byte_near(s, near, IOVA + PAGE + 5, PAGE, IOTLB_READ),
			 0);
	assert_int_equal(byte_near(s, near, IOVA + 2 * PAGE, 1, IOTLB_READ), 0);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 0);
	assert_int_equal(byte_near(s, near, BASE, 1, IOTLB_READ), 0);
	/* The other translation, which is read only, and none at all */
	near = guest_mem_guess(&s->mem, IOVA);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 10);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_WRITE), 0);
	near = guest_mem_guess(&s->mem, IOVA + 9 * PAGE);
	assert_int_equal(byte_near(s, near, IOVA + 9 * PAGE, 1, IOTLB_READ), 0);
	assert_int_equal(byte_near(s, UINT32_MAX, IOVA, 1, IOTLB_READ), 0);
}

TEST_WITH(old_guess_finds_no_other_memory, struct setup *s)
{
	unsigned int near;
	struct guest_mem other;

	map(s, 1, 4, IOTLB_READ);
	near = guest_mem_guess(&s->mem, IOVA + PAGE);
	map(s, 0, 9, IOTLB_READ);
	assert_int_equal(byte_near(s, near, IOVA + PAGE, 1, IOTLB_READ), 0);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 10);
	iotlb_invalidate(&s->iotlb, IOVA, 2 * PAGE);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 0);

	map(s, 0, 9, IOTLB_READ);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 10);
	/* The translation is as it was, but the memory is gone. */
	guest_mem_init(&other);
	guest_mem_swap(&s->mem, &other);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 0);
	guest_mem_swap(&s->mem, &other);
}

TEST_WITH(guess_finds_no_memory_behind_its_region, struct setup *s)
{
	unsigned int near;

	iotlb_update(&s->iotlb, IOVA, 4 * PAGE,
		     BASE + RAM - PAGE + RAM_USER_SHIFT, IOTLB_READ);
	near = guest_mem_guess(&s->mem, IOVA);
	assert_int_equal(byte_near(s, near, IOVA, PAGE, IOTLB_READ),
			 RAM / PAGE);
	assert_int_equal(byte_near(s, near, IOVA, PAGE + 1, IOTLB_READ), 0);
	assert_int_equal(byte_near(s, near, IOVA + PAGE, 1, IOTLB_READ), 0);
	/* A translation to nowhere */
	iotlb_update(&s->iotlb, IOVA, PAGE, 0, IOTLB_READ);
	near = guest_mem_guess(&s->mem, IOVA);
	assert_int_equal(byte_near(s, near, IOVA, 1, IOTLB_READ), 0);
}

TEST_WITH(misses_are_one_of_each_page, struct setup *s)
{
	struct iotlb_miss misses[8];

	chain_append(&s->chain, IOVA + 8, 8, false);
	chain_append(&s->chain, IOVA + 64, 2 * PAGE, false);
	chain_append(&s->chain, IOVA + 100, 1, true);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 8), 4);
	assert_int_equal(misses[0].iova, IOVA + 8);
	assert_int_equal(misses[0].access, IOTLB_READ);
	assert_int_equal(misses[1].iova, IOVA + PAGE);
	assert_int_equal(misses[2].iova, IOVA + 2 * PAGE);
	assert_int_equal(misses[3].iova, IOVA + 100);
	assert_int_equal(misses[3].access, IOTLB_WRITE);

	map(s, 0, 0, IOTLB_READ | IOTLB_WRITE);
	map(s, 1, 1, IOTLB_READ);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 8), 1);
	assert_int_equal(misses[0].iova, IOVA + 2 * PAGE);
	map(s, 2, 2, IOTLB_READ);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 8), 0);
}

/* The miss of the status byte is always reported. */
TEST_WITH(last_miss_is_that_of_the_last_byte, struct setup *s)
{
	struct iotlb_miss misses[3];

	chain_append(&s->chain, IOVA, 9 * PAGE, false);
	chain_append(&s->chain, IOVA + 20 * PAGE, 5 * PAGE, true);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 3), 3);
	assert_int_equal(misses[0].iova, IOVA);
	assert_int_equal(misses[1].iova, IOVA + PAGE);
	assert_int_equal(misses[2].iova, IOVA + 25 * PAGE - 1);
	map(s, 24, 0, IOTLB_WRITE);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 3), 3);
	assert_int_equal(misses[2].iova, IOVA + 2 * PAGE);
}

TEST_WITH(hopeless_addresses_are_no_misses, struct setup *s)
{
	struct iotlb_miss misses[3];

	iotlb_update(&s->iotlb, IOVA, PAGE, 0, IOTLB_READ);
	chain_append(&s->chain, IOVA, 1, false);
	assert_int_equal(chain_misses(&s->chain, &s->mem, misses, 3), 0);
	assert_false(chain_is_mapped(&s->chain, &s->mem));
}

/* A ring with one buffer, whose table is at the driver's page 0 */
static void begin_ring(struct setup *s, struct hand_ring *ring,
		       struct vring *vring)
{
	hand_ring_open(ring, &s->ram, 4, 0);
	*vring = (struct vring){
		.mem = &s->mem,
		.areas = hand_ring_areas(ring, &s->mem),
		.size = 4,
		.features.indirect = true,
	};
	assert_int_equal(vring_start(vring, 0), 0);
	hand_desc(ring->desc, IOVA + 16, 16, VIRTQ_DESC_F_INDIRECT, 0);
	hand_offer(ring, 0);
}

TEST_WITH(indirect_table_is_translated, struct setup *s)
{
	struct hand_ring ring;
	struct vring vring;

	begin_ring(s, &ring, &vring);
	assert_int_equal(vring_pop(&vring, &s->chain), -EAGAIN);
	assert_int_equal(s->iotlb.miss.iova, IOVA + 16);
	assert_int_equal(vring_base(&vring), 0);
	map(s, 0, 3, IOTLB_READ);
	hand_desc((void *)(s->ram.host + 3 * PAGE + 16), IOVA + 5 * PAGE, 7,
		  VIRTQ_DESC_F_WRITE, 0);
	assert_int_equal(vring_pop(&vring, &s->chain), 1);
	assert_int_equal(s->chain.write_len, 7);
	vring_unpop(&vring, &s->chain);
	/* A translation to no region breaks the ring. */
	iotlb_update(&s->iotlb, IOVA, PAGE, 0, IOTLB_READ);
	assert_int_equal(vring_pop(&vring, &s->chain), -EPROTO);
	assert_non_null(vring.error);
}

TEST_WITH(packed_indirect_table_is_translated, struct setup *s)
{
	struct virtq_packed_desc *desc = (void *)s->ram.host, *table;
	struct vring vring = {
		.mem = &s->mem,
		.areas = { desc, s->ram.host + 512, s->ram.host + 520 },
		.size = 4,
		.features = { .packed = true, .indirect = true },
	};
	const struct virtq_packed_desc head = {
		.addr = htole64(IOVA),
		.len = htole32(16),
		.flags = htole16(VIRTQ_DESC_F_INDIRECT |
				 VIRTQ_PACKED_DESC_F_AVAIL),
	};

	memset(s->ram.host, 0, PAGE);
	/* The device has mapped the guest's memory. */
	vring.areas.desc = guest_mem_at_user(&s->mem, BASE + RAM_USER_SHIFT, 1);
	vring.areas.driver = (uint8_t *)vring.areas.desc + 512;
	vring.areas.device = (uint8_t *)vring.areas.desc + 520;
	desc[0] = head;
	assert_int_equal(vring_start(&vring, 0x80008000u), 0);
	assert_int_equal(vring_pop(&vring, &s->chain), -EAGAIN);
	assert_int_equal(vring_base(&vring), 0x80008000u);
	map(s, 0, 3, IOTLB_READ);
	table = (void *)(s->ram.host + 3 * PAGE);
	*table = (struct virtq_packed_desc){ .len = htole32(5) };
	assert_int_equal(vring_pop(&vring, &s->chain), 1);
	assert_int_equal(s->chain.read_len, 5);
}

/* Writes are marked by guest address. */
TEST_WITH(log_is_of_the_guests_addresses, struct setup *s)
{
	uint8_t bits[8] = { 0 };
	struct dirty_log log = { .bits = bits, .pages = 64 };
	struct chain_cursor in;
	struct hand_ring ring;
	struct vring vring;

	begin_ring(s, &ring, &vring);
	s->mem.log = &log;
	map(s, 0, 9, IOTLB_WRITE);
	map(s, 1, 2, IOTLB_WRITE);
	chain_append(&s->chain, IOVA + PAGE - 1, 2, true);
	chain_writer(&s->chain, &in);
	assert_int_equal(chain_zero(&in, &s->mem, 2), 0);
	/* BASE is page 16: bytes 2 and 3 */
	assert_int_equal(bits[2], 1 << 2);
	assert_int_equal(bits[3], 1 << 1);
	memset(bits, 0, sizeof(bits));
	/* The used ring, and the translation of its log address */
	vring.logged = true;
	vring.log_addr = IOVA + PAGE;
	vring_enable_kick(&vring);
	assert_int_equal(bits[2], 1 << 2 | 1 << 0);
	/* Without a translation the ring is marked at its own address. */
	memset(bits, 0, sizeof(bits));
	vring.log_addr = IOVA + 5 * PAGE;
	vring_enable_kick(&vring);
	assert_int_equal(bits[2], 1 << 0);
	assert_int_equal(log.lost, 0);
	s->mem.log = NULL;
}

TEST_MAIN(setup, teardown)
