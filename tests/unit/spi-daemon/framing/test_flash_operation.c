/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From its first message to its last a flash operation has the chip. */
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "tests/unit/spi-daemon/framing/flash_steps.h"

static void other_guest_waits_until_the_chip_is_ready(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	write_enable(a);
	wait_for_chip(b, &t);
	program(a, OK);
	read_status(f, a, BUSY);
	assert_false(guest_was_woken(b));
	read_status(f, a, READY);
	assert_true(guest_was_woken(b));
	check_served(b, &t, clock_now());
	assert_true(counter_get(&b->service.stats.operation_waits) > 0);
}

static void other_chips_of_the_bus_go_on(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	write_enable(a);
	guest_rx(b, 1, 0, 1, OK);
	program(a, OK);
	guest_rx(b, 1, 0, 1, OK);
	guest_rx(a, 1, 0, 1, OK);
	read_status(f, a, READY);
}

static void write_disable_ends_the_operation(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	write_enable(a);
	guest_tx(a, 0, 0, "\x04", 1, OK);
	guest_rx(b, 0, 0, 1, OK);
}

/* A write enable that is not used lapses, and is sent again when it is. */
static void lapsed_write_enable_is_sent_again(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	uint64_t lapse;
	struct transfer t;

	write_enable(a);
	wait_for_chip(b, &t);
	lapse = f->handles[0].operation.touched +
		FIXTURE_CS_HOLD_MS * NS_PER_MS;
	assert_true(spi_service_deadline(&b->service) == lapse);
	check_waits(b, &t, lapse - 1);
	check_served(b, &t, lapse);
	program(a, OK);
	assert_int_equal(f->chips[0].sent_len, 1 + 1 + 8);
	assert_memory_equal(f->chips[0].sent, "\x06\x06\x02\1\2\3data", 10);
	assert_int_equal(f->chips[0].selects, 4);
	/* And opens an operation once more. */
	wait_for_chip(b, &t);
	read_status(f, a, READY);
	check_served(b, &t, clock_now());
}

/* While nobody else comes, a write enable is as good later. */
static void write_enable_alone_does_not_lapse(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0];

	write_enable(a);
	spi_service_tick(&a->service, CLOCK_NEVER - 1);
	program(a, OK);
	assert_memory_equal(f->chips[0].sent, "\x06\x02\1\2\3data", 9);
	assert_int_equal(f->chips[0].sent_len, 9);
}

/* Nobody looks whether the chip is ready, so the daemon does. */
static void busy_chip_of_a_gone_guest_is_not_handed_on(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	uint64_t now;
	struct transfer t;

	write_enable(a);
	program(a, OK);
	spi_service_abort(&a->service);
	wait_for_chip(b, &t);
	now = f->handles[0].operation.touched + FIXTURE_CS_HOLD_MS * NS_PER_MS;
	check_waits(b, &t, now - 1);
	f->chips[0].answer = BUSY;
	check_waits(b, &t, now);
	assert_true(spi_service_deadline(&b->service) > now);
	assert_int_equal(f->chips[0].sent[f->chips[0].sent_len - 1], 0x05);
	f->chips[0].answer = READY;
	check_served(b, &t, spi_service_deadline(&b->service));
}

static void op_max_ends_a_chip_that_is_never_ready(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	uint64_t most;
	struct transfer t;

	write_enable(a);
	program(a, OK);
	f->chips[0].answer = BUSY;
	wait_for_chip(b, &t);
	most = f->handles[0].operation.since + FIXTURE_OP_MAX_MS * NS_PER_MS;
	check_waits(b, &t, most - 1);
	check_served(b, &t, most);
}

/* A new guest of the same socket waits for what the old one began. */
static void next_guest_waits_for_the_chip(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0];
	struct transfer t;

	write_enable(a);
	program(a, OK);
	spi_service_abort(&a->service);
	f->chips[0].answer = BUSY;
	wait_for_chip(a, &t);
	f->chips[0].answer = READY;
	check_served(a, &t,
		     f->handles[0].operation.touched +
			     FIXTURE_CS_HOLD_MS * NS_PER_MS);
}

