/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How long a request waits for its guest's memory, and what others feel. */
#include <endian.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"
#include "vhost/session_rings.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define RW	  (IOTLB_READ | IOTLB_WRITE)
#define PAGE	  UINT64_C(4096)
#define HOLD_MS	  20

static uint64_t began; /* the test's time 0 */

static struct iotlb *tlb_of(struct test_guest *g)
{
	return &g->session.translation.iotlb;
}

static void map(struct test_guest *g, uint64_t addr, uint64_t size)
{
	assert_int_equal(iotlb_update(tlb_of(g), addr, size,
				      addr + FRONT_MEM_USER_SHIFT, RW),
			 0);
}

/* The ring's region is mapped, the other is not. */
static void put_behind_iommu(struct service_fixture *f, struct test_guest *g)
{
	const struct front_region *low = &g->mem.regions[0];
	struct vhost_wire_vring_addr *ring = &g->session.rings[0].addr;

	ring->desc = g->ring.desc_addr;
	ring->avail = g->ring.avail_addr;
	ring->used = g->ring.used_addr;

	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++)
		f->specs[i].cs_hold_ms = HOLD_MS;
	g->session.mem.iotlb = tlb_of(g);
	map(g, low->guest_addr, low->size);
	began = clock_now();
}

static enum spi_progress step_at(struct test_guest *g, uint64_t ms)
{
	return spi_service_step(&g->service, began + ms * NS_PER_MS);
}

static uint64_t deadline_ms(struct test_guest *g)
{
	return (spi_service_deadline(&g->service) - began) / NS_PER_MS;
}

static void finish(struct test_guest *g, struct transfer *t, uint8_t status)
{
	guest_run(g);
	guest_collect(g);
	assert_true(t->done);
	transfer_check(t, status);
}

TEST_WITH(request_waits_a_second_for_each_answer, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 20 * PAGE / 2,
			      .at = FIXTURE_APART };

	put_behind_iommu(f, g);
	map(g, FIXTURE_APART + 9 * PAGE, 7 * PAGE);
	guest_add(g, &t);
	assert_int_equal(step_at(g, 0), SPI_IDLE);
	assert_int_equal(deadline_ms(g), 1000);
	assert_int_equal(step_at(g, 999), SPI_IDLE);
	assert_int_equal(deadline_ms(g), 1000);
	/* What lacks now was asked for before. */
	map(g, FIXTURE_APART, PAGE);
	assert_int_equal(step_at(g, 999), SPI_IDLE);
	assert_int_equal(deadline_ms(g), 1000);
	/* But that may have come and gone, and is asked for anew. */
	iotlb_invalidate(tlb_of(g), FIXTURE_APART, 1);
	assert_int_equal(step_at(g, 999), SPI_IDLE);
	assert_int_equal(deadline_ms(g), 1999);
	assert_int_equal(step_at(g, 1999), SPI_MORE);
	assert_int_equal(f->chips[0].count, 0);
	finish(g, &t, TRANS_ERR);
	guest_rx(g, 0, 1, 1, OK);
}

TEST_WITH(request_runs_when_the_answer_comes, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 100,
			      .at = FIXTURE_APART };

	put_behind_iommu(f, g);
	guest_add(g, &t);
	assert_int_equal(step_at(g, 0), SPI_IDLE);
	map(g, FIXTURE_APART, PAGE);
	finish(g, &t, OK);
	assert_true(spi_service_deadline(&g->service) == CLOCK_NEVER);
}

