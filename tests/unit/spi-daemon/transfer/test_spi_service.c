/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The service between its ring, its bus and its worker. */
#include <endian.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static const uint8_t pattern[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* A ring full of requests: all done, in order, each on its own. */
TEST_WITH(many_requests_are_done_in_order, struct service_fixture *f)
{
	struct transfer t[8];

	for (unsigned int i = 0; i < 8; i++) {
		t[i] = (struct transfer){ .head = service_head(0, 1),
					  .tx = pattern + i,
					  .tx_len = i + 1 };
		guest_add(&f->guests[0], &t[i]);
	}
	assert_int_equal(guest_run(&f->guests[0]), SPI_IDLE);
	guest_collect(&f->guests[0]);
	assert_int_equal(f->chips[0].count, 8);
	assert_int_equal(f->chips[0].selects, 8);
	for (unsigned int i = 0; i < 8; i++) {
		transfer_check(&t[i], OK);
		assert_int_equal(f->chips[0].pieces[i].piece.len, i + 1);
	}
}

TEST_WITH(idle_ring_asks_for_kicks, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	assert_int_equal(guest_run(g), SPI_IDLE);
	assert_int_equal(g->ring.used->flags, 0);
	assert_true(spi_service_deadline(&g->service) == CLOCK_NEVER);
}

/* Steps until the chip has seen @pieces of them. */
static void run_pieces(struct test_guest *g, const struct fake_chip *chip,
		       unsigned int pieces)
{
	while (chip->count < pieces)
		assert_int_equal(guest_step(g), SPI_MORE);
}

static struct transfer reads(uint8_t chip, uint32_t len)
{
	struct transfer t = { .head = service_head(chip, 0), .rx_len = len };

	return t;
}

TEST_WITH(second_guest_waits_for_the_bus, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = reads(0, 1024), tb = reads(1, 4);

	guest_add(a, &ta);
	guest_add(b, &tb);
	run_pieces(a, &f->chips[0], 1);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_true(spi_service_deadline(&b->service) == CLOCK_NEVER);
	assert_int_equal(f->chips[1].count, 0);
	assert_false(guest_was_woken(b));

	guest_run(a);
	guest_collect(a);
	transfer_check(&ta, OK);
	assert_true(guest_was_woken(b));
	assert_int_equal(guest_run(b), SPI_IDLE);
	guest_collect(b);
	transfer_check(&tb, OK);
}

/* Steps until the bus is kept for the second of two requests. */
static void end_first(struct test_guest *g, struct transfer *first,
		      struct transfer *second)
{
	guest_add(g, first);
	guest_add(g, second);
	do
		assert_int_equal(guest_step(g), SPI_MORE);
	while (g->service.job.phase != JOB_NONE);
	assert_non_null(g->service.message.bus);
}

static void settle(struct test_guest *g)
{
	spi_service_settle(&g->service);
}

static void tick(struct test_guest *g)
{
	spi_service_tick(&g->service, spi_service_deadline(&g->service));
}

static void quiesce(struct test_guest *g)
{
	spi_service_ops.quiesce(&g->service, 0);
	guest_collect(g);
	assert_int_equal(g->service.job.phase, JOB_NONE);
}

TEST_WITH(guest_that_comes_between_two_requests_goes_first,
	  struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta[] = { reads(0, 4), reads(0, 4) }, tb = reads(1, 4);

	end_first(a, &ta[0], &ta[1]);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_int_equal(guest_run(a), SPI_WAIT);
	assert_true(guest_was_woken(b));
	guest_run(b);
	tick(b); /* which is owed more of the bus, and lingers */
	assert_true(guest_was_woken(a));
	guest_run(a);
	guest_collect(a);
	guest_collect(b);
	transfer_check(&tb, OK);
	transfer_check(&ta[1], OK);
}

static void (*const rests[])(struct test_guest *g) = { settle, tick, quiesce };

TEST_WITH(bus_is_not_kept_while_its_guest_does_something_else,
	  struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		struct transfer t[] = { reads(0, 4), reads(0, 4) };

		end_first(a, &t[0], &t[1]);
		rests[i](a);
		if (a->service.message.bus)
			fail_msg("row %zu", i);
		guest_rx(b, 1, 1, 4, OK);
		guest_run(a);
	}
}

/* Also while nothing moves: the message may go on. */
TEST_WITH(held_chip_keeps_the_bus, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer tb = reads(0, 4);

	guest_tx(a, 0, 0, "a", 1, OK);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	spi_service_tick(&a->service, spi_service_deadline(&a->service));
	assert_true(guest_was_woken(b));
	guest_run(b);
	guest_collect(b);
	transfer_check(&tb, OK);
	assert_int_equal(f->chips[0].selects, 2);
}

/* In which order depends on the clock: test_bus_fair.c has one of its own. */
TEST_WITH(guests_share_a_bus_and_are_never_both_selected,
	  struct service_fixture *f)
{
	struct test_guest *g = f->guests;
	int64_t deadline = deadline_in(20000);
	struct transfer t[2][4];

	for (unsigned int i = 0; i < 8; i++) {
		t[i % 2][i / 2] = reads((uint8_t)(i % 2), 600);
		guest_add(&g[i % 2], &t[i % 2][i / 2]);
	}
	while (!t[0][3].done || !t[1][3].done) {
		assert_true(deadline_left(deadline) > 0);
		for (unsigned int i = 0; i < 2; i++) {
			guest_step(&g[i]);
			/* It may linger on the bus, without a request. */
			spi_service_tick(&g[i].service, clock_now());
			guest_collect(&g[i]);
		}
		assert_false(f->chips[0].selected && f->chips[1].selected);
	}
	for (unsigned int i = 0; i < 8; i++)
		transfer_check(&t[i % 2][i / 2], OK);
}

