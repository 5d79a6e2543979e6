/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two guests and one bus: how a message gets it, keeps it, and loses it. */
#include <endian.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static struct transfer reads(uint8_t chip, uint8_t cs_change, uint32_t len)
{
	struct transfer t = { .head = service_head(chip, cs_change),
			      .rx_len = len };

	return t;
}

static void run_pieces(struct test_guest *g, const struct fake_chip *chip,
		       unsigned int pieces)
{
	while (chip->count < pieces)
		assert_int_equal(guest_step(g), SPI_MORE);
}

/* The owner's message has had the bus since the beginning of time. */
static void make_long(struct test_guest *g)
{
	assert_ptr_equal(g->service.message.bus->owner,
			 &g->service.message.user);
	g->service.message.user.since = 0;
}

/*
 * Sets the virtual time of @b ahead, as if it had had a second of bus 0, in one
 * message. @a is known to be quick: some pauses, however long, change little.
 */
static void give_debt(struct service_fixture *f, struct test_guest *a,
		      struct test_guest *b)
{
	const struct bus *bus = &f->buses[0].bus;

	b->service.message.user.accounts[0] = (struct bus_account){
		.bus = bus,
		.finish = bus->latest + NS_PER_S,
		.message.value = NS_PER_S,
	};
	a->service.message.user.accounts[0] = (struct bus_account){
		.bus = bus,
		.pause = 1,
	};
}

/* Time goes by; the bus is kept for nobody any more. */
static void settle(struct test_guest *g)
{
	spi_service_tick(&g->service, CLOCK_NEVER - 1);
}

static void check_next(struct test_guest *g, struct transfer *t)
{
	assert_true(guest_was_woken(g));
	guest_run(g);
	settle(g);
	guest_collect(g);
	transfer_check(t, OK);
}

TEST_WITH(long_transfer_is_cut_when_somebody_waits, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = reads(0, 1, 8 * FIXTURE_MAX_PIECE);
	struct transfer tb = reads(1, 1, 4);

	guest_add(a, &ta);
	guest_add(b, &tb);
	run_pieces(a, &f->chips[0], 1);
	make_long(a);
	run_pieces(a, &f->chips[0], 3);
	assert_int_equal(guest_run(b), SPI_WAIT);
	guest_run(a);
	guest_collect(a);
	assert_int_equal(f->chips[0].count, 4);
	transfer_check(&ta, TRANS_ERR);
	transfer_check_cleared(a, &ta);
	assert_false(f->chips[0].selected);
	check_next(b, &tb);
	guest_rx(a, 0, 1, 4, OK);
}

TEST_WITH(long_transfer_goes_on_while_nobody_waits, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = reads(0, 1, 8 * FIXTURE_MAX_PIECE);
	struct transfer tb = reads(2, 1, 4);

	guest_add(a, &ta);
	run_pieces(a, &f->chips[0], 1);
	make_long(a);
	/* On another bus. */
	guest_do(b, &tb, OK);
	guest_run(a);
	guest_collect(a);
	transfer_check(&ta, OK);
}

TEST_WITH(short_transfer_goes_on_while_somebody_waits,
	  struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = reads(0, 1, 8 * FIXTURE_MAX_PIECE);
	struct transfer tb = reads(1, 1, 4);

	guest_add(a, &ta);
	run_pieces(a, &f->chips[0], 1);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	guest_run(a);
	guest_collect(a);
	transfer_check(&ta, OK);
	check_next(b, &tb);
}

/* With all that the guest had queued of it. */
TEST_WITH(message_that_never_ends_is_cut, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer parts[3], tb = reads(0, 1, 4);

	service_set_framing(f, "spec");
	guest_rx(a, 0, 0, 4, OK);
	make_long(a);
	guest_rx(a, 0, 0, 4, OK);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	for (int i = 0; i < 3; i++) {
		parts[i] = reads(0, 0, 4);
		guest_add(a, &parts[i]);
	}
	guest_run(a);
	guest_collect(a);
	for (int i = 0; i < 3; i++)
		transfer_check(&parts[i], TRANS_ERR);
	assert_int_equal(f->chips[0].count, 2);
	check_next(b, &tb);
	/* What it sends when it knows is a new message. */
	guest_rx(a, 0, 1, 4, OK);
}

