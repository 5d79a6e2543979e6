// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Guests whose devices all have cs=auto: Linux's spi-nor driver shows what its
 * chip is, spidev shows nothing. Two guests share the flash.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/guest/lab.h"
#include "tests/lib/process.h"

#define IS_NOR "chip select 0: it is a NOR flash"

/* Writes, and reads back, a block at @offset. */
static void write_flash(struct lab *lab, struct guest *g, unsigned int offset)
{
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " %#x 0x20000 1",
		offset);
}

static void check_flash(struct lab *lab, struct guest *g, unsigned int offset)
{
	lab_run(lab, g, LONG_S, "guest-spi mtdcheck " FLASH " %#x 0x20000 1",
		offset);
}

static void spi_nor_shows_that_its_chip_is_a_flash(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	lab_run(lab, g, SHORT_S, "grep '^mtd0: 01000000' /proc/mtd");
	assert_non_null(strstr(daemon_stderr(&lab->daemon),
			       "guest 0: sim:nor: " IS_NOR));
	write_flash(lab, g, 0x10000);
}

static void flash_stays_one_when_its_driver_is_bound_again(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	lab_rebind(lab, g);
	check_flash(lab, g, 0x10000);
	write_flash(lab, g, 0x40000);
}

/* The program in the guest begins with a write of another kind. */
static void spidev_works_as_with_linux(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	lab_run(lab, g, LONG_S,
		"for n in 1 2 33 4096; do "
		"guest-spi duplex " ECHO " $n $n || exit 1; done");
	lab_run(lab, g, SHORT_S, "guest-spi xfer " CHIP " 06");
	assert_string_equal(
		lab_run(lab, g, SHORT_S, "guest-spi writeread " CHIP " 05 1"),
		"02");
	assert_string_equal(
		lab_run(lab, g, SHORT_S, "guest-spi writeread " CHIP " 9f 3"),
		CHIP_ID);
}

static void guests_that_share_a_flash_both_see_it(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *second = lab_boot(lab, 1);

	assert_non_null(strstr(daemon_stderr(&lab->daemon),
			       "guest 1: sim:nor: " IS_NOR));
	write_flash(lab, second, 0x80000);
	check_flash(lab, lab->guests[0], 0x80000);
	write_flash(lab, lab->guests[0], 0xa0000);
	check_flash(lab, second, 0xa0000);
}

static int create(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--verbose" },
		.framing = "auto",
		.chips = CHIPS,
	};

	return lab_create(state, &setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		lab_test(spi_nor_shows_that_its_chip_is_a_flash),
		lab_test(flash_stays_one_when_its_driver_is_bound_again),
		lab_test(spidev_works_as_with_linux),
		lab_test(guests_that_share_a_flash_both_see_it),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, create, lab_destroy);
}
