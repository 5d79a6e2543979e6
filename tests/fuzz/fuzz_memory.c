/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes guest memory behind an IOMMU, with a dirty log: regions come and go,
 * so do translations, and in between addresses are looked up in each way. What
 * is found must be in one region, and is read and written.
 */
#include "tests/fuzz/fuzz.h"
#include "virtio/mem/guest_mem.h"

#define FILE_SIZE 0x10000u
#define LOG_SIZE  4u /* bytes */

static struct guest_mem mem;
static struct iotlb tlb;
static struct dirty_log dirty_log;
static int file;

/* A page, and bytes beyond it; or a number of any size. */
static uint64_t take_number(struct input *in)
{
	const uint8_t kind = take(in);
	uint64_t number = 0;

	if (kind & 0x80)
		take_bytes(in, &number, sizeof(number));
	else
		number = (uint64_t)(kind & 0x1f) * IOTLB_PAGE +
			 (kind & 0x40 ? take(in) : 0);
	return kind & 0x20 ? -number : number;
}

static struct guest_region_spec take_region(struct input *in)
{
	return (struct guest_region_spec){
		.guest_addr = take_number(in),
		.size = take_number(in),
		.user_addr = take_number(in),
		.mmap_offset = take_number(in),
	};
}

static void use(uint8_t *at, uint64_t len, bool write)
{
	const struct guest_region *r = mem.regions;

	if (!at)
		return;
	while (r < mem.regions + mem.count &&
	       (at < r->host || at >= r->host + r->size))
		r++;
	must(r < mem.regions + mem.count && len &&
	     len <= r->size - (uint64_t)(at - r->host));
	/* The ends are enough: the file behind it is as long as the region. */
	if (write) {
		__atomic_fetch_add(at, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(at + len - 1, 1, __ATOMIC_RELAXED);
		guest_mem_wrote(&mem, at, len);
	}
}

static void look_up(struct input *in)
{
	const uint64_t addr = take_number(in), len = take_number(in) | 1;
	const unsigned int access = take(in) & 3;
	unsigned int near = guest_mem_guess(&mem, addr);
	uint8_t bytes[64];
	size_t got = 0;
	uint8_t *at = guest_mem_dma(&mem, addr, len, access, &got);

	use(at, got, true);
	must(got <= len);
	/* All of it is where a guess says, or where any number does not. */
	if (guest_mem_near(&mem, near, addr, len, access))
		must(at == guest_mem_near(&mem, near, addr, len, access) &&
		     got == len);
	use(guest_mem_near(&mem, take(in), addr, len, access), len, false);
	use(guest_mem_at_user(&mem, addr, len), len, false);
	if (!guest_mem_read(&mem, addr, bytes, sizeof(bytes)))
		must(guest_mem_dma(&mem, addr, 1, IOTLB_READ, &got) != NULL);
}

/* What is there now is found; what is gone is missed. */
static void translate(struct input *in, bool add)
{
	const uint64_t iova = take_number(in), size = take_number(in);
	const uint64_t user_addr = add ? take_number(in) : 0;
	const unsigned int access = take(in) & 3;
	uint64_t found, got;
	bool has;

	if (!add)
		iotlb_invalidate(&tlb, iova, size);
	else if (iotlb_update(&tlb, iova, size, user_addr, access) < 0)
		return;
	has = iotlb_find(&tlb, iova, 1, access, &found, &got);
	must(has == add && (!has || (found == user_addr && got == 1)));
	for (unsigned int i = 0; i < tlb.count; i++)
		must(tlb.entries[i].iova <= tlb.entries[i].last &&
		     (!i || tlb.entries[i - 1].last < tlb.entries[i].iova));
}

static void do_record(struct input *in)
{
	const uint8_t kind = take(in);
	struct guest_region_spec spec;

	mem.iotlb = kind & 0x80 ? NULL : &tlb;
	mem.log = kind & 0x40 ? NULL : &dirty_log;
	switch (kind & 7) {
	case 0:
	case 1:
		spec = take_region(in);
		if (kind & 1)
			guest_mem_remove(&mem, &spec);
		else
			guest_mem_add(&mem, &spec, file);
		break;
	case 2:
	case 3:
		translate(in, kind & 1);
		break;
	default:
		look_up(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	file = memory_file(NULL, 0, FILE_SIZE);
	guest_mem_init(&mem);
	iotlb_init(&tlb);
	must(!dirty_log_open(&dirty_log, file, 0, LOG_SIZE));
	while (in.left)
		do_record(&in);
	guest_mem_clear(&mem);
	iotlb_clear(&tlb);
	dirty_log_close(&dirty_log);
	close(file);
	return 0;
}
