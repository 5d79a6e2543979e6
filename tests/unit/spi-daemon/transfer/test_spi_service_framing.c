/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Messages of several requests: edges, holds, expiry, delays between. */
#include <endian.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static void check_edges(const struct fake_chip *chip, unsigned int selects,
			unsigned int releases)
{
	assert_int_equal(chip->selects, selects);
	assert_int_equal(chip->releases, releases);
	assert_int_equal(chip->selected, selects != releases);
}

TEST_WITH(linux_write_then_read_is_one_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct fake_chip *chip = &f->chips[0];

	guest_tx(g, 0, 0, "\x9f", 1, OK);
	check_edges(chip, 1, 0);
	guest_rx(g, 0, 0, 3, OK);
	check_edges(chip, 1, 1);
	guest_tx(g, 0, 0, "a", 1, OK);
	check_edges(chip, 2, 1);
	/* The next write shows that the last message was over. */
	guest_tx(g, 0, 0, "b", 1, OK);
	check_edges(chip, 3, 2);
	guest_tx(g, 0, 1, "c", 1, OK);
	check_edges(chip, 4, 4);
}

TEST_WITH(spec_keeps_until_cs_change, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "spec");
	guest_tx(g, 0, 0, "a", 1, OK);
	guest_rx(g, 0, 0, 700, OK);
	guest_tx(g, 0, 0, "b", 1, OK);
	check_edges(&f->chips[0], 1, 0);
	guest_tx(g, 0, 1, "c", 1, OK);
	check_edges(&f->chips[0], 1, 1);
}

TEST_WITH(transfer_keeps_on_cs_change, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "transfer");
	guest_tx(g, 0, 0, "a", 1, OK);
	check_edges(&f->chips[0], 1, 1);
	guest_tx(g, 0, 1, "a", 1, OK);
	check_edges(&f->chips[0], 2, 1);
	guest_rx(g, 0, 0, 1, OK);
	check_edges(&f->chips[0], 2, 2);
}

TEST_WITH(nor_program_is_one_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "nor");
	guest_tx(g, 0, 0, "\x06", 1, OK);
	check_edges(&f->chips[0], 1, 1);
	guest_tx(g, 0, 0, "\x02", 1, OK);
	guest_tx(g, 0, 0, "\0\0\0", 3, OK);
	check_edges(&f->chips[0], 1, 1);
	guest_tx(g, 0, 0, "data", 4, OK);
	check_edges(&f->chips[0], 2, 2);
	guest_tx(g, 0, 0, "\x05", 1, OK);
	guest_rx(g, 0, 0, 1, OK);
	check_edges(&f->chips[0], 3, 3);
}

/* One is released before the other is selected. */
TEST_WITH(chips_of_a_guest_are_never_selected_together,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	guest_tx(g, 1, 0, "b", 1, OK);
	check_edges(&f->chips[0], 1, 1);
	check_edges(&f->chips[1], 1, 0);
	guest_tx(g, 2, 0, "c", 1, OK);
	check_edges(&f->chips[1], 1, 1);
	check_edges(&f->chips[2], 1, 0);
	assert_null(f->buses[0].bus.owner);
	assert_ptr_equal(f->buses[1].bus.owner, &g->service.message.user);
	guest_rx(g, 2, 0, 1, OK);
	check_edges(&f->chips[2], 1, 1);
	assert_null(f->buses[1].bus.owner);
}

TEST_WITH(long_transfer_joins_in_all_its_pieces, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	guest_rx(g, 0, 0, 5 * FIXTURE_MAX_PIECE, OK);
	assert_int_equal(f->chips[0].count, 6);
	check_edges(&f->chips[0], 1, 1);
}

TEST_WITH(hold_has_a_deadline, struct service_fixture *f)
{
	struct spi_service *s = &f->guests[0].service;
	uint64_t before, due;

	before = clock_now();
	guest_tx(&f->guests[0], 0, 0, "a", 1, OK);
	due = spi_service_deadline(s);
	assert_true(due >= before + FIXTURE_CS_HOLD_MS * NS_PER_MS);
	assert_true(due <= clock_now() + FIXTURE_CS_HOLD_MS * NS_PER_MS);
	spi_service_tick(s, due - 1);
	check_edges(&f->chips[0], 1, 0);
	spi_service_tick(s, due);
	check_edges(&f->chips[0], 1, 1);
	assert_null(f->buses[0].bus.owner);
	assert_true(spi_service_deadline(s) == CLOCK_NEVER);
}

static void expire(struct service_fixture *f)
{
	spi_service_tick(&f->guests[0].service, CLOCK_NEVER - 1);
	check_edges(&f->chips[0], f->chips[0].selects, f->chips[0].selects);
}

