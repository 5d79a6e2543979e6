/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Parts that only send wait for the rest, and go out with it as one message. */
#include <endian.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define PARAM_ERR VIRTIO_SPI_PARAM_ERR
#define FAR	  (CLOCK_NEVER - 1)

static int setup(void **state)
{
	int ret = service_setup(state);

	service_set_framing(*state, "nor");
	return ret;
}

static void check_bus(const struct fake_chip *chip, unsigned int messages,
		      unsigned int selects, const char *sent, size_t len)
{
	assert_int_equal(chip->messages, messages);
	assert_int_equal(chip->selects, selects);
	assert_false(chip->selected);
	assert_int_equal(chip->sent_len, len);
	assert_memory_equal(chip->sent, sent, len);
}

/* The first two parts of a fast read. */
static void send_header(struct test_guest *g)
{
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
}

TEST_WITH(flash_read_is_one_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	send_header(g);
	guest_tx(g, 0, 0, "\xaa", 1, OK);
	check_bus(&f->chips[0], 0, 0, "", 0);
	guest_rx(g, 0, 0, 16, OK);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3\xaa", 5);
	assert_int_equal(f->chips[0].count, 4);
}

TEST_WITH(program_is_one_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "\x02", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	guest_tx(g, 0, 0, "data", 4, OK);
	check_bus(&f->chips[0], 1, 1, "\x02\1\2\3data", 8);
}

TEST_WITH(long_read_follows_its_header_in_pieces, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	send_header(g);
	guest_rx(g, 0, 0, 5 * FIXTURE_MAX_PIECE, OK);
	check_bus(&f->chips[0], 5, 1, "\x0b\1\2\3", 4);
}

