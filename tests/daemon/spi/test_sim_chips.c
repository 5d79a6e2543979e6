/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Simulated chips below a whole daemon, as their Linux drivers use them */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"

/* Starts a daemon with this device, one guest, and opens it. */
static struct spi_front *start(struct rig *rig, const char *device)
{
	char option[2 * DAEMON_PATH_MAX];
	const char *args[] = { option, NULL };

	snprintf(option, sizeof(option), "--device=%s", device);
	daemon_start(&rig->daemon, 1, args);
	return rig_open(rig, 0);
}

/* As spi_write_then_read() and at25 send it: cs_change is 0. */
static void read_after(struct spi_front *front, const void *tx, uint32_t tx_len,
		       void *rx, uint32_t rx_len)
{
	rig_tx(front, 0, tx, tx_len);
	rig_rx(front, 0, rx, rx_len);
}

static uint8_t eeprom_status(struct spi_front *front)
{
	uint8_t status;

	read_after(front, "\x05", 1, &status, 1);
	return status;
}

static void eeprom_write(struct spi_front *front, const void *tx, uint32_t len)
{
	rig_tx(front, 0, "\x06", 1);
	rig_tx(front, 0, tx, len);
	while (eeprom_status(front) & FLASH_WIP)
		;
}

TEST_WITH(eeprom_keeps_what_at25_writes, struct rig *rig)
{
	char device[DAEMON_PATH_MAX + 64];
	struct spi_front *front;
	uint8_t rx[4];

	snprintf(device, sizeof(device),
		 "sim:eeprom,size=25lc040,timing=real,file=%s",
		 daemon_file(&rig->daemon, "eeprom"));
	front = start(rig, device);
	assert_int_equal(eeprom_status(front), 0);
	eeprom_write(front, "\x0a\x0e\1\2\3", 5);
	read_after(front, "\x0b\x0c", 2, rx, 4);
	assert_memory_equal(rx, "\xff\xff\1\2", 4);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);

	front = start(rig, device);
	read_after(front, "\x0b\0", 2, rx, 1);
	assert_int_equal(rx[0], 3);
	rig_close(rig, 0);
	unlink(daemon_file(&rig->daemon, "eeprom"));
}

TEST_MAIN(rig_setup_idle, rig_teardown)
