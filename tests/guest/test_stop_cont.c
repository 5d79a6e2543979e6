// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A guest with two virtual CPUs and traffic, on a busy host, that QEMU stops
 * and continues at random moments, and whose interrupt moves between the CPUs.
 *
 * GUEST_STOPS sets the number of stops, GUEST_SEED the order of events.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/guest/lab.h"
#include "tests/guest/load.h"
#include "tests/guest/soak.h"
#include "tests/lib/process.h"
#include "virtio/ring/virtio_wire.h"

#define DEFAULT_STOPS  125 /* of each test */
#define STOPS_A_CHECK  25

#define MAX_STOPPED_MS 50
#define MIN_RUNNING_MS 20
#define MAX_RUNNING_MS 250

static struct load load;

static void check(struct soak *s)
{
	soak_check_progress(s);
	if (s->counts.failed)
		lab_fail(s->lab, s->guest, "%s: %lu failed", s->name,
			 s->counts.failed);
}

/*
 * A shell command that stores the number of the queue's interrupt in n. The
 * controller has the pin of its PCI function, or vectors of its own; the last
 * line in /proc/interrupts with its name is the queue's.
 */
#define FIND_INTERRUPT                                             \
	"v=$(basename /sys/bus/virtio/drivers/*spi*/virtio*); "    \
	"n=$(sed -n \"s/^ *\\([0-9]*\\):.* $v\\(-.*\\)*$/\\1/p\" " \
	"/proc/interrupts | tail -n 1); [ \"$n\" ] || exit 1; "

static void start_moving_interrupt(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		FIND_INTERRUPT "cd /proc/irq/$n; (while [ ! -e /run/stay ]; do "
			       "echo 1 > smp_affinity; usleep 1000; "
			       "echo 2 > smp_affinity; usleep 1000; done) "
			       "> /run/move.log 2>&1 &");
}

/* Both CPUs have taken the interrupt. */
static void stop_moving_interrupt(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, SHORT_S,
		"touch /run/stay; sleep 0.1; rm /run/stay; cat /run/move.log; "
		"[ ! -s /run/move.log ]");
	lab_run(lab, g, SHORT_S,
		FIND_INTERRUPT "set -- $(grep \"^ *$n:\" /proc/interrupts); "
			       "echo $*; [ $2 -gt 9 -a $3 -gt 9 ]");
}

static void stop_and_continue(struct lab *lab, struct guest *g, int stops,
			      struct soak *a, struct soak *b)
{
	for (int i = 1; i <= stops; i++) {
		process_sleep_ms(lab_random_ms(MIN_RUNNING_MS, MAX_RUNNING_MS));
		lab_qmp(lab, g, "{\"execute\":\"stop\"}");
		process_sleep_ms(lab_random_ms(0, MAX_STOPPED_MS));
		lab_qmp(lab, g, "{\"execute\":\"cont\"}");
		if (i % STOPS_A_CHECK == 0) {
			check(a);
			check(b);
		}
		if (i % (STOPS_A_CHECK * 4) == 0)
			soak_show(i, "stops", a, b);
	}
}

static void run(void **state, int stops, bool moves)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak flash, echo;

	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x10000 1");
	soak_start(&flash, lab, g, "flash", "soakread", FLASH,
		   "0x10000 0x10000 1");
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	if (moves)
		start_moving_interrupt(lab, g);
	load_start(&load, 2);
	stop_and_continue(lab, g, stops, &flash, &echo);
	load_stop(&load);
	if (moves)
		stop_moving_interrupt(lab, g);
	soak_stop(&flash);
	soak_stop(&echo);
	soak_show(stops, "stops", &flash, &echo);
	assert_int_equal(flash.counts.failed + echo.counts.failed, 0);
}

static void traffic_goes_on_when_qemu_stops_and_continues(void **state)
{
	run(state, lab_setting("GUEST_STOPS", DEFAULT_STOPS), false);
}

static void traffic_goes_on_when_the_interrupt_moves_too(void **state)
{
	run(state, lab_setting("GUEST_STOPS", DEFAULT_STOPS), true);
}

/* All of the patched driver at once: its lock, and the end of its messages */
static void patched_guest_goes_on_when_cs_is_spec(void **state)
{
	struct lab *lab = lab_open(state);

	assert_true(lab_features(lab, lab->guests[0]) &
		    (UINT64_C(1) << VIRTIO_F_RING_PACKED));
	run(state, lab_setting("GUEST_STOPS", DEFAULT_STOPS), true);
}

/*
 * A chip of registers under cs=linux. A guest that stops between the write and
 * the read, or is slow, is released by cs-hold; then both are run again.
 */
static void registers_are_read_when_their_writes_are_sent_again(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	int stops = lab_setting("GUEST_STOPS", DEFAULT_STOPS);
	struct soak regs, echo;

	/* The id of a flash is such a register. */
	soak_start(&regs, lab, g, "regs", "soakregs", CHIP, "9f " CHIP_ID);
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	load_start(&load, 2);
	stop_and_continue(lab, g, stops, &regs, &echo);
	load_stop(&load);
	soak_stop(&regs);
	soak_stop(&echo);
	soak_show(stops, "stops", &regs, &echo);
	assert_int_equal(regs.counts.failed + echo.counts.failed, 0);
}

static int after_test(void **state)
{
	load_stop(&load);
	return lab_after_test(state);
}

static int create(void **state)
{
	static const struct lab_setup setup = { .keys = "", .guest.cpus = 2 };

	return lab_create(state, &setup);
}

static int create_again(void **state)
{
	static const struct lab_setup setup = {
		.keys = ",cs-late=again",
		.guest.cpus = 2,
	};

	return lab_create(state, &setup);
}

static int create_patched(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--with=ring-packed,indirect-desc" },
		.keys = "",
		.framing = "spec",
		.guest.cpus = 2,
		.guest.patched = true,
	};

	return lab_create(state, &setup);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_teardown(traffic_goes_on_when_qemu_stops_and_continues,
				  after_test),
	cmocka_unit_test_teardown(traffic_goes_on_when_the_interrupt_moves_too,
				  after_test),
};

static const struct CMUnitTest again_tests[] = {
	cmocka_unit_test_teardown(
		registers_are_read_when_their_writes_are_sent_again,
		after_test),
};

static const struct CMUnitTest patched_tests[] = {
	cmocka_unit_test_teardown(patched_guest_goes_on_when_cs_is_spec,
				  after_test),
};

int main(void)
{
	lab_begin_random();
	return cmocka_run_group_tests(tests, create, lab_destroy) +
	       cmocka_run_group_tests(again_tests, create_again, lab_destroy) +
	       cmocka_run_group_tests(patched_tests, create_patched,
				      lab_destroy);
}