/* The header takes room of the first piece of what is sent. */
TEST_WITH(long_program_follows_its_header_in_pieces, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	static char data[FIXTURE_MAX_PIECE];

	f->guests[0].chips[0].caps.max_piece = 3 * SPI_PIECE_ROOM;
	f->chips[0].dev.caps.max_piece = 3 * SPI_PIECE_ROOM;
	guest_tx(g, 0, 0, "\x02", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	guest_tx(g, 0, 0, data, sizeof(data), OK);
	assert_int_equal(f->chips[0].messages, 2);
	assert_int_equal(f->chips[0].pieces[2].piece.len, SPI_PIECE_ROOM);
	assert_int_equal(f->chips[0].selects, 1);
}

/* A header that fills a piece goes first, and the chip is held. */
TEST_WITH(header_without_room_behind_it_goes_first, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->guests[0].chips[0].caps.max_piece = 2 * SPI_PIECE_ROOM;
	guest_tx(g, 0, 0, "\x02", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	guest_tx(g, 0, 0, "data", 4, OK);
	check_bus(&f->chips[0], 2, 1, "\x02\1\2\3data", 8);
}

TEST_WITH(others_have_the_bus_while_parts_are_kept, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	for (unsigned int i = 0; i < 10; i++) {
		guest_tx(a, 0, 0, "\x03", 1, OK);
		guest_tx(b, 0, 0, "\x03", 1, OK);
		guest_tx(a, 0, 0, "\1\2\3", 3, OK);
		guest_rx(b, 0, 0, 4, OK);
		guest_rx(a, 0, 0, 4, OK);
	}
	assert_int_equal(f->chips[0].selects, 20);
	assert_int_equal(f->chips[0].messages, 20);
}

/* The guest was told that it was sent; a late rest has all of it sent again. */
TEST_WITH(late_rest_has_the_message_sent_again, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct spi_service *s = &g->service;
	uint64_t due;

	send_header(g);
	due = spi_service_deadline(s);
	assert_true(due <= clock_now() + FIXTURE_CS_HOLD_MS * NS_PER_MS);
	spi_service_tick(s, due - 1);
	check_bus(&f->chips[0], 0, 0, "", 0);
	spi_service_tick(s, due);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3", 4);
	assert_null(f->buses[0].bus.owner);
	assert_true(spi_service_deadline(s) == CLOCK_NEVER);

	guest_tx(g, 0, 0, "\xaa", 1, OK);
	spi_service_tick(s, FAR);
	check_bus(&f->chips[0], 2, 2, "\x0b\1\2\3\x0b\1\2\3\xaa", 9);
	guest_rx(g, 0, 0, 16, OK);
	check_bus(&f->chips[0], 3, 3, "\x0b\1\2\3\x0b\1\2\3\xaa\x0b\1\2\3\xaa",
		  14);
}

/* To send them by themselves takes the bus, which another guest may have. */
/* A table of a chip that nothing may be said twice */
static void use_table(struct service_fixture *f, const char *text)
{
	struct device_spec *spec = &f->specs[0];
	char error[256];

	service_set_framing(f, "linux");
	spec->framing = CS_TABLE;
	assert_int_equal(cs_table_parse("t", text, strlen(text), &spec->table,
					error, sizeof(error)),
			 0);
}

TEST_WITH(late_rest_fails_if_the_table_does_not_say_again,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	use_table(f, "0b out\n");
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3", 4);
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	spi_service_tick(&g->service, FAR);
	check_bus(&f->chips[0], 2, 2, "\x0b\1\2\3\x0b", 5);
	guest_tx(g, 0, 0, "\1\2\3", 3, TRANS_ERR);
	check_bus(&f->chips[0], 2, 2, "\x0b\1\2\3\x0b", 5);
	/* That is the end of it. */
	guest_tx(g, 0, 0, "\x0b\4", 2, OK);
	check_bus(&f->chips[0], 3, 3, "\x0b\1\2\3\x0b\x0b\4", 7);
}

TEST_WITH(held_parts_are_sent_as_they_come, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	use_table(f, "0b out out held\n");
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	assert_true(f->chips[0].selected);
	assert_int_equal(f->chips[0].sent_len, 1);
	guest_tx(g, 0, 0, "\1\2\3", 3, OK);
	assert_true(f->chips[0].selected);
	guest_tx(g, 0, 0, "\4", 1, OK);
	check_bus(&f->chips[0], 3, 1, "\x0b\1\2\3\4", 5);
}

TEST_WITH(late_parts_wait_for_the_bus, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	service_set_framing(f, "spec");
	guest_tx(b, 1, 0, "x", 1, OK);
	service_set_framing(f, "nor");
	send_header(a);
	spi_service_tick(&a->service, FAR);
	check_bus(&f->chips[0], 0, 0, "", 0);
	service_set_framing(f, "spec");
	guest_tx(b, 1, 1, "x", 1, OK);
	service_set_framing(f, "nor");
	assert_true(guest_was_woken(a));
	spi_service_tick(&a->service, FAR);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3", 4);
	guest_rx(a, 0, 0, 16, OK);
}

TEST_WITH(rest_that_comes_while_late_parts_wait_is_in_time,
	  struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer rest = { .head = service_head(0, 0), .rx_len = 4 };

	service_set_chip_framing(f, 1, "spec");
	guest_tx(b, 1, 0, "x", 1, OK);
	send_header(a);
	spi_service_tick(&a->service, FAR);
	guest_tx(a, 0, 0, "\xaa", 1, OK);
	guest_add(a, &rest);
	assert_int_equal(guest_run(a), SPI_WAIT);
	guest_tx(b, 1, 1, "x", 1, OK);
	guest_run(a);
	guest_collect(a);
	transfer_check(&rest, OK);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3\xaa", 5);
}

TEST_WITH(abandoned_parts_are_sent_before_the_next_message,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	send_header(g);
	guest_tx(g, 1, 0, "\x06", 1, OK);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3", 4);
	check_bus(&f->chips[1], 1, 1, "\x06", 1);
	/* cs_change ends the header itself. */
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	guest_tx(g, 0, 1, "\1\2\3", 3, OK);
	check_bus(&f->chips[0], 2, 2, "\x0b\1\2\3\x0b\1\2\3", 8);
}

TEST_WITH(pause_keeps_the_parts, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	send_header(g);
	spi_service_ops.quiesce(&g->service, 0);
	assert_true(spi_service_deadline(&g->service) == CLOCK_NEVER);
	spi_service_tick(&g->service, FAR);
	check_bus(&f->chips[0], 0, 0, "", 0);
	spi_service_ops.start(&g->service, 0, false);
	guest_rx(g, 0, 0, 16, OK);
	check_bus(&f->chips[0], 1, 1, "\x0b\1\2\3", 4);
}

TEST_WITH(new_driver_or_guest_ends_the_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	send_header(g);
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.start(&g->service, 0, true);
	guest_rx(g, 0, 0, 1, OK);
	send_header(g);
	spi_service_abort(&g->service);
	guest_rx(g, 0, 0, 1, OK);
	check_bus(&f->chips[0], 2, 2, "", 0);
}

/* More than is kept goes out, held for the rest, and so does what is slow. */
TEST_WITH(long_or_slow_headers_are_held, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	static const uint8_t dummies[KEPT_BYTES_MAX];
	struct transfer slow = { .head = service_head(1, 0),
				 .tx = dummies,
				 .tx_len = 64 };

	guest_tx(g, 0, 0, "\x0b", 1, OK);
	guest_tx(g, 0, 0, dummies, sizeof(dummies), OK);
	assert_true(f->chips[0].selected);
	guest_rx(g, 0, 0, 16, OK);
	assert_int_equal(f->chips[0].selects, 1);
	assert_int_equal(f->chips[0].sent_len, 1 + sizeof(dummies));

	guest_tx(g, 1, 0, "\x0b", 1, OK);
	slow.head.freq = htole32(1000);
	guest_do(g, &slow, OK);
	assert_true(f->chips[1].selected);
	guest_rx(g, 1, 0, 16, OK);
	assert_int_equal(f->chips[1].selects, 1);
}

TEST_WITH(many_small_parts_are_held, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->guests[0].chips[0].caps.max_piece = 64 * SPI_PIECE_ROOM;
	guest_tx(g, 0, 0, "\x0b", 1, OK);
	for (unsigned int i = 1; i < KEPT_PARTS_MAX; i++)
		guest_tx(g, 0, 0, "x", 1, OK);
	assert_int_equal(f->chips[0].messages, 0);
	guest_tx(g, 0, 0, "y", 1, OK);
	assert_true(f->chips[0].selected);
	guest_rx(g, 0, 0, 16, OK);
	assert_int_equal(f->chips[0].selects, 1);
}

TEST_WITH(parts_keep_their_own_clock_and_delays, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 0),
			      .tx = "\x6b",
			      .tx_len = 1 };
	const struct spi_piece *last;

	t.head.cs_setup_ns = htole32(5000);
	t.head.cs_delay_hold_ns = htole32(6000);
	t.head.freq = htole32(2000000);
	guest_do(g, &t, OK);
	t.tx = NULL;
	t.tx_len = 0;
	t.rx_len = 8;
	t.head.freq = htole32(4000000);
	t.head.rx_nbits = 4;
	guest_do(g, &t, OK);
	last = &f->chips[0].pieces[1].piece;
	assert_int_equal(f->chips[0].pieces[0].piece.setup_ns, 5000);
	assert_int_equal(f->chips[0].pieces[0].piece.hold_ns, 6000);
	assert_int_equal(f->chips[0].pieces[0].piece.speed_hz, 2000000);
	assert_int_equal(last->setup_ns, 0);
	assert_int_equal(last->speed_hz, 4000000);
	assert_int_equal(last->rx_nbits, 4);
}

