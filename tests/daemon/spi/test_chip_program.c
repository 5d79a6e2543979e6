/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Chips that are programs: those of docs/chips, in Python and in C, below a
 * whole daemon. They come and go, hang, and are shared.
 */
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define MODE_3	  3
#define READ	  0x01
#define DEVID	  (0x00 << 1)
#define THRESHOLD (0x24 << 1)
#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

struct world {
	const char *chip[3]; /* its command, up to a NULL */
	char socket[DAEMON_PATH_MAX];
	char log[DAEMON_PATH_MAX];
	pid_t pid; /* of the chip; 0: it does not run */
};

static struct world world;
static char compiled[DAEMON_PATH_MAX];

static bool has(const char *command)
{
	char line[DAEMON_PATH_MAX];

	snprintf(line, sizeof(line), "command -v %s > /dev/null", command);
	return !system(line);
}

/* Sets the command of the chip, and starts a daemon with it. */
static void begin(struct rig *rig, const char *keys)
{
	char device[3 * DAEMON_PATH_MAX];
	const char *args[] = { device, NULL };

	snprintf(world.socket, sizeof(world.socket), "%.80s/chip",
		 rig->daemon.dir);
	snprintf(world.log, sizeof(world.log), "%.80s/chip.log",
		 rig->daemon.dir);
	snprintf(device, sizeof(device), "--device=sim:socket=%s%s",
		 world.socket, keys);
	daemon_start(&rig->daemon, 2, args);
}

static void use_python(void)
{
	if (!has("python3"))
		skip_because("no python3");
	world.chip[0] = "python3";
	world.chip[1] = "docs/chips/adxl372.py";
	world.chip[2] = world.socket;
}

static void use_c(struct rig *rig)
{
	char line[3 * DAEMON_PATH_MAX];

	snprintf(compiled, sizeof(compiled), "%.80s/adxl372", rig->daemon.dir);
	snprintf(line, sizeof(line), "${CC:-cc} -o %s docs/chips/adxl372.c",
		 compiled);
	assert_int_equal(system(line), 0);
	world.chip[0] = compiled;
	world.chip[1] = world.socket;
	world.chip[2] = NULL;
}

static void start_chip(void)
{
	const char *const argv[] = { world.chip[0], world.chip[1],
				     world.chip[2], NULL };

	need_byte_order();
	world.pid = process_start(argv, world.log);
	assert_true(world.pid > 0);
	while (!daemon_listens(world.socket)) {
		assert_true(process_is_running(world.pid));
		process_sleep_ms(5);
	}
}

static void stop_chip(int signal)
{
	if (world.pid <= 0)
		return;
	kill(world.pid, signal);
	process_wait(world.pid, DAEMON_TIMEOUT_MS);
	world.pid = 0;
}

/* A message of one transfer: its first byte says what it is. */
static uint8_t exchange(struct spi_front *front, uint8_t first, uint8_t second,
			uint8_t status)
{
	const uint8_t tx[2] = { first, second };
	uint8_t rx[2] = { 0 };
	struct spi_front_request request = { rig_head(0), tx, 2, rx, 2 };

	rig_expect(front, &request, status);
	return rx[1];
}

static void check_registers(struct spi_front *front, uint8_t value)
{
	assert_int_equal(exchange(front, READ | DEVID, 0, OK), 0xad);
	exchange(front, THRESHOLD, value, OK);
	assert_int_equal(exchange(front, READ | THRESHOLD, 0, OK), value);
}

TEST_WITH(chip_in_python_has_its_registers, struct rig *rig)
{
	use_python();
	begin(rig, "");
	start_chip();
	check_registers(rig_open(rig, 0), 0x5a);
}

TEST_WITH(chip_in_c_has_its_registers, struct rig *rig)
{
	use_c(rig);
	begin(rig, "");
	start_chip();
	check_registers(rig_open(rig, 0), 0x5a);
}

