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

/* As spi_write_then_read() sends it: cs_change is 0. */
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

TEST_WITH(eeprom_keeps_what_an_older_at25_writes, struct rig *rig)
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

/* As at25 sends it since Linux 6.17: opcode, address and data one by one */
TEST_WITH(eeprom_works_as_at25_uses_it, struct rig *rig)
{
	struct spi_front *front = start(rig, "sim:eeprom");
	uint8_t rx[2];

	rig_tx(front, 0, "\x06", 1);
	rig_tx(front, 0, "\x02", 1);
	rig_tx(front, 0, "\x12\x34", 2);
	rig_tx(front, 0, "\1", 1);
	assert_int_equal(eeprom_status(front), 0);
	rig_tx(front, 0, "\x03", 1);
	rig_tx(front, 0, "\x12\x34", 2);
	rig_rx(front, 0, rx, 2);
	assert_memory_equal(rx, "\1\xff", 2);
	rig_close(rig, 0);
}

/* As spi-mem sends it: opcode, address, dummy bytes and data one by one */
static void nand_read(struct spi_front *front, const char *opcode,
		      const char *addr, uint32_t addr_len, uint32_t dummy,
		      void *rx, uint32_t rx_len)
{
	rig_tx(front, 0, opcode, 1);
	if (addr_len)
		rig_tx(front, 0, addr, addr_len);
	if (dummy)
		rig_tx(front, 0, "\0\0", dummy);
	rig_rx(front, 0, rx, rx_len);
}

static uint8_t nand_status(struct spi_front *front)
{
	uint8_t status = FLASH_WIP;

	while (status & FLASH_WIP)
		nand_read(front, "\x0f", "\xc0", 1, 0, &status, 1);
	return status;
}

static void nand_write(struct spi_front *front, const char *opcode,
		       const char *addr, uint32_t addr_len, const void *tx,
		       uint32_t len)
{
	rig_tx(front, 0, opcode, 1);
	rig_tx(front, 0, addr, addr_len);
	if (len)
		rig_tx(front, 0, tx, len);
}

static void nand_page_read(struct spi_front *front, const char *row)
{
	nand_write(front, "\x13", row, 3, NULL, 0);
	nand_status(front);
}

TEST_WITH(nand_works_as_spinand_uses_it, struct rig *rig)
{
	struct spi_front *front =
		start(rig, "sim:nand,size=64M,bad=7,timing=real,max-speed=1G");
	uint8_t rx[4];

	rig_tx(front, 0, "\xff", 1);
	nand_status(front);
	nand_read(front, "\x9f", NULL, 0, 1, rx, 3);
	assert_memory_equal(rx, "\xef\xba\x20", 3);
	nand_write(front, "\x1f", "\xa0", 1, "\0", 1);
	rig_tx(front, 0, "\x06", 1);
	nand_write(front, "\xd8", "\0\0\x40", 3, NULL, 0);
	assert_int_equal(nand_status(front), 0);
	rig_tx(front, 0, "\x06", 1);
	nand_write(front, "\x02", "\0\x10", 2, "data", 4);
	nand_write(front, "\x10", "\0\0\x41", 3, NULL, 0);
	assert_int_equal(nand_status(front), 0);
	nand_page_read(front, "\0\0\x41");
	nand_read(front, "\x6b", "\0\x10", 2, 1, rx, 4);
	assert_memory_equal(rx, "data", 4);
	/* The bad block has its marker. */
	nand_write(front, "\x1f", "\xb0", 1, "\x08", 1);
	nand_page_read(front, "\0\x01\xc0");
	nand_read(front, "\x03", "\x08\0", 2, 1, rx, 2);
	assert_memory_equal(rx, "\0\0", 2);
	rig_close(rig, 0);
}

/* The barometer of docs/chips, as regmap reads and writes it. */
TEST_WITH(registers_are_those_of_their_file, struct rig *rig)
{
	struct spi_front *front =
		start(rig, "sim:regs,file=docs/chips/bmp280.regs");
	uint8_t rx[6];

	read_after(front, "\xd0", 1, rx, 1);
	assert_int_equal(rx[0], 0x58);
	rig_tx(front, 0, "\x74\x57", 2);
	read_after(front, "\xf4", 1, rx, 1);
	assert_int_equal(rx[0], 0x57);
	read_after(front, "\xf7", 1, rx, 6);
	assert_memory_equal(rx, "\x65\x5a\xc0\x7e\xed\0", 6);
	rig_close(rig, 0);
}

/* Writes @text to a file, and checks that a daemon ends with @mistake. */
static void expect_mistake(struct rig *rig, const char *text,
			   const char *mistake)
{
	char device[DAEMON_PATH_MAX + 64], path[DAEMON_PATH_MAX + 32];
	const char *args[] = { path, device, NULL };
	const char *file = daemon_file(&rig->daemon, "regs");
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	snprintf(path, sizeof(path), "--socket-path=%s", rig->daemon.socket);
	snprintf(device, sizeof(device), "--device=sim:regs,file=%s", file);
	daemon_spawn(&rig->daemon, args);
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	if (!strstr(daemon_stderr(&rig->daemon), mistake))
		fail_msg("%s is not in %s", mistake,
			 daemon_stderr(&rig->daemon));
	unlink(daemon_file(&rig->daemon, "regs"));
}

TEST_WITH(mistake_in_a_register_map_is_told_at_start, struct rig *rig)
{
	expect_mistake(rig, "read-bit 7\n\n0x00 0x100\n",
		       "/regs:3: 0x100 does not fit in 1 byte\n");
	expect_mistake(rig, "0x00 0\n",
		       "/regs: it takes one of read-bit and write-bit\n");
}

TEST_MAIN(rig_setup_idle, rig_teardown)
