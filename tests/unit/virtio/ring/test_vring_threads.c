/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Runs both halves of a ring in a thread each. A thread sleeps whenever it may,
 * so a lost notification is a timeout.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "tests/lib/test.h"
#include "vhost/front/ring/front_ring.h"
#include "virtio/ring/vring.h"

#define BASE	   UINT64_C(0x100000)
#define TIMEOUT_MS 20000
#define REQUESTS   20000u
#define BIT(n)	   (UINT64_C(1) << (n))

/* The ring of a row */
struct kind {
	const char *name;
	uint64_t features;
	uint16_t size;
};

struct both {
	struct front_mem mem;
	struct front_ring ring;
	struct guest_mem guest_mem;
	struct vring vring;
	struct chain chain;
	int failed; /* line number of a failure in the device's thread */
};

/* Uses all available chains. Returns their number. */
static unsigned int serve(struct both *b)
{
	unsigned int count = 0;

	vring_disable_kick(&b->vring);
	while (vring_pop(&b->vring, &b->chain) == 1) {
		vring_push(&b->vring, &b->chain, b->chain.head % 7);
		count++;
		/* Call sometimes for one chain, sometimes for several. */
		if (count % 3 && vring_should_call(&b->vring))
			eventfd_write(b->ring.call_fd, 1);
	}
	if (vring_should_call(&b->vring))
		eventfd_write(b->ring.call_fd, 1);
	return count;
}

static void *device(void *arg)
{
	struct both *b = arg;
	struct pollfd pfd = { .fd = b->ring.kick_fd, .events = POLLIN };
	unsigned int done = 0;
	eventfd_t kicks;

	while (done < REQUESTS) {
		done += serve(b);
		if (done == REQUESTS || vring_enable_kick(&b->vring))
			continue;
		if (poll(&pfd, 1, TIMEOUT_MS) != 1) {
			b->failed = __LINE__;
			/* Wake the driver, which would time out as well. */
			eventfd_write(b->ring.err_fd, 1);
			break;
		}
		eventfd_read(b->ring.kick_fd, &kicks);
	}
	return NULL;
}

/* Adds up to @most buffers, as there is room. Returns their number. */
static unsigned int fill(struct both *b, unsigned int most, uint32_t *seed)
{
	static const struct front_segment segs[3] = { { BASE, 1, false },
						      { BASE, 2, false },
						      { BASE, 7, true } };
	unsigned int count = 0, len;
	uint16_t id;

	for (; count < most; count++) {
		*seed = *seed * 1664525u + 1013904223u;
		len = 1 + (*seed >> 16) % 3;
		if (front_ring_add(&b->ring, segs, len, len, &id))
			break;
	}
	front_ring_publish(&b->ring);
	front_ring_kick(&b->ring);
	return count;
}

/* Adds some buffers and takes some, now and then all. */
static void drive(struct both *b)
{
	unsigned int added = 0, taken = 0, most;
	struct virtq_used_elem elem;
	uint32_t seed = 1;

	while (taken < REQUESTS) {
		most = 1 + (seed >> 20) % 6;
		if (most > REQUESTS - added)
			most = REQUESTS - added;
		added += fill(b, most, &seed);
		if (taken == added)
			continue;
		assert_int_equal(front_ring_wait(&b->ring, -1, TIMEOUT_MS), 0);
		do {
			assert_int_equal(front_ring_take(&b->ring, &elem), 0);
			assert_int_equal(elem.len, elem.id % 7);
			taken++;
		} while (taken < added && (seed >> 24 & 3) &&
			 front_ring_used_idx(&b->ring) != b->ring.taken);
	}
	assert_int_equal(front_ring_take(&b->ring, &elem), -EAGAIN);
}

static void open_both(struct both *b, const struct kind *kind)
{
	const bool packed = kind->features & BIT(VIRTIO_F_RING_PACKED);
	const uint32_t base = packed ? FRONT_RING_PACKED_BASE : 0;

	front_mem_init(&b->mem);
	assert_int_equal(front_mem_add(&b->mem, BASE, 1 << 20, 0), 0);
	assert_int_equal(front_ring_open(&b->ring, &b->mem, kind->size,
					 kind->features, base),
			 0);
	guest_mem_init(&b->guest_mem);
	assert_int_equal(chain_init(&b->chain, 16), 0);
	/* Both use the same pointers, so that a sanitizer sees races. */
	b->vring = (struct vring){
		.mem = &b->guest_mem,
		.size = kind->size,
		.features = {
			.packed = packed,
			.event_idx = kind->features & BIT(VIRTIO_F_EVENT_IDX),
		},
		.areas = { b->ring.desc, b->ring.avail, b->ring.used },
	};
	if (packed)
		b->vring.areas = (struct vring_areas){ b->ring.entries,
						       b->ring.driver_event,
						       b->ring.device_event };
	assert_int_equal(vring_start(&b->vring, base), 0);
}

static void no_notification_is_lost(void **state)
{
	/* Static: after a failed assertion the thread may live on. */
	static struct both b;
	const struct kind *kind = *state;
	pthread_t thread;

	b = (struct both){ 0 };
	open_both(&b, kind);
	assert_int_equal(pthread_create(&thread, NULL, device, &b), 0);
	drive(&b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(b.failed, 0);
	chain_fini(&b.chain);
	front_ring_close(&b.ring);
	front_mem_close(&b.mem);
}

#define PACKED BIT(VIRTIO_F_RING_PACKED)
#define EVENT  BIT(VIRTIO_F_EVENT_IDX)

static const struct kind kinds[] = {
	{ "split ring of 4", 0, 4 },
	{ "split ring of 16", 0, 16 },
	{ "split ring of 4 with events", EVENT, 4 },
	{ "split ring of 16 with events", EVENT, 16 },
	{ "packed ring of 3", PACKED, 3 },
	{ "packed ring of 16", PACKED, 16 },
	{ "packed ring of 3 with events", PACKED | EVENT, 3 },
	{ "packed ring of 13 with events", PACKED | EVENT, 13 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

int main(void)
{
	struct CMUnitTest tests[KINDS];

	for (size_t i = 0; i < KINDS; i++)
		tests[i] = (struct CMUnitTest){
			.name = kinds[i].name,
			.test_func = no_notification_is_lost,
			.initial_state = (void *)(uintptr_t)&kinds[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
