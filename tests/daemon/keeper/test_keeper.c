/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A daemon with --keeper: what a front end and an operator see of a crash. */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

/* Requests between two looks at the chip's log, and in the ring at a time */
#define CHUNK	160
#define DEPTH	8

#define CALM_US 15000

/* Each request sends its number. Notes in @status what became of it. */
static void run_chunk(struct spi_front *front, uint32_t from, uint8_t *status)
{
	for (uint32_t i = 0; i < CHUNK; i += DEPTH) {
		uint16_t ids[DEPTH];

		for (uint32_t k = 0; k < DEPTH; k++) {
			uint32_t number = htobe32(from + i + k);
			struct spi_front_request request = {
				rig_head(0), (const uint8_t *)&number,
				sizeof(number), NULL, 0
			};

			assert_int_equal(spi_front_submit(front, &request, NULL,
							  &ids[k]),
					 0);
		}
		for (uint32_t k = 0; k < DEPTH; k++) {
			struct spi_front_result result;

			assert_int_equal(spi_front_wait(front, ids[k], &result),
					 0);
			status[i + k] = result.status;
		}
	}
}

/* Returns how many requests of the chunk failed. */
static unsigned int check_chunk(uint32_t from, const uint8_t *status)
{
	const struct fake_spidev_log *log = fake_spidev_take(0);
	unsigned int runs[CHUNK] = { 0 };
	unsigned int failed = 0;
	uint32_t number;

	assert_int_equal(log->sent_len % sizeof(number), 0);
	for (size_t at = 0; at < log->sent_len; at += sizeof(number)) {
		memcpy(&number, log->sent + at, sizeof(number));
		number = be32toh(number) - from;
		assert_true(number < CHUNK);
		runs[number]++;
	}
	for (uint32_t i = 0; i < CHUNK; i++) {
		assert_true(runs[i] <= 1);
		if (status[i] == VIRTIO_SPI_TRANS_OK)
			assert_int_equal(runs[i], 1);
		else if (status[i] != VIRTIO_SPI_TRANS_ERR)
			fail_msg("request %u, of %u: status %u", i, from,
				 status[i]);
		failed += status[i] != VIRTIO_SPI_TRANS_OK;
	}
	return failed;
}

static void check_runs(struct rig *rig)
{
	unsigned int failed = 0;
	struct spi_front *front;
	struct killer *killer;
	char device[128];
	const char *args[] = { device, "--keeper", RIG_WITH_PACKED, NULL };

	fake_spidev_need();
	snprintf(device, sizeof(device), "--device=%s,cs=transfer",
		 fake_spidev_make(0, &fake_spidev_plain));
	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	fake_spidev_take(0);
	killer = killer_start(&rig->daemon, CALM_US);
	for (uint32_t from = 0; from < 20 * CHUNK; from += CHUNK) {
		uint8_t status[CHUNK];

		run_chunk(front, from, status);
		failed += check_chunk(from, status);
	}
	print_message("%u kills, %u of %u requests failed\n",
		      killer_stop(killer), failed, 20 * CHUNK);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	fake_spidev_remove_all();
}

TEST_WITH(no_request_runs_twice, struct rig *rig)
{
	check_runs(rig);
}

TEST_WITH(no_request_runs_twice_on_a_packed_ring, struct rig *rig)
{
	rig->packed = true;
	check_runs(rig);
}

static void start_quick(struct rig *rig)
{
	char timeout[40];
	const char *const args[] = { "--device=sim:loopback", "--keeper",
				     timeout, NULL };

	snprintf(timeout, sizeof(timeout), "--keeper-timeout=%u",
		 killer_hang_timeout());
	daemon_start(&rig->daemon, 2, args);
}

TEST_WITH(stopped_process_is_replaced, struct rig *rig)
{
	struct spi_front *front;

	start_quick(rig);
	front = rig_open(rig, 0);
	rig_check_loopback(front, 10);
	process_stop(daemon_child(&rig->daemon));
	rig_check_loopback(front, 10);
	daemon_wait_log(&rig->daemon, "hangs, and is killed", 1);
	daemon_wait_log(&rig->daemon, "are served again", 1);
}

