/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* cs=auto: what was shown holds for the next message, and where it goes on. */
#include <errno.h>
#include <string.h>

#include "spi-daemon/transfer/spi_state.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static int setup(void **state)
{
	int ret = service_setup(state);

	service_set_framing(*state, "auto");
	return ret;
}

static void check_shown(const struct test_guest *g, unsigned int chip,
			const char *name)
{
	assert_string_equal(chip_shown_name(&g->chips[chip]), name);
}

/*
 * A command and its value: one message for a flash and for a guest that sends
 * the end, two with linux. Returns how many.
 */
static unsigned int send_parts(struct service_fixture *f, struct test_guest *g,
			       uint8_t last_change)
{
	unsigned int before = f->chips[0].selects;

	guest_tx(g, 0, 0, "\xc5", 1, OK);
	guest_tx(g, 0, last_change, "\1", 1, OK);
	return f->chips[0].selects - before;
}

TEST_WITH(frames_as_linux_at_first, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	assert_int_equal(send_parts(f, g, 0), 2);
	check_shown(g, 0, "linux");
}

TEST_WITH(chips_of_a_guest_that_sends_the_end_are_as_spec,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "\x0f", 1, OK);
	guest_rx(g, 0, 1, 2, OK);
	check_shown(g, 0, "spec");
	check_shown(g, 1, "linux"); /* each for itself */
	check_shown(&f->guests[1], 0, "linux");
	assert_int_equal(send_parts(f, g, 1), 1);
}

TEST_WITH(flash_has_its_table, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	counter_set(g->chips[0].shown, AUTO_NOR);
	assert_int_equal(send_parts(f, g, 0), 1);
	/* The driver suspends, or another one begins. */
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.start(&g->service, 0, true);
	assert_int_equal(send_parts(f, g, 0), 1);
	/* The machine begins anew, with a front end of its own. */
	g->service.new_guest = true;
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.start(&g->service, 0, true);
	check_shown(g, 0, "linux");
}

TEST_WITH(ring_that_is_paused_shows_nothing_new, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "\x0f", 1, OK);
	guest_rx(g, 0, 1, 2, OK);
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.start(&g->service, 0, false);
	check_shown(g, 0, "spec");
}

static int move(struct service_fixture *f)
{
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	struct test_guest *from = &f->guests[0];
	uint32_t size;

	spi_service_ops.quiesce(&from->service, 0);
	guest_collect(from);
	size = spi_state_save(&from->service, blob);
	return spi_state_load(&f->guests[1].service, blob, size);
}

TEST_WITH(what_was_shown_migrates, struct service_fixture *f)
{
	counter_set(f->guests[0].chips[0].shown, AUTO_NOR);
	counter_set(f->guests[0].chips[1].shown, AUTO_WAS_SPEC);
	counter_set(f->guests[0].chips[2].shown, AUTO_SPEC);
	guest_tx(&f->guests[0], 0, 0, "\x0b", 1, OK);
	guest_tx(&f->guests[0], 0, 0, "\1\2\3\0", 4, OK);
	assert_int_equal(move(f), 0);
	check_shown(&f->guests[1], 0, "nor");
	assert_int_equal(counter_get(f->guests[1].chips[1].shown),
			 AUTO_WAS_SPEC);
	check_shown(&f->guests[1], 2, "spec");
	guest_rx(&f->guests[1], 0, 0, 16, OK);
	assert_int_equal(f->chips[0].selects, 1);
	assert_memory_equal(f->chips[0].sent, "\x0b\1\2\3\0", 5);
}

TEST_WITH(what_needs_more_bits_migrates, struct service_fixture *f)
{
	counter_set(f->guests[0].chips[0].shown, AUTO_NAND);
	counter_set(f->guests[0].chips[1].shown, AUTO_AT45);
	counter_set(f->guests[0].chips[2].shown, AUTO_TPM);
	assert_int_equal(move(f), 0);
	check_shown(&f->guests[1], 0, "nand");
	check_shown(&f->guests[1], 1, "at45");
	check_shown(&f->guests[1], 2, "transfer");
}

/* It is the middle of a driver's life there. */
TEST_WITH(first_message_after_migration_shows_nothing,
	  struct service_fixture *f)
{
	assert_int_equal(move(f), 0);
	guest_tx(&f->guests[1], 0, 0, "\x0f", 1, OK);
	guest_rx(&f->guests[1], 0, 1, 2, OK);
	check_shown(&f->guests[1], 0, "linux");
}

TEST_WITH(chip_with_another_framing_there_keeps_it, struct service_fixture *f)
{
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	uint32_t size;

	counter_set(f->guests[0].chips[0].shown, AUTO_NOR);
	spi_service_ops.quiesce(&f->guests[0].service, 0);
	size = spi_state_save(&f->guests[0].service, blob);
	service_set_framing(f, "spec");
	assert_int_equal(spi_state_load(&f->guests[1].service, blob, size), 0);
	assert_int_equal(chip_framing(&f->guests[1].chips[0]), CS_SPEC);
}

TEST_MAIN(setup, service_teardown)
