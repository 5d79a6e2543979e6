/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes the inflight region, as a front end shares it with a back end that
 * follows another one: what is said of it, its bytes, and a ring, split or
 * packed. The ring starts where the region says; its requests are popped, some
 * are begun, and all are pushed. One that follows starts where the ring is.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_ring.h"
#include "vhost/device.h"
#include "vhost/ring/inflight_area.h"

#define REGION_SIZE  4096u
#define REGION_BYTES 544 /* of the input: a packed ring's part */

struct head {
	uint8_t ring[2]; /* as of make_ring() */
	uint8_t begun;	 /* bit n: the requests n, n + 8, ... are begun */
	uint8_t is_odd;	 /* the numbers that follow are of any size */
	uint16_t queues, entries;
	uint32_t base, note;
	uint64_t size, offset;
};

static bool map_region(struct vhost_inflight_area *area,
		       const struct head *head, struct input *in)
{
	const struct vhost_wire_inflight wire = {
		.mmap_size = head->is_odd ? head->size : REGION_SIZE,
		.mmap_offset = head->is_odd ? head->offset & ~7ull : 0,
		.num_queues = head->is_odd ? head->queues % VHOST_MAX_RINGS + 1
					   : 1,
		.queue_size = head->is_odd ? head->entries % VIRTQ_MAX_SIZE + 1
					   : RING_SIZE,
	};
	uint8_t bytes[REGION_BYTES] = { 0 };
	const char *why;
	int fd, ret;

	take_bytes(in, bytes, sizeof(bytes));
	fd = memory_file(bytes, sizeof(bytes), REGION_SIZE);
	vhost_inflight_area_init(area);
	ret = vhost_inflight_area_map(area, &wire, fd, head->ring[0] & 4, &why);
	close(fd);
	return !ret;
}

static void use_ring(struct vring *vring, struct inflight *inflight,
		     uint8_t begun)
{
	must(inflight->lost <= vring->size);
	for (unsigned int i = 0; i < 64 && vring_pop(vring, &chain) == 1; i++) {
		inflight_popped(inflight, &chain);
		if (begun >> i % 8 & 1 && !inflight->begun)
			inflight_begin(inflight, vring, &chain);
		inflight_push(inflight, vring, &chain, 0, i);
		must(!inflight->begun);
	}
}

/* Another back end follows, of which nothing was told but the region. */
static void follow(const struct vhost_inflight_area *area,
		   const struct vring *vring)
{
	struct inflight inflight = { .begun = false };
	struct vhost_ring_start start = { .base = 0 };

	/* A ring that has one head twice leaves a region that is refused. */
	must(vhost_inflight_area_track(area, area->rings - 1u, vring, &inflight,
				       &start) ||
	     start.base == vring_base(vring));
}

static void run_ring(const struct vhost_inflight_area *area,
		     const struct head *head)
{
	struct vhost_ring_start start = { head->base, head->note, false };
	struct inflight inflight = { .begun = false };
	struct vring vring = make_ring(head->ring);

	/* Without a region, fuzz_vring.c does the same. */
	if (vhost_inflight_area_track(area, area->rings - 1u, &vring, &inflight,
				      &start) ||
	    !inflight.region || vring_start(&vring, start.base) < 0)
		return;
	use_ring(&vring, &inflight, head->begun);
	follow(area, &vring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct vhost_inflight_area area;
	struct head head = { .base = 0 };

	take_bytes(&in, &head, sizeof(head));
	if (map_region(&area, &head, &in)) {
		fill_ram(in.at, in.left);
		run_ring(&area, &head);
		vhost_inflight_area_close(&area);
	}
	return 0;
}