static void erase_and_status_writes_are_operations(void **state)
{
	static const struct {
		const char *opcode, *argument;
	} rows[] = { { "\xd8", "\1\2\3" },
		     { "\x20", "\1\2\3" },
		     { "\x01", "\2" },
		     { "\xc7", NULL },
		     { "\x99", NULL } };
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *argument = rows[i].argument;

		guest_tx(a, 0, 0, rows[i].opcode, 1, OK);
		if (argument)
			guest_tx(a, 0, 0, argument, (uint32_t)strlen(argument),
				 OK);
		wait_for_chip(b, &t);
		read_status(f, a, READY);
		check_served(b, &t, clock_now());
	}
}

/* The cache is its guest's until it wants another page; then others go first.
 */
static void nand_cache_is_its_guests_until_the_next_page(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer row = { .head = service_head(0, 0),
				.tx = "\1\2\3",
				.tx_len = 3 };
	struct transfer t;

	load_page(f, a);
	wait_for_chip(b, &t);
	read_cache(a, OK);
	read_cache(a, OK);
	assert_false(t.done);
	guest_tx(a, 0, 0, "\x13", 1, OK);
	guest_add(a, &row);
	assert_int_equal(guest_run(a), SPI_WAIT);
	check_served(b, &t, clock_now());
	spi_service_tick(&b->service, CLOCK_NEVER - 1); /* it may linger */
	guest_run(a);
	guest_collect(a);
	transfer_check(&row, OK);
	read_status(f, a, READY);
	read_cache(a, OK);
}

/* Garbage would be worse than an error. */
static void lost_nand_cache_is_an_error(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	load_page(f, a);
	wait_for_chip(b, &t);
	check_served(b, &t,
		     f->handles[0].operation.touched +
			     FIXTURE_CS_HOLD_MS * NS_PER_MS);
	read_cache(a, TRANS_ERR);
	load_page(f, a);
	read_cache(a, OK);
}

static void lost_nand_program_is_an_error(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	write_enable(a);
	guest_tx(a, 0, 0, "\x02", 1, OK);
	guest_tx(a, 0, 0, "\0\0", 2, OK);
	guest_tx(a, 0, 0, "data", 4, OK);
	wait_for_chip(b, &t);
	check_served(b, &t,
		     f->handles[0].operation.touched +
			     FIXTURE_CS_HOLD_MS * NS_PER_MS);
	guest_tx(a, 0, 0, "\x10", 1, OK);
	guest_tx(a, 0, 0, "\1\2\3", 3, TRANS_ERR);
}

static void flash_under_linux_framing_is_told_of_once(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "linux");
	guest_tx(g, 0, 0, "\xc7\0\0", 3, OK);
	f->chips[0].answer = 0xff; /* no chip */
	guest_tx(g, 0, 0, "\x9f", 1, OK);
	guest_rx(g, 0, 0, 3, OK);
	assert_false(g->chips[0].is_flash);
	f->chips[0].answer = 0xef;
	guest_tx(g, 0, 0, "\x9f", 1, OK);
	guest_rx(g, 0, 0, 1, OK); /* one register, no id */
	assert_false(g->chips[0].is_flash);
	guest_tx(g, 0, 0, "\x9f", 1, OK);
	guest_rx(g, 0, 0, 3, OK);
	assert_true(g->chips[0].is_flash);
	/* An address whose opcode was torn off is no chip erase. */
	guest_tx(g, 0, 0, "\xc7\0\0", 3, TRANS_ERR);
	guest_tx(g, 0, 0, "\x60\0", 2, TRANS_ERR);
	guest_tx(g, 0, 0, "\xc7", 1, OK);
	guest_tx(g, 1, 0, "\xc7\0\0", 3, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOR(other_guest_waits_until_the_chip_is_ready),
		NOR(other_chips_of_the_bus_go_on),
		NOR(write_disable_ends_the_operation),
		NOR(lapsed_write_enable_is_sent_again),
		NOR(write_enable_alone_does_not_lapse),
		NOR(busy_chip_of_a_gone_guest_is_not_handed_on),
		NOR(op_max_ends_a_chip_that_is_never_ready),
		NOR(next_guest_waits_for_the_chip),
		NOR(erase_and_status_writes_are_operations),
		NAND(nand_cache_is_its_guests_until_the_next_page),
		NAND(lost_nand_cache_is_an_error),
		NAND(lost_nand_program_is_an_error),
		EEPROM(other_guest_waits_until_the_chip_is_ready),
		EEPROM(lapsed_write_enable_is_sent_again),
		NOR(flash_under_linux_framing_is_told_of_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