TEST_WITH(chip_sees_the_mode, struct rig *rig)
{
	const uint8_t tx[2] = { READ | DEVID, 0 };
	uint8_t rx[2];
	struct spi_front_request request = { rig_head(0), tx, 2, rx, 2 };

	use_c(rig);
	begin(rig, "");
	start_chip();
	request.head.mode = htole32(MODE_3);
	rig_expect(rig_open(rig, 0), &request, OK);
	assert_int_equal(rx[1], 0xff);
}

TEST_WITH(write_then_read_is_one_message_for_the_chip, struct rig *rig)
{
	struct spi_front *front;
	const uint8_t command = READ | DEVID;
	uint8_t id = 0;
	struct spi_front_request write = { rig_head(0), &command, 1, NULL, 0 };
	struct spi_front_request read = { rig_head(0), NULL, 0, &id, 1 };

	use_c(rig);
	begin(rig, "");
	start_chip();
	front = rig_open(rig, 0);
	write.head.cs_change = read.head.cs_change = 0;
	rig_expect(front, &write, OK);
	rig_expect(front, &read, OK);
	assert_int_equal(id, 0xad);
}

TEST_WITH(requests_fail_while_the_program_is_away, struct rig *rig)
{
	struct spi_front *front;

	use_c(rig);
	begin(rig, "");
	front = rig_open(rig, 0);
	exchange(front, READ | DEVID, 0, TRANS_ERR);
	start_chip();
	check_registers(front, 1);
	stop_chip(SIGKILL);
	exchange(front, READ | DEVID, 0, TRANS_ERR);
	start_chip();
	check_registers(front, 2);
	assert_non_null(strstr(daemon_stderr(&rig->daemon), world.socket));
}

TEST_WITH(restart_between_two_messages_costs_none, struct rig *rig)
{
	struct spi_front *front;

	use_c(rig);
	begin(rig, "");
	start_chip();
	front = rig_open(rig, 0);
	for (uint8_t i = 0; i < 20; i++) {
		check_registers(front, i);
		stop_chip(SIGKILL);
		start_chip();
	}
}

TEST_WITH(program_that_hangs_costs_its_guest_alone, struct rig *rig)
{
	struct spi_front *front;

	use_c(rig);
	begin(rig, ",timeout=50");
	start_chip();
	front = rig_open(rig, 0);
	exchange(front, READ | DEVID, 0, OK);
	process_stop(world.pid);
	exchange(front, READ | DEVID, 0, TRANS_ERR);
	rig_check_control(front);
	kill(world.pid, SIGCONT);
	/* It may still have to read what it was sent before. */
	for (int i = 0; i < 100; i++) {
		const uint8_t tx[2] = { READ, 0 };
		uint8_t rx[2];
		struct spi_front_request request = { rig_head(0), tx, 2, rx,
						     2 };
		struct spi_front_result result;
		uint16_t id;

		assert_int_equal(spi_front_submit(front, &request, NULL, &id),
				 0);
		assert_int_equal(spi_front_wait(front, id, &result), 0);
		if (result.status == OK)
			return;
		process_sleep_ms(50);
	}
	fail_msg("the program came back, and its chip did not");
}

TEST_WITH(guests_share_the_chip_when_they_name_one_socket, struct rig *rig)
{
	struct spi_front *a, *b;

	use_c(rig);
	begin(rig, "");
	start_chip();
	a = rig_open(rig, 0);
	b = rig_open(rig, 1);
	exchange(a, THRESHOLD, 0x77, OK);
	assert_int_equal(exchange(b, READ | THRESHOLD, 0, OK), 0x77);
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	return rig_setup_idle(state);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		rig_close(rig, i);
	stop_chip(SIGKILL);
	if (rig->daemon.pid > 0)
		daemon_stop(&rig->daemon, SIGTERM);
	return rig_teardown(state);
}

TEST_MAIN(setup, teardown)