TEST_WITH(stopped_process_without_front_ends_is_replaced, struct rig *rig)
{
	start_quick(rig);
	process_stop(daemon_child(&rig->daemon));
	daemon_wait_log(&rig->daemon, "are served again", 1);
	rig_check_loopback(rig_open(rig, 0), 10);
}

TEST_WITH(failed_start_is_told_once, struct rig *rig)
{
	static const char *const args[] = { "--socket-path=none", "--keeper",
					    "--sandbox=off",
					    "--device=/no/such/device", NULL };
	const char *log;

	daemon_spawn(&rig->daemon, args);
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	log = daemon_stderr(&rig->daemon);
	assert_non_null(strstr(log, "/no/such/device"));
	assert_string_equal(strchr(log, '\n'), "\n");
}

static void start_flash(struct rig *rig, char *image, size_t size)
{
	char device[200];
	const char *args[] = { device, "--keeper", NULL };

	snprintf(image, size, "%s", daemon_file(&rig->daemon, "image"));
	snprintf(device, sizeof(device), "--device=sim:nor,size=64K,file=%s",
		 image);
	daemon_start(&rig->daemon, 1, args);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
}

/* The front end's main loop is not kept waiting for long. */
TEST_WITH(front_end_is_answered_while_nothing_can_serve, struct rig *rig)
{
	struct virtio_spi_wire_config before, after;
	struct spi_front *front;
	uint8_t id[3], command = 0x9f;
	char image[128];
	uint32_t base;

	start_flash(rig, image, sizeof(image));
	front = rig_open(rig, 0);
	assert_int_equal(spi_front_config(front, &before), 0);
	assert_int_equal(truncate(image, 100), 0);
	kill(daemon_child(&rig->daemon), SIGKILL);
	daemon_wait_log(&rig->daemon, "is started in 1 s", 1);
	assert_int_equal(spi_front_config(front, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(front_set_vring_enable(&front->fe, 0, false), 0);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base),
			 -EREMOTEIO);
	assert_int_equal(truncate(image, 65536), 0);
	daemon_wait_log(&rig->daemon, "are served again", 1);
	base = front_ring_base(&front->ring, front->ring.taken);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_tx(front, 0, &command, 1);
	rig_rx(front, 1, id, sizeof(id));
	assert_int_equal(id[0], 0xef);
	rig_close(rig, 0);
}

TEST_WITH(daemon_ends_while_nothing_can_serve, struct rig *rig)
{
	char image[128];

	start_flash(rig, image, sizeof(image));
	/* So the keeper knows that the process serves. */
	rig_open(rig, 0);
	rig_close(rig, 0);
	assert_int_equal(unlink(image), 0);
	assert_int_equal(mkdir(image, 0700), 0);
	kill(daemon_child(&rig->daemon), SIGKILL);
	daemon_wait_log(&rig->daemon, "is started in 1 s", 1);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_int_equal(rmdir(image), 0);
}

/* Who is killed is the guest's process, so nothing else shows. */
TEST_WITH(crash_of_an_idle_process_goes_unnoticed, struct rig *rig)
{
	struct spi_front *front;
	unsigned int before, threads;

	start_quick(rig);
	front = rig_open(rig, 0);
	rig_check_loopback(front, 10);
	threads = daemon_threads(&rig->daemon);
	killer_crash(&rig->daemon, SIGKILL);
	rig_check_loopback(front, 10);
	before = daemon_fds(&rig->daemon);
	for (unsigned int i = 0; i < 20; i++) {
		killer_crash(&rig->daemon, i % 2 ? SIGSEGV : SIGKILL);
		rig_check_loopback(front, 10);
	}
	assert_int_equal(daemon_fds(&rig->daemon), before);
	assert_int_equal(daemon_threads(&rig->daemon), threads);
}

/* Even if it is killed before it ever served. */
TEST_WITH(first_process_is_replaced, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:loopback", "--keeper",
					    NULL };

	for (unsigned int i = 0; i < 10; i++) {
		struct killer *killer;

		/* It listens, but may not serve yet. */
		daemon_start(&rig->daemon, 1, args);
		killer = killer_start(&rig->daemon, 5000);
		process_sleep_ms(20);
		killer_stop(killer);
		rig_check_loopback(rig_open(rig, 0), 10);
		rig_close(rig, 0);
		daemon_stop(&rig->daemon, SIGTERM);
	}
}

TEST_MAIN(rig_setup_idle, rig_teardown)
