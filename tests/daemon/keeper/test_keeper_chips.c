/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Simulated chips whose process is killed: they go on where they were. */
#include <signal.h>
#include <stdio.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

static struct spi_front *start(struct rig *rig, const char *device)
{
	char option[2 * DAEMON_PATH_MAX];
	const char *args[] = { option, "--keeper", NULL };

	snprintf(option, sizeof(option), "--device=%s", device);
	daemon_start(&rig->daemon, 1, args);
	return rig_open(rig, 0);
}

TEST_WITH(eeprom_survives, struct rig *rig)
{
	struct spi_front *front = start(rig, "sim:eeprom,size=128");

	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x01, 0x04));
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x02, 0x10, 0x12));
	flash_send(front, FLASH_BYTES(0x06));
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_status(front), FLASH_WEL | 0x04);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x03, 0x10, 0)), 0x12);
}

TEST_WITH(nand_survives, struct rig *rig)
{
	struct spi_front *front = start(rig, "sim:nand,size=64M");

	flash_send(front, FLASH_BYTES(0x1f, 0xa0, 0x00));
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x02, 0x00, 0x00, 0x12));
	flash_send(front, FLASH_BYTES(0x10, 0x00, 0x00, 0x07));
	flash_send(front, FLASH_BYTES(0x02, 0x00, 0x00, 0x34));
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x0f, 0xa0, 0)), 0);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x03, 0, 0, 0, 0)),
			 0x34);
	flash_send(front, FLASH_BYTES(0x13, 0x00, 0x00, 0x07));
	assert_int_equal(flash_read(front, FLASH_BYTES(0x03, 0, 0, 0, 0)),
			 0x12);
}

TEST_WITH(registers_survive, struct rig *rig)
{
	struct spi_front *front =
		start(rig, "sim:regs,file=docs/chips/bmp280.regs");

	flash_send(front, FLASH_BYTES(0x74, 0x57));
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_read(front, FLASH_BYTES(0xf4, 0)), 0x57);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
