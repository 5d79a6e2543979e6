/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest behind an IOMMU: its memory is at other addresses than it says, and
 * the daemon has to ask for each page.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "tests/lib/skip.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define PAGE FRONT_MEM_PAGE

/* Buffers of the tests' own, far behind what is allocated */
#define OUT_AT (SPI_FRONT_HIGH_ADDR + 600 * PAGE)
#define IN_AT  (SPI_FRONT_HIGH_ADDR + 700 * PAGE)

static const struct spi_front_framing apart = { .out_addr = OUT_AT,
						.in_addr = IN_AT };

/* A front end that sleeps for a moment is no reason to give up. */
static const char *const patient[] = { "--device=sim:loopback,cs-hold=10000",
				       RIG_WITH_IOMMU, NULL };

/* Half a second: so many words, each followed by this delay */
#define SLOW_LEN 2000
#define DELAY_NS 255000

struct slow {
	uint8_t tx[SLOW_LEN], rx[SLOW_LEN];
	uint16_t id;
};

/* Submits a slow full duplex transfer, and lets it begin. */
static void begin_slow(struct spi_front *front, struct slow *slow)
{
	struct spi_front_request request = { rig_head(0), slow->tx, SLOW_LEN,
					     slow->rx, SLOW_LEN };

	rig_check_loopback(front, 1);
	request.head.word_delay_ns = htole32(DELAY_NS);
	rig_pattern(slow->tx, SLOW_LEN, 1);
	assert_int_equal(spi_front_submit(front, &request, &apart, &slow->id),
			 0);
	/* What it takes is asked for now, not in the middle of it. */
	while (front_iommu_wait(&front->iommu, 100) == 0)
		assert_int_equal(front_iommu_serve(&front->iommu), 1);
}

static void expect_slow(struct spi_front *front, struct slow *slow)
{
	rig_expect_wait(front, slow->id, SLOW_LEN, VIRTIO_SPI_TRANS_OK);
	assert_memory_equal(slow->rx, slow->tx, SLOW_LEN);
}

static void everything_is_asked_for_once(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	unsigned int misses;

	for (uint32_t len = 1; len <= 100000; len = 3 * len + 1)
		rig_check_loopback(front, len);
	/* The page of a status may be asked for twice, and answered once. */
	while (front_iommu_serve(&front->iommu) > 0)
		;
	misses = front->iommu.misses;
	assert_true(misses > 30);
	for (uint32_t len = 1; len <= 100000; len = 3 * len + 1)
		rig_check_loopback(front, len);
	assert_int_equal(front->iommu.misses, misses);
}

/* In the largest pieces, and before it can be asked for */
static void what_is_told_first_is_not_asked_for(void **state)
{
	struct spi_front_options options = rig_options_iommu(*state, 0);
	struct spi_front *front;
	unsigned int misses;

	front = rig_open_with(*state, 0, &options);
	rig_check_loopback(front, 1);
	misses = front->iommu.misses;
	for (uint64_t at = 0; at < options.mem_size; at += 2 * PAGE)
		assert_int_equal(front_iommu_update(&front->iommu,
						    SPI_FRONT_HIGH_ADDR + at,
						    2 * PAGE, VHOST_ACCESS_RW),
				 0);
	for (uint64_t at = SPI_FRONT_LOW_ADDR; at < SPI_FRONT_HIGH_ADDR;
	     at += PAGE)
		assert_int_equal(front_iommu_update(&front->iommu, at, PAGE,
						    VHOST_ACCESS_RW),
				 0);
	rig_check_loopback(front, 200000);
	assert_int_equal(front->iommu.misses, misses);
}

/* As a driver does that maps each buffer for one request only */
static void buffers_are_mapped_and_unmapped_each_time(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct front_iommu *iommu = &front->iommu;
	uint8_t tx[5000], rx[5000];
	struct spi_front_request request = { rig_head(0), tx, sizeof(tx), rx,
					     sizeof(rx) };
	struct spi_front_result result;

	for (unsigned int i = 0; i < 50; i++) {
		rig_pattern(tx, sizeof(tx), i);
		assert_int_equal(
			spi_front_transfer(front, &request, &apart, &result),
			0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx, tx, sizeof(rx));
		assert_int_equal(
			front_iommu_invalidate(iommu, OUT_AT, 2 * PAGE), 0);
		assert_int_equal(front_iommu_invalidate(iommu, IN_AT, 2 * PAGE),
				 0);
	}
	assert_true(iommu->misses >= 200);
}