TEST_WITH(last_part_of_a_long_message_fails_alone, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer last = reads(0, 1, 4), next = reads(0, 1, 4);
	struct transfer tb = reads(0, 1, 4);

	service_set_framing(f, "spec");
	guest_rx(a, 0, 0, 4, OK);
	make_long(a);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	guest_add(a, &last);
	guest_add(a, &next);
	assert_int_equal(guest_run(a), SPI_WAIT);
	check_next(b, &tb);
	guest_run(a);
	guest_collect(a);
	transfer_check(&last, TRANS_ERR);
	transfer_check(&next, OK);
}

/* Lets the limit be shorter than the hold. */
static void shorten(struct service_fixture *f)
{
	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++)
		f->specs[i].max_message_ms = FIXTURE_CS_HOLD_MS / 10;
}

TEST_WITH(hold_is_not_cut_while_nobody_waits, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;

	shorten(f);
	guest_tx(&f->guests[0], 0, 0, "a", 1, OK);
	assert_true(spi_service_deadline(s) == s->message.hold_until);
	spi_service_tick(s, s->message.hold_until - 1);
	assert_true(f->chips[0].selected);
}

/* The owner sleeps, and has no reason of its own to wake up in time. */
TEST_WITH(waiter_wakes_the_owner_of_a_long_hold, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer tb = reads(1, 1, 4);
	uint64_t due;

	shorten(f);
	guest_tx(a, 0, 0, "a", 1, OK);
	assert_true(spi_service_deadline(&a->service) ==
		    a->service.message.hold_until);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_true(guest_was_woken(a));
	due = spi_service_deadline(&a->service);
	assert_true(due < a->service.message.hold_until);
	assert_true(due == a->service.message.user.since +
				   FIXTURE_CS_HOLD_MS / 10 * NS_PER_MS);
	spi_service_tick(&a->service, due - 1);
	assert_true(f->chips[0].selected);
	spi_service_tick(&a->service, due);
	assert_false(f->chips[0].selected);
	check_next(b, &tb);
	guest_rx(a, 0, 0, 4, TRANS_ERR);
}

TEST_WITH(who_waited_already_shortens_the_hold, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = { .head = service_head(0, 0),
			       .tx = "ab",
			       .tx_len = 2 };
	struct transfer tb = reads(1, 1, 4);

	shorten(f);
	guest_add(a, &ta);
	while (a->service.job.phase != JOB_RUNS)
		guest_step(a);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	guest_run(a);
	assert_true(spi_service_deadline(&a->service) <
		    a->service.message.hold_until);
	/* Who waited does so no more. */
	spi_service_abort(&b->service);
	assert_true(spi_service_deadline(&a->service) ==
		    a->service.message.hold_until);
	guest_collect(a);
	transfer_check(&ta, OK);
}

TEST_WITH(short_hold_asks_nobody, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer tb = reads(1, 1, 4);

	guest_tx(a, 0, 0, "a", 1, OK);
	assert_true(spi_service_deadline(&a->service) ==
		    a->service.message.hold_until);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_false(guest_was_woken(a));
	guest_rx(a, 0, 0, 4, OK);
	check_next(b, &tb);
}

/* Whoever had less goes on with all that it has queued. */
TEST_WITH(guest_that_is_behind_sends_what_it_has, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta[3], tb = reads(1, 1, 4);
	uint64_t before;

	give_debt(f, a, b);
	for (int i = 0; i < 3; i++) {
		ta[i] = reads(0, 1, 4);
		guest_add(a, &ta[i]);
	}
	while (a->service.job.phase != JOB_RUNS)
		guest_step(a);
	guest_add(b, &tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	before = clock_now();
	assert_int_equal(guest_run(a), SPI_IDLE);
	guest_collect(a);
	assert_int_equal(f->chips[0].count, 3);
	assert_false(guest_was_woken(b));

	/* The bus is kept for a moment, and no longer. */
	assert_true(spi_service_deadline(&a->service) > before);
	assert_true(spi_service_deadline(&a->service) <=
		    clock_now() + BUS_LINGER_NS);
	spi_service_tick(&a->service, spi_service_deadline(&a->service));
	assert_true(spi_service_deadline(&a->service) == CLOCK_NEVER);
	check_next(b, &tb);
}

/* So that b waits, and a keeps the bus without a message. */
static void let_linger(struct service_fixture *f, struct transfer *ta,
		       struct transfer *tb)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	give_debt(f, a, b);
	*ta = reads(0, 1, 4);
	*tb = reads(1, 1, 4);
	guest_add(a, ta);
	while (a->service.job.phase != JOB_RUNS)
		guest_step(a);
	guest_add(b, tb);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_int_equal(guest_run(a), SPI_IDLE);
	guest_collect(a);
	transfer_check(ta, OK);
	assert_ptr_equal(f->buses[0].bus.owner, &a->service.message.user);
}

