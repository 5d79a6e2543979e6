/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A held chip is released when somebody wants the bus, and not before. */
#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define FAR	  (CLOCK_NEVER - 1)

/* A message that is known to be unfinished, with the framing of a row. */
struct row {
	const char *framing;
	uint8_t keep; /* cs_change that keeps the chip */
};

static const struct row rows[] = { { "spec", 0 }, { "transfer", 1 } };

static void hold(struct service_fixture *f, const struct row *row)
{
	service_set_framing(f, row->framing);
	guest_tx(&f->guests[0], 0, row->keep, "a", 1, OK);
	assert_true(f->chips[0].selected);
}

static void finish(struct service_fixture *f, const struct row *row,
		   uint8_t status)
{
	guest_tx(&f->guests[0], 0, !row->keep, "b", 1, status);
	assert_false(f->chips[0].selected);
}

/* Guest 1 asks for the bus, and has to wait. */
static void want(struct service_fixture *f, struct transfer *t)
{
	*t = (struct transfer){ .head = service_head(1, 1), .rx_len = 1 };
	t->head.cs_change = f->specs[1].framing == CS_SPEC;
	guest_add(&f->guests[1], t);
	assert_int_equal(guest_run(&f->guests[1]), SPI_WAIT);
}

static void check_served(struct service_fixture *f, struct transfer *t)
{
	guest_run(&f->guests[1]);
	guest_collect(&f->guests[1]);
	transfer_check(t, OK);
}

TEST_WITH(lone_owner_keeps_its_chip, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;

	for (size_t i = 0; i < 2; i++) {
		hold(f, &rows[i]);
		spi_service_tick(s, FAR);
		assert_true(f->chips[0].selected);
		finish(f, &rows[i], OK);
	}
}

/* After cs-hold nothing is due until somebody comes, who wakes the owner. */
TEST_WITH(lone_owner_is_woken_by_the_next_who_wants_the_bus,
	  struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;
	struct transfer t;

	hold(f, &rows[0]);
	assert_true(spi_service_deadline(s) == s->message.hold_until);
	s->message.hold_until = clock_now();
	assert_true(spi_service_deadline(s) == CLOCK_NEVER);
	want(f, &t);
	assert_true(guest_was_woken(&f->guests[0]));
	spi_service_tick(s, clock_now());
	assert_false(f->chips[0].selected);
	check_served(f, &t);
	finish(f, &rows[0], TRANS_ERR);
}

TEST_WITH(who_waits_gets_the_bus_after_cs_hold, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;
	struct transfer t;

	hold(f, &rows[0]);
	want(f, &t);
	spi_service_tick(s, s->message.hold_until - 1);
	assert_true(f->chips[0].selected);
	spi_service_tick(s, s->message.hold_until);
	assert_false(f->chips[0].selected);
	check_served(f, &t);
	assert_int_equal(counter_get(&s->stats.cuts[CUT_HOLD]), 1);
	finish(f, &rows[0], TRANS_ERR);
}

/* A lone write of cs=linux may be over: some chips act on the edge. */
TEST_WITH(lone_write_is_released_after_cs_hold, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;

	guest_tx(&f->guests[0], 0, 0, "a", 1, OK);
	spi_service_tick(s, s->message.hold_until);
	assert_false(f->chips[0].selected);
	/* And so is a command that the table of a flash does not know. */
	service_set_framing(f, "nor");
	guest_tx(&f->guests[0], 0, 0, "\xee", 1, OK);
	assert_true(f->chips[0].selected);
	spi_service_tick(s, s->message.hold_until);
	assert_false(f->chips[0].selected);
}

TEST_WITH(paused_guest_keeps_its_chip_and_goes_on, struct service_fixture *f)
{
	static const struct row linux_row = { "linux", 0 };
	struct test_guest *g = &f->guests[0];
	struct spi_service *s = &g->service;

	for (size_t i = 0; i < 2; i++) {
		hold(f, &rows[i]);
		spi_service_ops.quiesce(s, 0);
		assert_true(spi_service_deadline(s) == CLOCK_NEVER);
		spi_service_tick(s, FAR);
		spi_service_ops.start(s, 0, false);
		finish(f, &rows[i], OK);
	}
	/* A pause is no part of cs-hold. */
	hold(f, &linux_row);
	spi_service_ops.quiesce(s, 0);
	spi_service_tick(s, FAR);
	s->message.hold_until = 0;
	guest_step(g);
	assert_true(s->message.hold_until > clock_now());
	guest_rx(g, 0, 0, 1, OK);
	assert_int_equal(f->chips[0].selects, 3);
}

/* It does not make anybody wait, not even for cs-hold. */
TEST_WITH(paused_guest_gives_its_chip_up_at_once, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;
	struct transfer t;

	for (size_t i = 0; i < 2; i++) {
		hold(f, &rows[i]);
		spi_service_ops.quiesce(s, 0);
		assert_true(spi_service_deadline(s) == CLOCK_NEVER);
		want(f, &t);
		assert_true(guest_was_woken(&f->guests[0]));
		spi_service_tick(s, clock_now());
		check_served(f, &t);
		spi_service_ops.start(s, 0, false);
		finish(f, &rows[i], TRANS_ERR);
		guest_tx(&f->guests[0], 0, !rows[i].keep, "c", 1, OK);
	}
}

TEST_WITH(reset_and_farewell_release_the_chip, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;

	hold(f, &rows[0]);
	spi_service_ops.quiesce(s, 0);
	spi_service_ops.start(s, 0, true);
	assert_false(f->chips[0].selected);
	hold(f, &rows[0]);
	spi_service_ops.quiesce(s, 0);
	spi_service_abort(s);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
}

/* Whoever was asked for the time after a failure is not asked again. */
TEST_WITH(message_that_lost_its_memory_holds_no_chip, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 0),
			      .tx = "x",
			      .tx_len = 1,
			      .at = FIXTURE_APART };

	hold(f, &rows[0]);
	f->chips[0].fail_at = f->chips[0].count + 1;
	f->chips[0].error = -5;
	guest_do(g, &t, TRANS_ERR);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
	guest_tx(g, 0, 1, "y", 1, OK);
}

TEST_MAIN(service_setup, service_teardown)
