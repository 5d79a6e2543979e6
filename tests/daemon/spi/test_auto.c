/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* cs=auto below a whole daemon: with a flash, and with chips that are none. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

#define FLASH "--device=sim:nor,size=1M,id=ef4014,cs=auto,cs-hold=5000"

static void start(struct rig *rig, const char *device, const char *option)
{
	const char *args[] = { device, "--verbose", option, NULL };

	daemon_start(&rig->daemon, 2, args);
}

/* What a driver of flash chips does first. */
static void identify(struct spi_front *front, uint8_t last_change)
{
	static const uint8_t read_id = 0x9f;
	uint8_t rx[6];

	rig_tx(front, 0, &read_id, 1);
	rig_rx(front, last_change, rx, sizeof(rx));
	assert_memory_equal(rx, "\xef\x40\x14", 3);
}

/* Returns true if a program in three parts is a command to the chip. */
static bool programs(struct spi_front *front, uint8_t page, uint8_t last_change)
{
	const uint8_t addr[] = { 0, page, 0 };
	uint8_t status = 1, byte = 0xff;

	rig_tx(front, last_change, (const uint8_t[]){ 0x06 }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0x02 }, 1);
	rig_tx(front, 0, addr, 3);
	rig_tx(front, last_change, (const uint8_t[]){ 0x5a }, 1);
	while (status & 1) {
		rig_tx(front, 0, (const uint8_t[]){ 0x05 }, 1);
		rig_rx(front, last_change, &status, 1);
	}
	rig_tx(front, 0, (const uint8_t[]){ 0x03, 0, page, 0 }, 4);
	rig_rx(front, last_change, &byte, 1);
	return byte == 0x5a;
}

TEST_WITH(flash_is_framed_as_nor_when_it_told_its_id, struct rig *rig)
{
	struct spi_front *front;

	start(rig, FLASH, NULL);
	front = rig_open(rig, 0);
	identify(front, 0);
	daemon_wait_log(&rig->daemon,
			"sim:nor: chip select 0: it is a NOR flash: "
			"cs=auto is nor from now on",
			1);
	assert_true(programs(front, 1, 0));
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, "cs=auto: chip select 0 is nor", 1);
}

TEST_WITH(guest_that_sends_the_end_is_framed_as_spec, struct rig *rig)
{
	struct spi_front *front;

	start(rig, FLASH, NULL);
	front = rig_open(rig, 0);
	identify(front, 1);
	daemon_wait_log(&rig->daemon,
			"the guest sends the end of a message: cs=auto is spec "
			"from now on",
			1);
	assert_true(programs(front, 1, 1));
}

/* No id that anybody knows; the driver asks for its parameters. */
TEST_WITH(flash_is_framed_as_nor_when_it_has_sfdp, struct rig *rig)
{
	struct spi_front *front;
	uint8_t rx[8];

	start(rig, "--device=sim:nor,size=1M,id=253144,cs=auto,cs-hold=5000",
	      NULL);
	front = rig_open(rig, 0);
	rig_tx(front, 0, (const uint8_t[]){ 0x9f }, 1);
	rig_rx(front, 0, rx, 6);
	rig_tx(front, 0, (const uint8_t[]){ 0x5a }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0, 0, 0 }, 3);
	rig_tx(front, 0, (const uint8_t[]){ 0 }, 1);
	rig_rx(front, 0, rx, sizeof(rx));
	assert_memory_equal(rx, "SFDP", 4);
	assert_true(programs(front, 1, 0));
}

static uint8_t nand_status(struct spi_front *front)
{
	uint8_t status;

	rig_tx(front, 0, (const uint8_t[]){ 0x0f }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0xc0 }, 1);
	rig_rx(front, 0, &status, 1);
	return status;
}

TEST_WITH(flash_is_framed_as_nand_when_its_driver_begins_so, struct rig *rig)
{
	struct spi_front *front;
	uint8_t rx[3];

	start(rig, "--device=sim:nand,cs=auto,cs-hold=5000", NULL);
	front = rig_open(rig, 0);
	rig_tx(front, 0, (const uint8_t[]){ 0xff }, 1);
	nand_status(front);
	daemon_wait_log(&rig->daemon,
			"it is a NAND flash: cs=auto is nand from now on", 1);
	while (nand_status(front) & 1)
		;
	rig_tx(front, 0, (const uint8_t[]){ 0x9f }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0 }, 1);
	rig_rx(front, 0, rx, sizeof(rx));
	assert_memory_equal(rx, "\xef\xaa\x21", 3);
}

/* A new machine may have another driver. */
TEST_WITH(next_front_end_begins_with_linux, struct rig *rig)
{
	struct spi_front *front;

	start(rig, FLASH, NULL);
	front = rig_open(rig, 0);
	identify(front, 0);
	assert_true(programs(front, 1, 0));
	rig_close(rig, 0);
	front = rig_open(rig, 0);
	assert_false(programs(front, 2, 0));
	daemon_wait_log(&rig->daemon, "front end disconnected", 1);
}

/* What is no flash is framed as with linux, whatever 9Fh means to it. */
TEST_WITH(other_chips_are_framed_as_linux, struct rig *rig)
{
	struct spi_front *front;
	uint8_t rx[6];

	start(rig, "--device=sim:eeprom,cs=auto,cs-hold=5000", NULL);
	front = rig_open(rig, 0);
	rig_tx(front, 0, (const uint8_t[]){ 0x9f }, 1);
	rig_rx(front, 0, rx, sizeof(rx));
	/* The address and the data of a write are messages of their own. */
	rig_tx(front, 0, (const uint8_t[]){ 0x06 }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0x02, 0, 0 }, 3);
	rig_tx(front, 0, (const uint8_t[]){ 0x5a }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0x03, 0, 0 }, 3);
	rig_rx(front, 0, rx, 1);
	assert_int_equal(rx[0], 0xff);
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, "cs=auto: chip select 0 is linux", 1);
	assert_null(strstr(daemon_stderr(&rig->daemon), "from now on"));
}

/* The driver does not ask for the id again. */
TEST_WITH(flash_stays_one_after_a_crash, struct rig *rig)
{
	struct spi_front *front;

	start(rig, FLASH, "--keeper");
	front = rig_open(rig, 0);
	rig_open(rig, 1);
	identify(front, 0);
	for (uint8_t i = 1; i < 4; i++) {
		killer_crash(&rig->daemon, SIGKILL);
		assert_true(programs(front, i, 0));
	}
	/* It is the other guest's own to tell. */
	assert_false(programs(&rig->fronts[1], 5, 0));
}

TEST_WITH(guest_that_sends_the_end_does_so_after_a_crash, struct rig *rig)
{
	struct spi_front *front;

	start(rig, FLASH, "--keeper");
	front = rig_open(rig, 0);
	identify(front, 1);
	killer_crash(&rig->daemon, SIGKILL);
	assert_true(programs(front, 1, 1));
}

TEST_MAIN(rig_setup_idle, rig_teardown)
