/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest whose requests crash the process that serves it and another guest. */
#include <signal.h>
#include <stdio.h>

#include "tests/daemon/keeper/state/crash.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

/* Crashes that are followed by no pause */
#define FREE 10

#define HELD "crash the process again and again; it is served again in "

static void start(struct rig *rig, const char *option)
{
	char devices[2][128];
	const char *args[] = { devices[0], devices[1], "--keeper", option,
			       NULL };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip_because("a library cannot be preloaded here");
#endif
	fake_spidev_need();
	for (unsigned int i = 0; i < 2; i++)
		snprintf(devices[i], sizeof(devices[i]),
			 "--guest=socket=%s,device=%s,cs=transfer",
			 daemon_socket(&rig->daemon, i),
			 fake_spidev_make(i, &fake_spidev_plain));
	assert_int_equal(process_preload("crash-shim.so"), 0);
	daemon_spawn(&rig->daemon, args);
	process_preload(NULL);
	daemon_wait_log(&rig->daemon, "serving 2 guests", 1);
	rig_open(rig, 0);
	rig_open(rig, 1);
}

static void stop(struct rig *rig)
{
	rig_close(rig, 0);
	rig_close(rig, 1);
	daemon_stop(&rig->daemon, SIGTERM);
	fake_spidev_remove_all();
}

static uint16_t submit(struct rig *rig, unsigned int guest, uint8_t byte)
{
	struct spi_front_request request = { rig_head(0), &byte, 1, NULL, 0 };
	uint16_t id;

	/* With cs=transfer: the chip is released after it. */
	request.head.cs_change = 0;
	assert_int_equal(
		spi_front_submit(&rig->fronts[guest], &request, NULL, &id), 0);
	return id;
}

static void expect(struct rig *rig, unsigned int guest, uint16_t id,
		   uint8_t status)
{
	struct spi_front_result result;

	assert_int_equal(spi_front_wait(&rig->fronts[guest], id, &result), 0);
	assert_int_equal(result.status, status);
}

static void send(struct rig *rig, unsigned int guest, uint8_t byte,
		 uint8_t status)
{
	expect(rig, guest, submit(rig, guest, byte), status);
}

/* A guest that comes to its senses is served once more. */
TEST_WITH(guest_that_crashes_the_process_is_held_back_alone, struct rig *rig)
{
	static const uint8_t crashes[] = { CRASH_TRAP, CRASH_ABORT,
					   CRASH_CALL };
	uint16_t id;

	start(rig, NULL);
	for (unsigned int i = 0; i < FREE; i++) {
		send(rig, 0, crashes[i % 3], VIRTIO_SPI_TRANS_ERR);
		/* However much else goes well */
		send(rig, 0, 1, VIRTIO_SPI_TRANS_OK);
		send(rig, 1, 1, VIRTIO_SPI_TRANS_OK);
	}
	assert_int_equal(daemon_count_log(&rig->daemon, HELD), 0);
	id = submit(rig, 0, CRASH_TRAP);
	daemon_wait_log(&rig->daemon, HELD "1 s", 1);
	expect(rig, 0, id, VIRTIO_SPI_TRANS_ERR);
	id = submit(rig, 0, CRASH_TRAP);
	daemon_wait_log(&rig->daemon, HELD "2 s", 1);
	send(rig, 1, 1, VIRTIO_SPI_TRANS_OK);
	expect(rig, 0, id, VIRTIO_SPI_TRANS_ERR);
	id = submit(rig, 0, CRASH_TRAP);
	daemon_wait_log(&rig->daemon, HELD "4 s", 1);
	send(rig, 1, 1, VIRTIO_SPI_TRANS_OK);
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, "guests held back 3", 1);
	expect(rig, 0, id, VIRTIO_SPI_TRANS_ERR);
	send(rig, 0, 1, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(daemon_count_log(&rig->daemon, "is started in"), 0);
	stop(rig);
}

/* What a new program does with the guest is not known yet. */
TEST_WITH(upgrade_serves_a_guest_that_is_held_back, struct rig *rig)
{
	uint16_t id = 0;

	start(rig, NULL);
	for (unsigned int i = 0; i < FREE + 3; i++) {
		id = submit(rig, 0, CRASH_TRAP);
		if (i < FREE + 2)
			expect(rig, 0, id, VIRTIO_SPI_TRANS_ERR);
	}
	daemon_wait_log(&rig->daemon, HELD "4 s", 1);
	kill(rig->daemon.pid, SIGUSR2);
	expect(rig, 0, id, VIRTIO_SPI_TRANS_ERR);
	send(rig, 0, CRASH_TRAP, VIRTIO_SPI_TRANS_ERR);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary", 1);
	assert_int_equal(daemon_count_log(&rig->daemon, HELD), 3);
	stop(rig);
}

/* It is run again, until it is told from others. */
TEST_WITH(request_that_crashes_each_process_fails_with_replay, struct rig *rig)
{
	start(rig, "--replay");
	send(rig, 0, CRASH_TRAP, VIRTIO_SPI_TRANS_ERR);
	assert_int_equal(daemon_count_log(&rig->daemon, "the next is started"),
			 FREE);
	assert_int_equal(daemon_count_log(&rig->daemon, HELD), 0);
	stop(rig);
}

/* Whoever sends the signal, it is not the guest. */
TEST_WITH(kills_hold_no_guest_back, struct rig *rig)
{
	start(rig, NULL);
	for (unsigned int i = 0; i < 2 * FREE; i++) {
		killer_crash(&rig->daemon, i % 2 ? SIGSEGV : SIGABRT);
		send(rig, 0, 1, VIRTIO_SPI_TRANS_OK);
	}
	assert_int_equal(daemon_count_log(&rig->daemon, HELD), 0);
	stop(rig);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