TEST_WITH(error_of_the_message_is_the_last_parts, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->chips[0].fail_at = 1;
	f->chips[0].error = -5;
	send_header(g);
	guest_rx(g, 0, 0, 16, TRANS_ERR);
	send_header(g);
	guest_rx(g, 0, 0, 16, OK);
}

/* Nobody hears of it when it happens, so the next part fails. */
TEST_WITH(error_of_late_parts_is_the_next_parts, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->chips[0].fail_at = 2;
	f->chips[0].error = -5;
	send_header(g);
	spi_service_tick(&g->service, FAR);
	guest_rx(g, 0, 0, 16, TRANS_ERR);
	send_header(g);
	guest_rx(g, 0, 0, 16, OK);
}

TEST_WITH(refused_part_ends_the_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer bad = { .head = service_head(0, 0), .rx_len = 4 };

	send_header(g);
	bad.head.bits_per_word = 99;
	guest_do(g, &bad, PARAM_ERR);
	guest_rx(g, 0, 0, 4, OK);
	check_bus(&f->chips[0], 1, 1, "", 0);
}

/* cs=linux: only time tells whether a write is a message of its own. */
TEST_WITH(late_read_of_linux_follows_a_repeated_write,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "linux");
	f->specs[0].late_again = true;
	guest_tx(g, 0, 0, "\x80\x81", 2, OK);
	assert_true(f->chips[0].selected);
	spi_service_tick(&g->service, FAR);
	check_bus(&f->chips[0], 1, 1, "\x80\x81", 2);
	guest_rx(g, 0, 0, 4, OK);
	check_bus(&f->chips[0], 2, 2, "\x80\x81\x80\x81", 4);
	/* In time, it is sent once. */
	guest_tx(g, 0, 0, "\x82", 1, OK);
	guest_rx(g, 0, 0, 4, OK);
	guest_tx(g, 0, 0, "\x83", 1, OK);
	spi_service_tick(&g->service, FAR);
	guest_tx(g, 0, 1, "\x84", 1, OK);
	check_bus(&f->chips[0], 6, 5, "\x80\x81\x80\x81\x82\x83\x84", 7);
}

TEST_MAIN(setup, service_teardown)