/* The second guest wants the bus, for @want, and gets it. */
static void expire_for(struct service_fixture *f, struct transfer *want)
{
	struct test_guest *b = &f->guests[1];

	guest_add(b, want);
	assert_int_equal(guest_run(b), SPI_WAIT);
	expire(f);
	guest_run(b);
	guest_collect(b);
	transfer_check(want, OK);
}

TEST_WITH(late_continuation_fails_once, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer late = { .head = service_head(0, 0), .rx_len = 30 };

	guest_tx(g, 0, 0, "a", 1, OK);
	expire(f);
	guest_do(g, &late, TRANS_ERR);
	transfer_check_cleared(g, &late);
	assert_int_equal(f->chips[0].count, 1);
	guest_rx(g, 0, 0, 3, OK);
	check_edges(&f->chips[0], 2, 2);
}

TEST_WITH(late_new_message_is_not_lost, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	expire(f);
	guest_tx(g, 0, 0, "b", 1, OK);
	guest_rx(g, 0, 0, 3, OK);
	check_edges(&f->chips[0], 2, 2);
}

/* A driver that was told gives the message up: what it sends next is new. */
TEST_WITH(spec_message_after_an_expiry_fails_once, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer want = { .head = service_head(1, 1), .rx_len = 1 };

	service_set_framing(f, "spec");
	guest_tx(g, 0, 0, "a", 1, OK);
	expire_for(f, &want);
	guest_tx(g, 0, 0, "b", 1, TRANS_ERR);
	guest_tx(g, 0, 1, "c", 1, OK);
	check_edges(&f->chips[0], 2, 2);
}

/* What was queued with it cannot know; it is lost with its message. */
TEST_WITH(spec_parts_queued_before_the_news_are_lost, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer b = { .head = service_head(0, 0), .rx_len = 1 };
	struct transfer c = { .head = service_head(0, 1), .rx_len = 1 };
	struct transfer next = { .head = service_head(0, 1), .rx_len = 1 };
	struct transfer want = { .head = service_head(1, 1), .rx_len = 1 };

	service_set_framing(f, "spec");
	guest_tx(g, 0, 0, "a", 1, OK);
	expire_for(f, &want);
	guest_add(g, &b);
	guest_add(g, &c);
	guest_add(g, &next);
	guest_run(g);
	guest_collect(g);
	transfer_check(&b, TRANS_ERR);
	transfer_check(&c, TRANS_ERR);
	transfer_check(&next, OK);
}

TEST_WITH(request_in_hand_uses_the_hold, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer rx = { .head = service_head(0, 0), .rx_len = 1 };

	guest_tx(g, 0, 0, "a", 1, OK);
	guest_add(g, &rx);
	guest_step(g);
	spi_service_tick(&g->service, CLOCK_NEVER - 1);
	check_edges(&f->chips[0], 1, 0);
	guest_run(g);
	guest_collect(g);
	transfer_check(&rx, OK);
	check_edges(&f->chips[0], 1, 1);
}

static struct transfer inactive(uint8_t chip, uint32_t ns, uint8_t cs_change)
{
	struct transfer t = { .head = service_head(chip, cs_change),
			      .tx = "x",
			      .tx_len = 1 };

	t.head.cs_change_delay_inactive_ns = htole32(ns);
	return t;
}

/* Steps at simulated times, so that nothing has to be slow. */
TEST_WITH(select_edge_waits_for_the_inactive_delay, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = inactive(0, 65000000, 1);
	struct transfer next = inactive(0, 0, 1);
	uint64_t before = clock_now(), quiet;

	guest_do(g, &first, OK);
	quiet = f->handles[0].quiet_until;
	assert_true(quiet >= before + 65000000);
	assert_true(quiet <= clock_now() + 65000000);

	guest_add(g, &next);
	assert_int_equal(guest_step(g), SPI_MORE);
	assert_int_equal(spi_service_step(&g->service, quiet - 1), SPI_WAIT);
	assert_true(spi_service_deadline(&g->service) == quiet);
	assert_int_equal(f->chips[0].count, 1);
	assert_int_equal(spi_service_step(&g->service, quiet), SPI_MORE);
	guest_run(g);
	guest_collect(g);
	transfer_check(&next, OK);
}

TEST_WITH(inactive_delay_of_a_held_chip_runs_from_its_release,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = inactive(0, 65000000, 0);
	uint64_t before;

	guest_do(g, &first, OK);
	assert_true(f->handles[0].quiet_until == 0);
	before = clock_now();
	expire(f);
	assert_true(f->handles[0].quiet_until >= before + 65000000);
}

TEST_WITH(inactive_delay_concerns_its_chip_alone, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = inactive(0, 65000000, 1);

	guest_do(g, &first, OK);
	f->handles[0].quiet_until = CLOCK_NEVER - 1;
	guest_tx(g, 1, 1, "a", 1, OK);
}

TEST_MAIN(service_setup, service_teardown)
