/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * No request allocates memory, but for the first of a guest whose parts are in
 * pieces: that makes room for them.
 *
 * The allocator of this program counts the calls of a guest's thread, also
 * those that the C library makes.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/lib/fixture/worker_fixture.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
#endif

static atomic_uint allocations; /* by ->watched */
static struct {
	_Atomic pthread_t thread;
	atomic_bool on;
} watched;

#ifndef HAS_SANITIZER
static void count(void)
{
	if (watched.on && pthread_equal(pthread_self(), watched.thread))
		allocations++;
}

/* The C library's function; its type is that of @own. */
#define NEXT(own) ((__typeof__(&(own)))(uintptr_t)dlsym(RTLD_NEXT, #own))

void *malloc(size_t size)
{
	count();
	return NEXT(malloc)(size);
}

void *calloc(size_t number, size_t size)
{
	count();
	return NEXT(calloc)(number, size);
}

void *realloc(void *old, size_t size)
{
	count();
	return NEXT(realloc)(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	count();
	return NEXT(aligned_alloc)(align, size);
}
#endif

#define BIT(n)	FRONT_BIT(n)

#define TIMES	50
#define MAX_LEN 4096

struct layout {
	const char *name;
	uint64_t features;
	unsigned int pieces; /* descriptors of each part; 0: one each */
	bool indirect;
};

static const struct layout layouts[] = {
	{ "split", 0, 0, false },
	{ "split, events", BIT(VIRTIO_F_EVENT_IDX), 0, false },
	{ "split, indirect", BIT(VIRTIO_F_INDIRECT_DESC), 0, true },
	{ "split, in pieces", 0, 20, false },
	{ "split, indirect, in pieces", BIT(VIRTIO_F_INDIRECT_DESC), 200,
	  true },
	{ "packed", BIT(VIRTIO_F_RING_PACKED), 0, false },
	{ "packed, events", BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_EVENT_IDX),
	  0, false },
	{ "packed, in pieces", BIT(VIRTIO_F_RING_PACKED), 20, false },
	{ "packed, indirect, in pieces",
	  BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_INDIRECT_DESC), 200, true },
};

static void open_front(struct worker_fixture *f, const struct layout *layout,
		       struct spi_front *front)
{
	struct spi_front_options options = spi_front_defaults(f->paths[0]);

	options.timeout_ms = WORKER_TIMEOUT_MS;
	options.features = layout->features;
	assert_int_equal(spi_front_open(front, &options), 0);
	assert_int_equal(front->fe.features & layout->features,
			 layout->features);
}

/* A request of @len bytes each way, in as many pieces as @layout says. */
static void transfer(struct spi_front *front, const struct layout *layout,
		     uint8_t chip, uint32_t len)
{
	static uint8_t tx[MAX_LEN], rx[MAX_LEN];
	uint32_t lens[200];
	struct spi_front_framing framing = { .indirect = layout->indirect };
	struct spi_front_request request = { .head = worker_head(chip, 1),
					     .tx = tx,
					     .tx_len = len,
					     .rx = rx,
					     .rx_len = len };
	struct spi_front_result result;

	for (unsigned int i = 0; i < layout->pieces; i++)
		lens[i] = len / layout->pieces;
	framing.out = framing.in = lens;
	framing.out_count = framing.in_count = layout->pieces;
	assert_int_equal(spi_front_transfer(front, &request, &framing, &result),
			 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
}

static void transfer_all(struct spi_front *front, const struct layout *layout)
{
	transfer(front, layout, 0, 4000);
	transfer(front, layout, 1, 4000);
	transfer(front, layout, 0, 200);
}

static void watch(pthread_t thread, bool on)
{
	watched.thread = thread;
	watched.on = on;
}

/* Other tools have allocators of their own. */
static void need_count(void)
{
	void *(*volatile allocate)(size_t size) = malloc;
	unsigned int before = allocations;
	void *memory;

	watch(pthread_self(), true);
	memory = allocate(1);
	watch(pthread_self(), false);
	free(memory);
	if (allocations == before)
		skip_because("the allocator cannot be replaced here");
}

TEST_WITH(requests_allocate_nothing, struct worker_fixture *f)
{
	struct guest_worker *worker = &f->workers[0];
	struct spi_front front;

	need_count();
	worker->device.offered.features |= BIT(VIRTIO_F_RING_PACKED);
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		unsigned int before;

		open_front(f, &layouts[i], &front);
		transfer_all(&front, &layouts[i]);
		before = allocations;
		watch(worker->thread, true);
		for (unsigned int n = 0; n < TIMES; n++)
			transfer_all(&front, &layouts[i]);
		watch(worker->thread, false);
		if (allocations != before)
			fail_msg("%s: %u allocations", layouts[i].name,
				 allocations - before);
		spi_front_close(&front);
	}
}

/* To see that they are counted at all. */
TEST_WITH(first_request_in_pieces_makes_room, struct worker_fixture *f)
{
	const struct layout *pieces = &layouts[3];
	struct guest_worker *worker = &f->workers[0];
	struct spi_front front;
	unsigned int before;

	need_count();
	open_front(f, pieces, &front);
	before = allocations;
	watch(worker->thread, true);
	transfer_all(&front, pieces);
	watch(worker->thread, false);
	assert_int_equal(allocations, before + 2);
	spi_front_close(&front);
}

TEST_MAIN(worker_setup, worker_teardown)