/* A neighbour waits for a guest no longer than between two requests. */
TEST_WITH(running_request_keeps_the_bus_for_the_hold_time,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0], *other = &f->guests[1];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 4 * FIXTURE_MAX_PIECE,
			      .at = FIXTURE_APART };
	struct transfer next = { .head = service_head(0, 1), .rx_len = 1 };

	put_behind_iommu(f, g);
	map(g, FIXTURE_APART, PAGE);
	guest_add(g, &t);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(step_at(g, 0), SPI_MORE);
	assert_int_equal(f->chips[0].count, 1);
	guest_add(other, &next);
	assert_int_equal(guest_run(other), SPI_WAIT);

	iotlb_invalidate(tlb_of(g), FIXTURE_APART, PAGE);
	assert_int_equal(step_at(g, 1), SPI_WAIT);
	assert_int_equal(deadline_ms(g), 1 + HOLD_MS);
	/* However often something else is asked for. */
	map(g, FIXTURE_APART, PAGE);
	iotlb_invalidate(tlb_of(g), FIXTURE_APART, PAGE);
	assert_int_equal(step_at(g, HOLD_MS), SPI_WAIT);
	assert_int_equal(deadline_ms(g), 1 + HOLD_MS);
	assert_int_equal(f->chips[0].count, 1);
	assert_true(f->chips[0].selected);
	assert_int_equal(step_at(g, 1 + HOLD_MS), SPI_MORE);
	assert_false(f->chips[0].selected);
	assert_true(guest_was_woken(other));
	finish(other, &next, OK);
	/* Its status has no place. */
	guest_run(g);
	guest_collect(g);
	assert_true(t.done);
	assert_int_equal(t.used_len, 0);
}

TEST_WITH(running_request_goes_on_when_the_answer_comes,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 4 * FIXTURE_MAX_PIECE,
			      .at = FIXTURE_APART };

	put_behind_iommu(f, g);
	map(g, FIXTURE_APART, PAGE);
	guest_add(g, &t);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(step_at(g, 0), SPI_MORE);
	iotlb_clear(tlb_of(g));
	vhost_unmap_rings(&g->session);
	assert_int_equal(step_at(g, 0), SPI_WAIT);
	map(g, FIXTURE_APART, PAGE);
	/* The ring as well */
	assert_int_equal(step_at(g, 0), SPI_WAIT);
	map(g, g->mem.regions[0].guest_addr, g->mem.regions[0].size);
	finish(g, &t, OK);
	assert_int_equal(f->chips[0].selects, 1);
}

/* It may not even have the bus yet. */
TEST_WITH(queued_request_leaves_the_queue_when_it_fails,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0], *other = &f->guests[1];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 100,
			      .at = FIXTURE_APART };

	put_behind_iommu(f, g);
	map(g, FIXTURE_APART, PAGE);
	guest_tx(other, 0, 0, "x", 1, OK); /* and keeps the chip */
	guest_add(g, &t);
	assert_int_equal(step_at(g, 0), SPI_MORE);
	assert_int_equal(step_at(g, 0), SPI_WAIT);
	iotlb_invalidate(tlb_of(g), FIXTURE_APART, PAGE);
	assert_int_equal(step_at(g, 1), SPI_WAIT);
	assert_int_equal(step_at(g, 2000), SPI_MORE);
	map(g, FIXTURE_APART, PAGE);
	finish(g, &t, TRANS_ERR);
	assert_null(f->buses[0].bus.first);
	guest_rx(other, 0, 1, 1, OK);
}

/* A front end that stops the ring cannot answer meanwhile. */
TEST_WITH(stopping_waits_for_no_answer, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1),
			      .rx_len = 4 * FIXTURE_MAX_PIECE,
			      .at = FIXTURE_APART };
	uint64_t before = clock_now();

	put_behind_iommu(f, g);
	map(g, FIXTURE_APART, PAGE);
	guest_add(g, &t);
	for (unsigned int i = 0; i < 4; i++)
		step_at(g, 0);
	iotlb_invalidate(tlb_of(g), FIXTURE_APART, PAGE);
	spi_service_ops.quiesce(&g->service, 0);
	assert_true(clock_now() - before < NS_PER_S / 2);
	guest_collect(g);
	assert_true(t.done);
	assert_null(f->buses[0].bus.owner);
}

TEST_MAIN(service_setup, service_teardown)