TEST_WITH(bus_is_not_kept_for_a_ring_that_stops, struct service_fixture *f)
{
	struct transfer ta, tb;

	let_linger(f, &ta, &tb);
	spi_service_ops.quiesce(&f->guests[0].service, 0);
	check_next(&f->guests[1], &tb);
}

TEST_WITH(bus_is_not_kept_for_a_guest_that_goes, struct service_fixture *f)
{
	struct transfer ta, tb;

	let_linger(f, &ta, &tb);
	spi_service_abort(&f->guests[0].service);
	check_next(&f->guests[1], &tb);
}

TEST_WITH(bus_is_not_kept_for_a_refused_request, struct service_fixture *f)
{
	struct transfer bad = reads(FIXTURE_CHIPS, 1, 4), ta, tb;

	let_linger(f, &ta, &tb);
	guest_add(&f->guests[0], &bad);
	guest_step(&f->guests[0]);
	assert_int_equal(f->guests[0].service.job.phase, JOB_CLEARS);
	check_next(&f->guests[1], &tb);
	guest_run(&f->guests[0]);
	guest_collect(&f->guests[0]);
	transfer_check(&bad, VIRTIO_SPI_PARAM_ERR);
}

TEST_WITH(bus_is_not_kept_for_a_message_on_another, struct service_fixture *f)
{
	struct transfer ta, tb;

	let_linger(f, &ta, &tb);
	guest_rx(&f->guests[0], 2, 1, 4, OK);
	check_next(&f->guests[1], &tb);
}

/* Its ring stops, or it goes, after the bus was given to it. */
TEST_WITH(bus_that_was_handed_to_who_stops_goes_on, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	for (int goes = 0; goes < 2; goes++) {
		struct transfer tb = reads(1, 1, 4), again = reads(0, 1, 4);

		guest_tx(a, 0, 0, "a", 1, OK);
		guest_add(b, &tb);
		assert_int_equal(guest_run(b), SPI_WAIT);
		spi_service_tick(&a->service, CLOCK_NEVER - 1);
		assert_ptr_equal(f->buses[0].bus.owner,
				 &b->service.message.user);
		/* A new message, as the last one was cut. */
		chip_select_close(&a->service.message.cs);
		guest_add(a, &again);
		assert_int_equal(guest_run(a), SPI_WAIT);
		if (goes)
			spi_service_abort(&b->service);
		else
			spi_service_ops.quiesce(&b->service, 0);
		check_next(a, &again);
		guest_was_woken(b);
		guest_run(b);
		guest_collect(b);
		transfer_check(&tb, OK);
	}
}

TEST_WITH(who_waits_for_a_quiet_chip_keeps_its_turn, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer ta = reads(0, 1, 4), t1 = reads(1, 1, 4),
			t2 = reads(1, 1, 4);
	const uint64_t quiet = CLOCK_NEVER - 1;

	f->handles[0].quiet_until = quiet;
	guest_add(a, &ta);
	assert_int_equal(guest_run(a), SPI_WAIT);
	assert_true(spi_service_deadline(&a->service) == quiet);
	/* Nobody has to wait with it; a kick does not make it forget. */
	guest_do(b, &t1, OK);
	assert_int_equal(guest_run(a), SPI_WAIT);
	assert_true(spi_service_deadline(&a->service) == quiet);
	/* Who comes when it is quiet comes after it. */
	guest_add(b, &t2);
	guest_step(b);
	assert_int_equal(spi_service_step(&b->service, quiet), SPI_WAIT);
	assert_true(guest_was_woken(a));
	assert_int_equal(spi_service_step(&a->service, quiet), SPI_MORE);
	f->handles[0].quiet_until = 0;
	guest_run(a);
	settle(a);
	guest_collect(a);
	transfer_check(&ta, OK);
	check_next(b, &t2);
}

TEST_MAIN(service_setup, service_teardown)
