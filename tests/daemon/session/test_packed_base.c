/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A packed ring's base is two places with a wrap counter each: 32 bits, which
 * must survive every stop. And buffers used in order, in both layouts.
 */
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const uint16_t sizes[] = { 4, 5, 7, 16, 33 };

static struct spi_front *open_size(struct rig *rig, uint16_t size)
{
	struct spi_front_options options = rig_options(rig, 0);

	options.ring_size = size;
	return rig_open_with(rig, 0, &options);
}

/* Stops the ring: it has done all that was taken, no more. */
static uint32_t stop(struct spi_front *front)
{
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	return base;
}

static void start(struct spi_front *front, uint32_t base)
{
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
}

/* Requests of four entries, and of one where there is an indirect table */
static void transfer(struct spi_front *front, unsigned int i)
{
	struct spi_front_framing framing = { .indirect = i % 3 == 0 };
	uint8_t tx[6], rx[6];
	struct spi_front_request request = { rig_head(0), tx, 6, rx, 6 };
	struct spi_front_result result;

	rig_pattern(tx, sizeof(tx), i);
	assert_int_equal(spi_front_transfer(front, &request, &framing, &result),
			 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(rx, tx, sizeof(tx));
}

static void new_ring_begins_with_both_wrap_counters_at_1(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_int_equal(stop(front), 0x80008000);
}

static void ring_stops_and_starts_at_every_place(void **state)
{
	struct rig *rig = *state;

	for (unsigned int n = 0; n < ARRAY_LEN(sizes); n++) {
		struct spi_front *front = open_size(rig, sizes[n]);

		for (unsigned int i = 0; i < 3u * sizes[n]; i++) {
			transfer(front, i);
			start(front, stop(front));
		}
		rig_close(rig, 0);
	}
}

/* What is in the ring while it is stopped may lie across its end. */
static void held_requests_survive_a_stop_at_the_wrap(void **state)
{
	struct rig *rig = *state;
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 5 };

	for (unsigned int n = 0; n < ARRAY_LEN(sizes); n++) {
		struct spi_front *front = open_size(rig, sizes[n]);
		uint32_t base;
		uint16_t id;

		for (unsigned int i = 0; i < 2u * sizes[n] + 2; i++) {
			assert_int_equal(
				front_set_vring_enable(&front->fe, 0, false),
				0);
			assert_int_equal(
				spi_front_submit(front, &request, NULL, &id),
				0);
			base = stop(front);
			start(front, base);
			rig_expect_wait(front, id, 5, VIRTIO_SPI_TRANS_OK);
		}
		rig_close(rig, 0);
	}
}

/* New memory, as after a migration of the driver's: nothing is in flight. */
static void new_ring_goes_on_at_every_place(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_size(rig, 7);

	for (unsigned int i = 0; i < 30; i++) {
		transfer(front, i);
		rig_recover_ring(front);
	}
}

/* All four pairs of wrap counters, at several places: they only pass. */
static void base_is_returned_as_it_was_set(void **state)
{
	static const uint16_t places[] = { 0, 1, 31, 63 };
	struct spi_front *front = rig_open(*state, 0);
	struct front_end *fe = &front->fe;
	uint32_t first = stop(front);
	uint32_t got;

	for (uint32_t i = 0; i < 64; i++) {
		uint32_t base = places[i & 3] | (i & 4) << 13 |
				places[i >> 3 & 3] << 16 | (i & 32) << 26;

		assert_int_equal(front_set_vring_base(fe, 0, base), 0);
		assert_int_equal(front_get_vring_base(fe, 0, &got), 0);
		assert_int_equal(got, base);
		start(front, base);
		assert_int_equal(front_stop_vring(fe, 0, &got), 0);
		assert_int_equal(got, base);
	}
	start(front, first);
	rig_check_loopback(front, 10);
}

/* With the wrap counters of a second round a new ring works as well. */
static void ring_begins_at_any_base(void **state)
{
	static const uint32_t bases[] = { 0,	      0x00010001, 0x00060006,
					  0x80018001, 0x80068006, 0x80008000 };
	struct spi_front *front = open_size(*state, 7);

	for (unsigned int n = 0; n < ARRAY_LEN(bases); n++) {
		stop(front);
		assert_int_equal(spi_front_new_ring(front, bases[n]), 0);
		start(front, bases[n]);
		for (unsigned int i = 0; i < 10; i++)
			transfer(front, i);
	}
}

#define BATCH	  20
#define HEAD_ADDR (SPI_FRONT_HIGH_ADDR + (8 << 20))

/* Long ones and short ones, direct and indirect; every third is bad. */
static uint32_t reply_len(uint32_t i)
{
	return i % 2 ? 50000 : 2;
}

static void submit_batch(struct spi_front *front, uint16_t *ids)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		const struct front_segment segs[] = {
			{ HEAD_ADDR, i % 3 ? 32 : 31, false },
			{ HEAD_ADDR + 4096, reply_len(i), true },
		};

		assert_int_equal(front_ring_add(&front->ring, segs, 2,
						i % 4 ? 2 : 0, &ids[i]),
				 0);
	}
	spi_front_flush(front);
}

static const char *const with_order[] = { "--device=sim:loopback",
					  "--with=in-order,order-platform",
					  NULL };

static void in_order_buffers_are_used_in_order(void **state)
{
	const uint64_t wanted = FRONT_BIT(VIRTIO_F_IN_ORDER) |
				FRONT_BIT(VIRTIO_F_ORDER_PLATFORM);
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct virtio_spi_wire_head head = rig_head(0);
	struct virtq_used_elem elem;
	struct spi_front *front;
	uint16_t ids[BATCH];

	options.features |= wanted;
	front = rig_open_with(rig, 0, &options);
	assert_true((front->fe.features & wanted) == wanted);
	assert_int_equal(
		front_mem_write(&front->mem, HEAD_ADDR, &head, sizeof(head)),
		0);
	for (uint32_t n = 0; n < 10 * BATCH; n++) {
		if (n % BATCH == 0)
			submit_batch(front, ids);
		assert_int_equal(front_ring_wait(&front->ring, front->fe.fd,
						 DAEMON_TIMEOUT_MS),
				 0);
		assert_int_equal(front_ring_take(&front->ring, &elem), 0);
		assert_int_equal(elem.id, ids[n % BATCH]);
		assert_int_equal(elem.len, reply_len(n % BATCH));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_PACKED(new_ring_begins_with_both_wrap_counters_at_1),
		RIG_TEST_PACKED(ring_stops_and_starts_at_every_place),
		RIG_TEST_PACKED(held_requests_survive_a_stop_at_the_wrap),
		RIG_TEST_PACKED(new_ring_goes_on_at_every_place),
		RIG_TEST_PACKED(base_is_returned_as_it_was_set),
		RIG_TEST_PACKED(ring_begins_at_any_base),
		RIG_TEST_BOTH_ARGS(in_order_buffers_are_used_in_order,
				   with_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