/* Drivers that unmap late do so for all of the address space. */
static void all_is_invalidated_between_requests(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);

	for (unsigned int i = 0; i < 50; i++) {
		rig_check_loopback(front, 3 * PAGE);
		assert_int_equal(front_iommu_invalidate(&front->iommu, 0,
							i & 1 ? UINT64_MAX : 0),
				 0);
	}
}

/* The ring, the buffers, all: what is still mapped is asked for again. */
static void transfer_survives_invalidations_while_it_runs(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct front_iommu *iommu = &front->iommu;
	struct slow *slow = malloc(sizeof(*slow));
	const struct {
		uint64_t addr, size;
	} ranges[] = {
		{ 0, UINT64_MAX },
		{ OUT_AT, PAGE },
		{ IN_AT, PAGE },
		{ front->ring.desc_addr, PAGE },
		{ front->ring.avail_addr, 1 },
		{ front->ring.used_addr, PAGE },
	};

	assert_non_null(slow);
	for (unsigned int i = 0; i < 6; i++) {
		begin_slow(front, slow);
		assert_int_equal(front_iommu_invalidate(iommu, ranges[i].addr,
							ranges[i].size),
				 0);
		expect_slow(front, slow);
	}
	rig_check_loopback(front, 100);
	free(slow);
}

/* The chip stays selected: the second half belongs to the first. */
static void message_survives_an_invalidation_between_its_halves(void **state)
{
	static const uint8_t read_id = 0x9f;
	struct spi_front *front = rig_open_iommu(*state, 0);
	uint8_t id[3];

	for (unsigned int i = 0; i < 10; i++) {
		rig_tx(front, 0, &read_id, 1);
		assert_int_equal(front_iommu_invalidate(&front->iommu, 0, 0),
				 0);
		rig_rx(front, 0, id, 3);
		assert_int_not_equal(id[0], 0);
		assert_int_not_equal(id[0], 0xff);
	}
}

static const char *const flash[] = { "--device=sim:nor,cs=linux,cs-hold=10000",
				     RIG_WITH_IOMMU, NULL };

/* What was acknowledged as gone is not touched, and the request fails. */
static void unmapped_buffer_ends_its_transfer(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct front_iommu *iommu = &front->iommu;
	struct slow *slow = malloc(sizeof(*slow));
	uint8_t *in = front_mem_at(&front->mem, IN_AT, PAGE);

	assert_non_null(slow);
	begin_slow(front, slow);
	assert_int_equal(front_iommu_map(iommu, OUT_AT, PAGE, 0), 0);
	rig_expect_wait(front, slow->id, SLOW_LEN, VIRTIO_SPI_TRANS_ERR);
	for (unsigned int i = 0; i < SLOW_LEN; i++)
		assert_int_equal(slow->rx[i], 0);
	iommu->rule_count = 0;

	begin_slow(front, slow);
	assert_int_equal(front_iommu_map(iommu, IN_AT, PAGE, 0), 0);
	memset(in, 0x77, SLOW_LEN);
	assert_int_equal(
		front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS),
		0);
	for (unsigned int i = 0; i < SLOW_LEN; i++)
		assert_int_equal(in[i], 0x77);
	assert_int_equal(in[SLOW_LEN], SPI_FRONT_UNWRITTEN);
	free(slow);
}

static void indirect_table_is_asked_for_too(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct spi_front_framing framing = apart;
	uint8_t tx[300], rx[300];
	struct spi_front_request request = { rig_head(0), tx, sizeof(tx), rx,
					     sizeof(rx) };
	struct spi_front_result result;

	framing.indirect = true;
	for (unsigned int i = 0; i < 10; i++) {
		rig_pattern(tx, sizeof(tx), i);
		assert_int_equal(
			spi_front_transfer(front, &request, &framing, &result),
			0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx, tx, sizeof(rx));
		assert_int_equal(front_iommu_invalidate(&front->iommu, 0, 0),
				 0);
	}
}

