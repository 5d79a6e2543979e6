// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Linux's own driver in a guest, and a chip that is a program on the host: the
 * accelerometer of docs/chips, in Python.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/guest.h"
#include "tests/lib/daemon/daemon.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"

#define CHIP	 "0:adxl372:1000000"
#define IIO	 "/sys/bus/spi/devices/spi0.0/iio:device0/"
#define RUN_S	 60
#define START_MS 30000

struct world {
	struct daemon daemon;
	struct guest *guest;
	pid_t chip;
	char socket[DAEMON_PATH_MAX];
};

static struct world world;

static void need(void)
{
	if (!guest_kit_is_ready())
		skip_because("no kit: run tests/guest/kit.sh");
	if (system("command -v python3 > /dev/null"))
		skip_because("no python3");
}

static void start_chip(const char *x, const char *y, const char *z)
{
	const char *const argv[] = {
		"python3", "docs/chips/adxl372.py", world.socket, x, y, z, NULL
	};
	int64_t deadline = process_now_ms() + START_MS;

	world.chip = process_start(argv, daemon_file(&world.daemon, "log"));
	assert_true(world.chip > 0);
	while (!daemon_listens(world.socket)) {
		assert_true(process_now_ms() < deadline);
		process_sleep_ms(20);
	}
}

static void stop_chip(void)
{
	kill(world.chip, SIGKILL);
	process_wait(world.chip, START_MS);
	world.chip = 0;
}

static void boot(void)
{
	struct guest_config config = { .drivers = true };

	config.sockets[0] = daemon_socket(&world.daemon, 0);
	world.guest = guest_start(&config);
	assert_non_null(world.guest);
}

/* Runs @command, which must succeed, and returns the first line it prints. */
static const char *run(const char *command)
{
	static char output[4096];

	if (guest_run(world.guest, output, sizeof(output), RUN_S, "%s",
		      command) != 0) {
		daemon_show_log(&world.daemon);
		guest_show_logs(world.guest);
		fail_msg("%s: %s", command, output);
	}
	output[strcspn(output, "\n")] = '\0';
	return output;
}

static void bind_driver(void)
{
	run("modprobe adxl372_spi && insmod /modules/spi_board.ko chips=" CHIP);
	run("until [ -e " IIO "in_accel_z_raw ]; do sleep 0.1; done");
}

static void driver_reads_a_chip_in_python(void **state)
{
	(void)state;
	need();
	start_chip("-3", "17", "10");
	boot();
	bind_driver();
	assert_string_equal(run("cat " IIO "name"), "adxl372");
	assert_string_equal(run("cat " IIO "in_accel_x_raw"), "-3");
	assert_string_equal(run("cat " IIO "in_accel_y_raw"), "17");
	assert_string_equal(run("cat " IIO "in_accel_z_raw"), "10");
}

/* The driver wrote the chip's registers when it probed; they are lost. */
static void driver_goes_on_when_the_program_was_replaced(void **state)
{
	(void)state;
	need();
	start_chip("0", "0", "10");
	boot();
	bind_driver();
	assert_string_equal(run("cat " IIO "in_accel_z_raw"), "10");
	stop_chip();
	run("! cat " IIO "in_accel_z_raw");
	start_chip("0", "0", "-10");
	assert_string_equal(run("cat " IIO "in_accel_z_raw"), "-10");
}

static int setup(void **state)
{
	char device[2 * DAEMON_PATH_MAX];
	const char *const args[] = { device, NULL };

	(void)state;
	daemon_init(&world.daemon);
	snprintf(world.socket, sizeof(world.socket), "%s",
		 daemon_file(&world.daemon, "chip"));
	snprintf(device, sizeof(device),
		 "--device=sim:socket=%s,cs-hold=10000,timeout=5000",
		 world.socket);
	daemon_start(&world.daemon, 1, args);
	return 0;
}

static int teardown(void **state)
{
	int status = guest_stop(world.guest);

	(void)state;
	world.guest = NULL;
	if (world.chip > 0)
		stop_chip();
	if (world.daemon.pid)
		daemon_stop(&world.daemon, SIGTERM);
	daemon_clean(&world.daemon);
	return status;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(driver_reads_a_chip_in_python,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			driver_goes_on_when_the_program_was_replaced, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
