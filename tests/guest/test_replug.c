// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A controller that is unplugged and plugged again while its guest uses it.
 * GUEST_REPLUGS sets how often.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/guest/lab.h"
#include "tests/guest/plug.h"
#include "tests/guest/soak.h"

#define DEFAULT_REPLUGS		6
#define DEFAULT_PATCHED_REPLUGS 2

/* The name of the chardev that round @round leaves behind. */
static const char *chardev_name(int round)
{
	static char name[32];

	snprintf(name, sizeof(name), "spi%d", round / 2);
	return name;
}

/* Round 1 keeps the connection, round 2 makes a new one, and so on. */
static void replug(struct lab *lab, struct guest *g, int round)
{
	int err = plug_remove(g);

	if (!err && round % 2 == 0) {
		err = plug_remove_chardev(g, chardev_name(round - 1));
		if (!err)
			err = plug_add_chardev(g, chardev_name(round),
					       daemon_socket(&lab->daemon, 0));
	}
	if (!err)
		err = plug_add(g, chardev_name(round));
	if (err)
		lab_fail(lab, g, "round %d: %d", round, err);
}

/* The board module puts chips on the controllers that it finds. */
static void find_chips(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"while [ ! -e /sys/bus/virtio/drivers/spi_virtio/virtio* ]; do "
		"sleep 0.1; done; rmmod spi_board && "
		"insmod /modules/spi_board.ko chips=" CHIPS " && [ -e " FLASH
		" -a -e " ECHO " ]");
}

static void use_chips(struct lab *lab, struct guest *g, int round)
{
	lab_run(lab, g, LONG_S,
		"guest-spi mtdcheck " FLASH " 0x10000 0x4000 1 && "
		"guest-spi mtd " FLASH " 0x20000 0x1000 %d && "
		"guest-spi duplex " ECHO " 20000 %d",
		round, round);
}

static void plug_again_and_again(void **state, int rounds)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak echo;

	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x4000 1");
	for (int round = 1; round <= rounds; round++) {
		soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
		replug(lab, g, round);
		/* Since the removal, each of its transfers fails. */
		soak_stop(&echo);
		find_chips(lab, g);
		use_chips(lab, g, round);
		if (round % 10 == 0)
			print_message("%d rounds\n", round);
	}
}

static void device_works_when_plugged_again_and_again(void **state)
{
	plug_again_and_again(state,
			     lab_setting("GUEST_REPLUGS", DEFAULT_REPLUGS));
}

/* Nothing lends the driver a remove callback here. */
static void patched_guest_works_when_device_is_plugged_again(void **state)
{
	plug_again_and_again(
		state, lab_setting("GUEST_REPLUGS", DEFAULT_PATCHED_REPLUGS));
}

static int create(void **state)
{
	static const struct lab_setup setup = { .guest.hotplug = true };

	return lab_create(state, &setup);
}

static int create_patched(void **state)
{
	static const struct lab_setup setup = {
		.guest.hotplug = true,
		.guest.patched = true,
	};

	return lab_create(state, &setup);
}

static const struct CMUnitTest tests[] = {
	lab_test(device_works_when_plugged_again_and_again),
};

static const struct CMUnitTest patched_tests[] = {
	lab_test(patched_guest_works_when_device_is_plugged_again),
};

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, create, lab_destroy) +
	       cmocka_run_group_tests(patched_tests, create_patched,
				      lab_destroy);
}
