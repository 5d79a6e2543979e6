/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two guests share a flash whose process is killed in between. */
#include <signal.h>
#include <stdio.h>

#include "tests/lib/daemon/flash_rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR
#define ROUNDS	  20

/* Starts a daemon with two guests of one flash in a file. */
static void start(struct rig *rig)
{
	char device[200];
	const char *args[] = { device, "--keeper", NULL };

	snprintf(device, sizeof(device),
		 "--device=sim:nor,size=64k,cs=nor,file=%s",
		 daemon_file(&rig->daemon, "image"));
	daemon_start(&rig->daemon, 2, args);
	rig_open(rig, 0);
	rig_open(rig, 1);
}

/* The erase of one guest goes on; the program of the other waits for it. */
TEST_WITH(flash_that_is_busy_is_waited_for, struct rig *rig)
{
	struct spi_front *a, *b;

	start(rig);
	a = &rig->fronts[0];
	b = &rig->fronts[1];
	for (uint8_t i = 0; i < ROUNDS; i++) {
		flash_send(a, FLASH_BYTES(0x06));
		flash_send(a, FLASH_BYTES(0xc7));
		killer_crash(&rig->daemon, SIGKILL);
		flash_send(b, FLASH_BYTES(0x06));
		flash_send(b, FLASH_BYTES(0x02, 0, i, 0, i));
		flash_wait(b);
		assert_int_equal(flash_byte(b, i, 0), i);
		assert_int_equal(flash_byte(a, i, 1), 0xff);
	}
}

TEST_WITH(write_enable_that_another_guest_used_up_is_an_error_once,
	  struct rig *rig)
{
	struct spi_front *a, *b;

	start(rig);
	a = &rig->fronts[0];
	b = &rig->fronts[1];
	for (uint8_t i = 0; i < ROUNDS; i++) {
		flash_send(a, FLASH_BYTES(0x06));
		killer_crash(&rig->daemon, SIGKILL);
		flash_send(b, FLASH_BYTES(0x06));
		flash_send(b, FLASH_BYTES(0x02, 0, i, 0, 0x12));
		flash_wait(b);
		assert_int_equal(
			flash_try(a, FLASH_BYTES(0x02, 0, i, 1, 0x34), NULL),
			TRANS_ERR);
		flash_send(a, FLASH_BYTES(0x06));
		flash_send(a, FLASH_BYTES(0x02, 0, i, 1, 0x34));
		flash_wait(a);
		assert_int_equal(flash_byte(b, i, 1), 0x34);
	}
}

/* While nobody else writes, the program finds writes enabled. */
TEST_WITH(write_enable_survives, struct rig *rig)
{
	struct spi_front *a, *b;

	start(rig);
	a = &rig->fronts[0];
	b = &rig->fronts[1];
	for (uint8_t i = 0; i < ROUNDS; i++) {
		flash_send(a, FLASH_BYTES(0x06));
		killer_crash(&rig->daemon, SIGKILL);
		assert_int_equal(flash_byte(b, i, 0), 0xff);
		flash_send(a, FLASH_BYTES(0x02, 0, i, 0, 0x12));
		flash_wait(a);
		assert_int_equal(flash_byte(b, i, 0), 0x12);
	}
}

TEST_MAIN(rig_setup_idle, rig_teardown)
