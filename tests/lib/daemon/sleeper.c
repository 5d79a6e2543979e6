/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/sleeper.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "vhost/front/deadline.h"

/* One exchange for so many occasions */
#define EXCHANGE_RATE 12

/* Where the parts of a request are in its page */
#define TX_AT	  sizeof(struct virtio_spi_wire_head)
#define RX_AT	  2048
#define DATA_LEN  4
#define STATUS_AT (RX_AT + DATA_LEN)

uint32_t sleeper_random(struct sleeper *s, uint32_t limit)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (uint32_t)(s->random >> 32) % limit;
}

void sleeper_open_front(struct rig *rig, const struct sleeper_kind *kind)
{
	struct spi_front_options options = kind->features & SLEEPER_IOMMU
						   ? rig_options_iommu(rig, 0)
						   : rig_options(rig, 0);

	options.ring_size = SLEEPER_RING;
	options.features &= ~SLEEPER_EVENTS;
	options.features |= kind->features | FRONT_BIT(VHOST_F_LOG_ALL);
	if (kind->tracked)
		options.protocol |=
			FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
	rig_open_with(rig, 0, &options);
	assert_int_equal(rig->fronts[0].fe.features & kind->features,
			 kind->features);
}

void sleeper_open(struct sleeper *s, struct spi_front *front, uint64_t seed,
		  bool tracked)
{
	const struct virtio_spi_wire_head head = rig_head(0);

	*s = (struct sleeper){
		.front = front,
		.random = seed,
		.tracked = tracked,
		.log_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	for (unsigned int i = 0; i < SLEEPER_DEPTH; i++) {
		struct sleeper_slot *slot = &s->slots[i];

		assert_int_equal(front_mem_alloc(&front->mem, FRONT_MEM_PAGE,
						 &slot->buffers),
				 0);
		slot->bytes = front_mem_at(&front->mem, slot->buffers,
					   FRONT_MEM_PAGE);
		memcpy(slot->bytes, &head, sizeof(head));
		slot->next = s->free;
		s->free = slot;
	}
	/* The ring comes first, so it lies in the first region. */
	s->alias = front->mem.regions[0];
	assert_true(front->ring.used_addr - s->alias.guest_addr <
		    s->alias.size);
	s->alias.guest_addr += SLEEPER_ALIAS;
	if (!front->ring.translated)
		assert_int_equal(front_add_region(&front->fe, &s->alias), 0);
	assert_int_equal(
		front_log_open(&s->log, s->alias.guest_addr + s->alias.size, 0),
		0);
}

void sleeper_close(struct sleeper *s)
{
	front_log_close(&s->log);
	close(s->log_fd);
}

static void maybe_exchange(struct sleeper *s)
{
	if (!sleeper_random(s, EXCHANGE_RATE))
		sleeper_exchange(s);
}

/* Puts a request in the ring: a full duplex transfer of its number. */
static void add(struct sleeper *s)
{
	struct sleeper_slot *slot = s->free;
	const struct front_segment segs[] = {
		{ slot->buffers, TX_AT + DATA_LEN, false },
		{ slot->buffers + RX_AT, DATA_LEN + 1, true },
	};
	uint16_t head;

	s->free = slot->next;
	slot->number = sleeper_random(s, UINT32_MAX);
	memcpy(slot->bytes + TX_AT, &slot->number, DATA_LEN);
	memset(slot->bytes + RX_AT, 0, DATA_LEN);
	slot->bytes[STATUS_AT] = SPI_FRONT_UNWRITTEN;
	assert_int_equal(front_ring_add(&s->front->ring, segs, 2, 2, &head), 0);
	assert_null(s->by_head[head]);
	s->by_head[head] = slot;
	s->in_flight++;
}

static void submit(struct sleeper *s)
{
	unsigned int room = SLEEPER_DEPTH - s->in_flight;
	unsigned int count = 1 + sleeper_random(s, room);

	for (unsigned int i = 0; i < count; i++)
		add(s);
	maybe_exchange(s);
	front_ring_publish(&s->front->ring);
	maybe_exchange(s);
	front_ring_kick(&s->front->ring);
}

static void check(const struct sleeper *s, const struct sleeper_slot *slot)
{
	uint8_t status = slot->bytes[STATUS_AT];

	/* What was begun when a session ended is not done twice. */
	if ((s->unsure || s->crashes) && status == VIRTIO_SPI_TRANS_ERR)
		return;
	assert_int_equal(status, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(slot->bytes + RX_AT, &slot->number, DATA_LEN);
}

static void take_all(struct sleeper *s)
{
	struct virtq_used_elem elem;
	int err;

	while (!(err = front_ring_take_sleeping(&s->front->ring, &elem))) {
		struct sleeper_slot *slot = s->by_head[elem.id];

		assert_non_null(slot);
		s->by_head[elem.id] = NULL;
		check(s, slot);
		slot->next = s->free;
		s->free = slot;
		s->in_flight--;
		s->done++;
	}
	assert_int_equal(err, -EAGAIN);
	if (!s->in_flight)
		s->unsure = false;
}

/* What Linux's drivers do when they are notified. */
static void handle_call(struct sleeper *s)
{
	struct front_ring *ring = &s->front->ring;
	bool delayed = sleeper_random(s, 2);
	bool enabled;

	do {
		front_ring_disable_calls(ring);
		take_all(s);
		maybe_exchange(s);
		enabled = delayed ? front_ring_enable_calls_delayed(ring)
				  : front_ring_enable_calls(ring);
	} while (!enabled);
}

static void fail_asleep(const struct sleeper *s)
{
	const struct front_ring *ring = &s->front->ring;

	for (unsigned int i = 0; i < SLEEPER_HISTORY; i++)
		print_error("%s\n", s->history[i] ? s->history[i] : "-");
	fail_msg("asleep after %llu requests: %u in flight, taken 0x%x, "
		 "used 0x%x, published 0x%x",
		 (unsigned long long)s->done, s->in_flight, ring->taken,
		 front_ring_used_idx(ring), ring->published);
}

/*
 * Returns true when the driver was notified. The time includes that of
 * translations.
 */
static bool sleep_for(struct sleeper *s, int timeout_ms)
{
	struct front_ring *ring = &s->front->ring;
	struct pollfd fds[] = {
		{ .fd = ring->call_fd, .events = POLLIN },
		{ .fd = ring->helper.help ? ring->helper.fd : -1,
		  .events = POLLIN },
	};
	const int64_t deadline = deadline_in(timeout_ms);

	while (poll(fds, 2, deadline_left(deadline)) > 0) {
		if (fds[1].revents)
			assert_int_equal(ring->helper.help(ring->helper.opaque),
					 0);
		if (fds[0].revents) {
			assert_true(front_ring_signalled(ring->call_fd));
			return true;
		}
		if (!deadline_left(deadline))
			return false;
	}
	return false;
}

static void await_call(struct sleeper *s, int timeout_ms)
{
	s->sleeps++;
	/* The front end works on while its guest sleeps. */
	while (!sleeper_random(s, EXCHANGE_RATE)) {
		if (sleep_for(s, (int)sleeper_random(s, 2)))
			return;
		sleeper_exchange(s);
	}
	if (!sleep_for(s, timeout_ms))
		fail_asleep(s);
}

void sleeper_run(struct sleeper *s, uint64_t count, int timeout_ms)
{
	while (s->done < count) {
		unsigned int leave;

		submit(s);
		leave = sleeper_random(s, s->in_flight);
		while (s->in_flight > leave) {
			await_call(s, timeout_ms);
			handle_call(s);
		}
	}
	while (s->in_flight) {
		await_call(s, timeout_ms);
		handle_call(s);
	}
}
