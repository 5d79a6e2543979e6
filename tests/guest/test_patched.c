// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Linux's driver with the patches of docs/linux-patches: unbound and unloaded,
 * and served as the specification says. See test_suspend.c, test_replug.c and
 * test_stop_cont.c for more of it.
 *
 * GUEST_REBINDS sets how often the driver is unbound, and unloaded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/guest/lab.h"
#include "tests/guest/soak.h"

#define DEFAULT_REBINDS 3

#define MODULE		"/modules/patched/spi-virtio.ko"
#define DRIVER		"/sys/bus/virtio/drivers/spi_virtio"

/* A shell command that puts chips on the bus again */
#define ADD_CHIPS "insmod /modules/spi_board.ko chips=" CHIPS

static int rebinds(void)
{
	return lab_setting("GUEST_REBINDS", DEFAULT_REBINDS);
}

static void use_chips(struct lab *lab, struct guest *g, int seed)
{
	lab_run(lab, g, LONG_S,
		"guest-spi mtd " FLASH " 0x20000 0x1000 %d && "
		"guest-spi duplex " ECHO " 20000 %d",
		seed, seed);
}

/* Runs the command @remove while there is traffic, then @add. */
static void take_away_and_back(struct lab *lab, struct guest *g,
			       const char *remove, const char *add, int round)
{
	struct soak echo;

	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	lab_run(lab, g, SHORT_S, "%s; [ ! -e " ECHO " -a ! -e " FLASH " ]",
		remove);
	/* Since then, each of its transfers fails. */
	soak_stop(&echo);
	lab_run(lab, g, SHORT_S, "%s", add);
	use_chips(lab, g, round);
}

/* Without spi_board, which would lend a remove callback to a stock driver */
static void guest_works_when_the_driver_is_unbound_in_traffic(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	for (int i = 0; i < rebinds(); i++)
		take_away_and_back(lab, g,
				   "set -e; cd " DRIVER "; v=$(echo virtio*); "
				   "echo $v > /run/v; echo $v > unbind; "
				   "rmmod spi_board",
				   "cat /run/v > " DRIVER "/bind; " ADD_CHIPS,
				   i);
}

static void guest_works_when_the_module_is_loaded_again(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	for (int i = 0; i < rebinds(); i++)
		take_away_and_back(lab, g,
				   "set -e; rmmod spi_virtio; rmmod spi_board",
				   "insmod " MODULE "; " ADD_CHIPS, i);
}

static void flash_reads_back_equal_when_cs_is_spec(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	lab_run(lab, g, SHORT_S, "grep '^mtd0: 01000000' /proc/mtd");
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x40000 1");
	/* Starts and ends within a page. */
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x200000 7001 2");
	lab_run(lab, g, LONG_S,
		"guest-spi mtdcheck " FLASH " 0x10000 0x40000 1");
	lab_check_drivers(lab, g);
}

/* Whatever their parts do: no table could tell where these messages end. */
static void messages_of_any_shape_are_whole_when_cs_is_spec(void **state)
{
	static const struct {
		const char *parts, *answer;
	} messages[] = {
		{ "t:9f r:3", CHIP_ID },
		{ "d:9f d:000000 | tail -n 1", CHIP_ID },
		{ "t:9f r:1 r:2 | tail -n 1", "4014" },
		/* Two commands in one message: write enable, read status */
		{ "t:06! t:05 r:1", "02" },
		{ "t:04 z:! t:05 r:1", "00" },
		{ "t:06 z: z:! t:05 r:1 z:", "02" },
		/* The last part asks for the chip to stay selected. */
		{ "t:9f!", "" },
		{ "r:3", CHIP_ID },
		{ "t:9f z:!", "" },
		{ "r:3", CHIP_ID },
	};
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		assert_string_equal(lab_run(lab, g, SHORT_S,
					    "guest-spi multi " CHIP " %s",
					    messages[i].parts),
				    messages[i].answer);
}

static int create(void **state)
{
	static const struct lab_setup setup = {
		.framing = "spec",
		.guest.patched = true,
	};

	return lab_create(state, &setup);
}

static const struct CMUnitTest tests[] = {
	lab_test(flash_reads_back_equal_when_cs_is_spec),
	lab_test(messages_of_any_shape_are_whole_when_cs_is_spec),
	lab_test(guest_works_when_the_driver_is_unbound_in_traffic),
	lab_test(guest_works_when_the_module_is_loaded_again),
};

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, create, lab_destroy);
}