TEST_WITH(buses_do_not_wait_for_each_other, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	guest_tx(a, 0, 0, "a", 1, OK);
	guest_rx(b, 2, 0, 4, OK);
	guest_rx(a, 0, 0, 4, OK);
}

/* Nothing was done of it: it is the ring's again, to be taken later. */
TEST_WITH(quiesce_gives_back_what_waits, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t = reads(1, 4);

	guest_tx(a, 0, 0, "a", 1, OK);
	guest_add(b, &t);
	assert_int_equal(guest_run(b), SPI_WAIT);
	quiesce(b);
	assert_false(t.done);
	assert_int_equal(vring_pending(&b->session.rings[0].vring), 1);

	/* It is in no queue any more. */
	guest_rx(a, 0, 0, 4, OK);
	assert_null(f->buses[0].bus.owner);
	guest_run(b);
	guest_collect(b);
	transfer_check(&t, OK);
}

TEST_WITH(quiesce_gives_back_what_waits_for_quiet, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(0, 4);

	f->handles[0].quiet_until = CLOCK_NEVER - 1;
	guest_add(g, &t);
	assert_int_equal(guest_run(g), SPI_WAIT);
	quiesce(g);
	assert_false(t.done);
	assert_null(f->buses[0].bus.owner);
}

TEST_WITH(quiesce_gives_back_the_second_half_and_holds_on,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(0, 4);

	guest_tx(g, 0, 0, "a", 1, OK);
	guest_add(g, &t);
	guest_step(g);
	assert_int_equal(g->service.job.phase, JOB_QUEUED);
	quiesce(g);
	assert_false(t.done);
	assert_true(f->chips[0].selected);
	spi_service_ops.start(&g->service, 0, false);
	guest_run(g);
	guest_collect(g);
	transfer_check(&t, OK);
	assert_int_equal(f->chips[0].selects, 1);
}

/* A driver that begins anew does not pay for the last one's message. */
TEST_WITH(fresh_start_forgets_the_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	quiesce(g);
	spi_service_ops.start(&g->service, 0, true);
	assert_false(f->chips[0].selected);
	guest_rx(g, 0, 0, 4, OK);
}

TEST_WITH(quiesce_lets_a_transfer_end, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(0, 4 * FIXTURE_MAX_PIECE), next = reads(0, 4);

	guest_add(g, &t);
	guest_add(g, &next);
	run_pieces(g, &f->chips[0], 1);
	quiesce(g);
	transfer_check(&t, OK);
	assert_int_equal(f->chips[0].count, 4);
	assert_false(next.done);
}

TEST_WITH(quiesce_cuts_a_slow_transfer_short, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(0, 1000 * FIXTURE_MAX_PIECE);
	uint64_t before;

	f->chips[0].slow_ms = 30;
	guest_add(g, &t);
	run_pieces(g, &f->chips[0], 1);
	before = clock_now();
	quiesce(g);
	/* A second, and much less than the half minute that it takes. */
	assert_true(clock_now() - before >= NS_PER_S);
	assert_true(f->chips[0].count < 500);
	transfer_check(&t, TRANS_ERR);
	transfer_check_cleared(g, &t);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
}

TEST_WITH(quiesce_ends_a_failed_request, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(FIXTURE_CHIPS, 100);

	guest_add(g, &t);
	guest_step(g);
	assert_int_equal(g->service.job.phase, JOB_CLEARS);
	quiesce(g);
	transfer_check(&t, VIRTIO_SPI_PARAM_ERR);
	transfer_check_cleared(g, &t);
}

/*
 * A buffer of 120 gigabytes, as its descriptors name the same memory over and
 * over, is not cleared while the front end waits.
 */
TEST_WITH(quiesce_does_not_clear_for_ever, struct service_fixture *f)
{
	static struct front_segment segs[20000];
	struct test_guest *g = &f->guests[0];
	struct virtq_used_elem elem;
	uint64_t addr;
	uint16_t id;

	assert_int_equal(front_mem_alloc(&g->mem, 6 << 20, &addr), 0);
	for (unsigned int i = 0; i < 20000; i++)
		segs[i] = (struct front_segment){ addr, 6 << 20, true };
	assert_int_equal(front_ring_add(&g->ring, segs, 20000, 0, &id), 0);
	front_ring_publish(&g->ring);
	guest_step(g);
	assert_int_equal(g->service.job.phase, JOB_CLEARS);
	spi_service_ops.quiesce(&g->service, 0);
	assert_int_equal(front_ring_take(&g->ring, &elem), 0);
	assert_true(g->service.job.left > 0);
}

TEST_WITH(abort_fails_a_transfer_at_once, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = reads(0, 4 * FIXTURE_MAX_PIECE);

	guest_add(g, &t);
	run_pieces(g, &f->chips[0], 1);
	spi_service_abort(&g->service);
	guest_collect(g);
	transfer_check(&t, TRANS_ERR);
	transfer_check_cleared(g, &t);
	assert_int_equal(f->chips[0].count, 1);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
	assert_true(spi_service_deadline(&g->service) == CLOCK_NEVER);
	/* No trace is left of the message. */
	guest_rx(g, 0, 0, 4, OK);
}

TEST_WITH(abort_releases_a_held_chip, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	spi_service_abort(&g->service);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
	guest_rx(g, 0, 0, 4, OK);
}

/* A lease outlives a stop of the ring, and no new session. */
TEST_WITH(release_releases_a_held_chip, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "spec");
	guest_tx(g, 0, 0, "a", 1, OK);
	assert_true(f->chips[0].selected);
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.release(&g->service);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
}

TEST_MAIN(service_setup, service_teardown)
