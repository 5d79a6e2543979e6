/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A simulated flash whose process is killed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define WIP FLASH_WIP
#define WEL FLASH_WEL
#define OK  VIRTIO_SPI_TRANS_OK

/* How long the chip takes to erase itself */
#define ERASE_MS 50

#define KILLS	 20
#define STORM_US 15000
#define STORM	 240 /* pages that are programmed meanwhile */

/* Starts a daemon with a flash, in a file if @file is set, and opens it. */
static struct spi_front *start(struct rig *rig, bool file)
{
	char device[200] = "--device=sim:nor,size=64k";
	const char *args[] = { device, "--keeper", NULL };

	if (file)
		snprintf(device, sizeof(device),
			 "--device=sim:nor,size=64k,file=%s",
			 daemon_file(&rig->daemon, "image"));
	daemon_start(&rig->daemon, 1, args);
	return rig_open(rig, 0);
}

static void check_registers(struct rig *rig, bool file)
{
	struct spi_front *front = start(rig, file);

	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0x01, 0x04, 0x02));
	flash_wait(front);
	flash_send(front, FLASH_BYTES(0x06));
	flash_send(front, FLASH_BYTES(0xb7));
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_status(front), WEL | 0x04);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x35, 0)), 0x02);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x15, 0)), 1);
	flash_send(front, FLASH_BYTES(0x04));
	flash_send(front, FLASH_BYTES(0xe9));
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_status(front), 0x04);
	assert_int_equal(flash_read(front, FLASH_BYTES(0x15, 0)), 0);
}

TEST_WITH(registers_survive, struct rig *rig)
{
	check_registers(rig, false);
}

TEST_WITH(registers_of_a_chip_with_a_file_survive, struct rig *rig)
{
	check_registers(rig, true);
}

/* Until it is ready, the chip is busy, and has WEL; then it is erased. */
static void check_erase(struct rig *rig, bool file)
{
	struct spi_front *front = start(rig, file);
	unsigned int seen = 0;

	for (unsigned int i = 0; i < KILLS; i++) {
		int64_t deadline;
		uint8_t value;

		flash_program(front, 0x10, 0x12);
		flash_send(front, FLASH_BYTES(0x06));
		deadline = deadline_in(ERASE_MS);
		flash_send(front, FLASH_BYTES(0xc7));
		killer_crash(&rig->daemon, SIGKILL);
		value = flash_status(front);
		assert_true(value == (WIP | WEL) || value == 0);
		if (deadline_left(deadline) > 0)
			assert_int_equal(value, WIP | WEL);
		seen += value != 0;
		flash_wait(front);
		assert_int_equal(flash_status(front), 0);
		assert_int_equal(flash_byte(front, 0x10, 0), 0xff);
	}
	print_message("%u of %u were seen busy afterwards\n", seen, KILLS);
}

TEST_WITH(erase_goes_on, struct rig *rig)
{
	need_memory_removal();
	check_erase(rig, false);
}

TEST_WITH(erase_of_a_chip_with_a_file_goes_on, struct rig *rig)
{
	check_erase(rig, true);
}

TEST_WITH(chip_without_a_file_keeps_its_contents, struct rig *rig)
{
	struct spi_front *front = start(rig, false);

	for (uint8_t i = 0; i < KILLS; i++) {
		flash_program(front, i, i);
		killer_crash(&rig->daemon, SIGKILL);
		for (uint8_t page = 0; page <= i; page++)
			assert_int_equal(flash_byte(front, page, 0), page);
		assert_int_equal(flash_byte(front, i + 1, 0), 0xff);
	}
	assert_int_equal(flash_status(front), 0);
}

/* What the chip has taken is done; what failed is done as a whole or not. */
static void check_storm(struct rig *rig, bool file)
{
	struct spi_front *front = start(rig, file);
	struct killer *killer;
	unsigned int failed = 0;
	bool taken[STORM];

	killer = killer_start(&rig->daemon, STORM_US);
	for (unsigned int i = 0; i < STORM; i++) {
		uint8_t page = (uint8_t)i;

		do {
			while (flash_try(front, FLASH_BYTES(0x06), NULL) != OK)
				;
		} while (!(flash_status(front) & WEL));
		taken[i] = flash_try(front,
				     FLASH_BYTES(0x02, 0, page, 0, 0x12, 0x34),
				     NULL) == OK;
		failed += !taken[i];
		flash_wait(front);
		assert_true(!taken[i] || !(flash_status(front) & WEL));
	}
	print_message("%u kills, %u of %u programs failed\n",
		      killer_stop(killer), failed, STORM);
	for (unsigned int i = 0; i < STORM; i++) {
		uint8_t page = (uint8_t)i;
		uint8_t first = flash_byte(front, page, 0);

		assert_true(first == 0x12 || (first == 0xff && !taken[i]));
		assert_int_equal(
			flash_read(front, FLASH_BYTES(0x03, 0, page, 1, 0)),
			first == 0x12 ? 0x34 : 0xff);
	}
}

TEST_WITH(no_program_is_lost_or_torn, struct rig *rig)
{
	check_storm(rig, false);
}

TEST_WITH(no_program_is_lost_or_torn_in_a_file, struct rig *rig)
{
	check_storm(rig, true);
}

#define STAYS	"guest name=a,socket=%s/a,device=sim:nor,size=64k\n"
#define CHANGES "guest name=b,socket=%s/b,device=sim:nor,size=64k"

static void wait_served(struct rig *rig, const char *name, bool served)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (daemon_listens(daemon_file(&rig->daemon, name)) != served) {
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(2);
	}
}

/* A chip that is taken away and comes back is another one. */
TEST_WITH(only_a_reload_makes_a_new_chip, struct rig *rig)
{
	char path[DAEMON_PATH_MAX + 12];
	const char *const args[] = { "--keeper", "--config", path, NULL };
	struct spi_front *stays, *changes;

	config_write(rig, STAYS CHANGES "\n");
	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	daemon_spawn(&rig->daemon, args);
	wait_served(rig, "b", true);
	stays = config_open(rig, 0, "a");
	changes = config_open(rig, 1, "b");
	flash_program(stays, 0, 0x12);
	flash_program(changes, 0, 0x34);
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_byte(changes, 0, 0), 0x34);
	rig_close(rig, 1);
	for (unsigned int i = 0; i < 2; i++) {
		config_write(rig, i ? STAYS CHANGES "\n" : STAYS);
		kill(rig->daemon.pid, SIGHUP);
		wait_served(rig, "b", i);
	}
	changes = config_open(rig, 1, "b");
	assert_int_equal(flash_byte(changes, 0, 0), 0xff);
	assert_int_equal(flash_byte(stays, 0, 0), 0x12);
	flash_program(changes, 0, 0x56);
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(flash_byte(changes, 0, 0), 0x56);
	assert_int_equal(flash_byte(stays, 0, 0), 0x12);
	rig_close(rig, 0);
	rig_close(rig, 1);
	daemon_stop(&rig->daemon, SIGTERM);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