/* Stopping and starting empties the cache; nobody waits for an answer. */
static void ring_stops_and_goes_on(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct slow *slow = malloc(sizeof(*slow));
	unsigned int misses;
	uint32_t base;

	assert_non_null(slow);
	for (unsigned int i = 0; i < 5; i++) {
		rig_check_loopback(front, 10);
		misses = front->iommu.misses;
		assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
		assert_int_equal(
			base, front_ring_base(&front->ring, front->ring.taken));
		assert_int_equal(
			front_start_vring(&front->fe, 0, &front->ring, base),
			0);
		rig_check_loopback(front, 10);
		assert_true(front->iommu.misses > misses);
	}
	/* While one runs whose memory has just been taken away */
	begin_slow(front, slow);
	front_iommu_invalidate(&front->iommu, IN_AT, PAGE);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	/* Twice: also before its areas are known again */
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 10);
	free(slow);
}

/* It was done, but cannot be used: it is neither lost nor done twice. */
static void running_request_of_a_lost_ring_fails_later(void **state)
{
	struct spi_front *front;
	struct slow *slow;
	uint32_t base;

	if (daemon_is_kept())
		skip_because("the request may be answered in time");
	front = rig_open_iommu(*state, 0);
	slow = malloc(sizeof(*slow));
	assert_non_null(slow);
	begin_slow(front, slow);
	front_iommu_invalidate(&front->iommu, 0, 0);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_expect_wait(front, slow->id, SLOW_LEN, VIRTIO_SPI_TRANS_ERR);
	rig_check_loopback(front, 10);
	free(slow);
}

static void memory_table_replaced_behind_an_iommu(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);

	for (unsigned int i = 1; i <= 20; i++) {
		assert_int_equal(front_set_mem_table(&front->fe, &front->mem),
				 0);
		rig_check_loopback(front, 1000 * i);
	}
}

static bool take_mark(struct spi_front *front, struct front_log *log,
		      uint64_t addr)
{
	return front_log_take(log, front_mem_guest_addr(&front->mem, addr));
}

/* The log is of guest addresses; what the driver calls them is not in it. */
static void dirty_pages_are_those_of_the_guest(void **state)
{
	struct spi_front *front = rig_open_iommu(*state, 0);
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, PAGE };
	struct front_ring *ring = &front->ring;
	struct spi_front_result result;
	struct front_log log;
	uint64_t addr;

	assert_int_equal(front_log_open(&log, front_log_end(&front->mem), 0),
			 0);
	assert_int_equal(front_set_log_base(&front->fe, &log), 0);
	assert_int_equal(
		front_log_vring(&front->fe, 0, ring, true, ring->used_addr), 0);
	assert_int_equal(front_log_all(&front->fe, true), 0);
	for (unsigned int i = 0; i < 10; i++) {
		front_log_clear(&log);
		assert_int_equal(
			spi_front_transfer(front, &request, &apart, &result),
			0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		/* Asking for kicks may come a moment later. */
		rig_check_control(front);
		assert_true(take_mark(front, &log, IN_AT));
		assert_true(take_mark(front, &log, IN_AT + PAGE));
		assert_true(take_mark(front, &log, ring->used_addr));
		if (ring->packed)
			assert_true(take_mark(front, &log, ring->desc_addr));
		assert_false(front_log_find(&log, &addr));
		assert_int_equal(front_iommu_invalidate(&front->iommu, 0, 0),
				 0);
	}
	front_log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IOMMU_BOTH(everything_is_asked_for_once),
		RIG_TEST_IOMMU_BOTH(what_is_told_first_is_not_asked_for),
		RIG_TEST_IOMMU_BOTH(buffers_are_mapped_and_unmapped_each_time),
		RIG_TEST_IOMMU_BOTH(all_is_invalidated_between_requests),
		RIG_TEST_BOTH_ARGS(
			transfer_survives_invalidations_while_it_runs, patient),
		RIG_TEST_BOTH_ARGS(
			message_survives_an_invalidation_between_its_halves,
			flash),
		RIG_TEST_IOMMU_BOTH(unmapped_buffer_ends_its_transfer),
		RIG_TEST_IOMMU_BOTH(indirect_table_is_asked_for_too),
		RIG_TEST_BOTH_ARGS(ring_stops_and_goes_on, patient),
		RIG_TEST_BOTH_ARGS(running_request_of_a_lost_ring_fails_later,
				   patient),
		RIG_TEST_IOMMU_BOTH(memory_table_replaced_behind_an_iommu),
		RIG_TEST_IOMMU_BOTH(dirty_pages_are_those_of_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
