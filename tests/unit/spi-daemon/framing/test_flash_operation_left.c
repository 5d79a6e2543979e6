/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A flash on which an earlier process may have left an operation. */
#include "spi-daemon/system/clock.h"
#include "tests/unit/spi-daemon/framing/flash_steps.h"

/* As it is in a process that follows another one. */
static void follow(struct service_fixture *f)
{
	f->handles[0].operation = (struct operation){
		.state = OPERATION_LEFT,
		.since = clock_now(),
	};
	for (unsigned int i = 0; i < FIXTURE_GUESTS; i++)
		f->guests[i].chips[0].own.state = OPERATION_FOUND;
}

/*
 * The same as read_status(), while guest @other waits: on a slow machine its
 * time is up, and it looks at the chip itself.
 */
static void read_status_beside(struct service_fixture *f, struct test_guest *g,
			       struct test_guest *other, uint8_t answer)
{
	struct transfer t = { .head = service_head(0, 0), .rx_len = 1 };

	f->chips[0].answer = answer;
	guest_tx(g, 0, 0, "\x05", 1, OK);
	guest_add(g, &t);
	while (guest_run(g) == SPI_WAIT)
		guest_run(other);
	guest_collect(g);
	guest_collect(other);
	transfer_check(&t, OK);
	f->chips[0].answer = -1;
}

static void chip_that_an_earlier_process_left_busy_is_waited_for(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	follow(f);
	f->chips[0].answer = BUSY;
	wait_for_chip(b, &t);
	assert_memory_equal(f->chips[0].sent, "\x05", 1);
	read_status_beside(f, a, b, BUSY);
	assert_false(t.done);
	read_status_beside(f, a, b, READY);
	assert_true(t.done || guest_was_woken(b));
	check_served(b, &t, clock_now());
	/* From now on the chip is like any other. */
	write_enable(b);
	program(b, OK);
	read_status(f, b, READY);
}

static void chip_that_is_left_ready_is_asked_once(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	follow(f);
	f->chips[0].answer = READY;
	write_enable(a);
	program(a, OK);
	read_status(f, a, READY);
	write_enable(b);
	assert_memory_equal(f->chips[0].sent, "\x05\x06\x02\1\2\3data\x05\x06",
			    12);
	assert_int_equal(f->chips[0].sent_len, 12);
}

/* A chip that sleeps, or is not there, would be busy for ever. */
static void chip_that_does_not_answer_is_not_waited_for(void **state)
{
	struct service_fixture *f = *state;

	follow(f);
	f->chips[0].answer = 0xff;
	guest_tx(&f->guests[0], 0, 0, "\xab", 1, OK);
}

static void write_enable_of_an_earlier_process_is_used(void **state)
{
	struct service_fixture *f = *state;

	follow(f);
	f->chips[0].answer = READY;
	guest_rx(&f->guests[1], 0, 0, 1, OK);
	program(&f->guests[0], OK);
}

static void write_enable_that_may_be_lost_is_an_error_once(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	follow(f);
	f->chips[0].answer = READY;
	write_enable(b);
	program(b, OK);
	read_status(f, b, READY);
	program(a, TRANS_ERR);
	write_enable(a);
	program(a, OK);
}

static void reset_needs_no_write_enable(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	follow(f);
	f->chips[0].answer = READY;
	guest_tx(b, 0, 0, "\xff", 1, OK);
	read_status(f, b, READY);
	guest_tx(a, 0, 0, "\xff", 1, OK);
}

/* Nothing tells whose page an earlier process had loaded. */
static void cache_of_an_earlier_process_is_lost_to_the_second(void **state)
{
	struct service_fixture *f = *state;
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];

	follow(f);
	read_status(f, a, BUSY);
	read_status(f, a, READY);
	read_cache(a, OK);
	load_page(f, b);
	read_cache(b, OK);
	spi_service_abort(&b->service);
	f->chips[0].answer = READY;
	f->handles[0].operation.touched = 1;
	read_cache(a, TRANS_ERR);
	load_page(f, a);
	read_cache(a, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOR(chip_that_an_earlier_process_left_busy_is_waited_for),
		NOR(chip_that_is_left_ready_is_asked_once),
		NOR(chip_that_does_not_answer_is_not_waited_for),
		NOR(write_enable_of_an_earlier_process_is_used),
		NOR(write_enable_that_may_be_lost_is_an_error_once),
		EEPROM(chip_that_is_left_ready_is_asked_once),
		NAND(reset_needs_no_write_enable),
		NAND(cache_of_an_earlier_process_is_lost_to_the_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
