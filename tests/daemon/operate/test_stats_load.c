/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Looks at the daemon's statistics while its guests work. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/stats/stats_rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define OK VIRTIO_SPI_TRANS_OK

/* Two chips of one bus. */
#define CHIP ",device=sim:loopback,bus=x"
#define BOTH                                 \
	"guest name=a,socket=%s/a" CHIP "\n" \
	"guest name=b,socket=%s/b" CHIP "\n"

struct load {
	struct spi_front *front;
	atomic_bool over;
	unsigned int transfers;
	int ret;
};

static void *run_load(void *arg)
{
	struct load *l = arg;
	static const uint8_t bytes[16];
	struct spi_front_request request = { .tx = bytes, .tx_len = 16 };
	struct spi_front_result result = { .status = OK };

	request.head = rig_head(0);
	while (!atomic_load(&l->over) && !l->ret && result.status == OK) {
		l->ret = spi_front_transfer(l->front, &request, NULL, &result);
		l->transfers++;
	}
	if (result.status != OK)
		l->ret = -EIO;
	return NULL;
}

static void begin_load(struct load *load, pthread_t *thread,
		       struct spi_front *front)
{
	*load = (struct load){ .front = front };
	assert_int_equal(pthread_create(thread, NULL, run_load, load), 0);
}

static void end_load(struct load *load, pthread_t thread)
{
	atomic_store(&load->over, true);
	pthread_join(thread, NULL);
	assert_int_equal(load->ret, 0);
}

#define SIGNALS 40

/* The log has a line for each guest, device and bus, each time. */
TEST_WITH(signal_logs_all_while_guests_work, struct rig *rig)
{
	struct load loads[2];
	pthread_t threads[2];

	stats_start(rig, BOTH);
	for (unsigned int i = 0; i < 2; i++)
		begin_load(&loads[i], &threads[i],
			   config_open(rig, i, i ? "b" : "a"));
	/* A front end can know a little earlier than the statistics. */
	stats_wait(rig, "guests{state=\"running\"}", 2);
	for (unsigned int i = 1; i <= SIGNALS; i++) {
		int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

		kill(rig->daemon.pid, SIGUSR1);
		while (daemon_count_log(&rig->daemon, "spi: bus sim:x: ") < i) {
			assert_true(deadline_left(deadline) > 0);
			usleep(1000);
		}
	}
	for (unsigned int i = 0; i < 2; i++)
		end_load(&loads[i], threads[i]);
	assert_int_equal(
		daemon_count_log(&rig->daemon, "spi: guest a: running; "),
		SIGNALS);
	assert_int_equal(
		daemon_count_log(&rig->daemon, "spi: guest b: running; "),
		SIGNALS);
	assert_int_equal(daemon_count_log(&rig->daemon,
					  "device sim:loopback: on bus sim:x"),
			 SIGNALS);
	assert_int_equal(
		daemon_count_log(&rig->daemon,
				 "device sim:loopback#2: on bus sim:x"),
		SIGNALS);
	stats_wait(rig, "guest_requests_total{guest=\"a\"}",
		   loads[0].transfers);
	stats_wait(rig, "guest_requests_total{guest=\"b\"}",
		   loads[1].transfers);
	stats_stop(rig);
}

/* They come faster than the seconds go by. */
TEST_WITH(signals_do_not_keep_the_file_from_being_written, struct rig *rig)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	stats_start(rig, BOTH);
	rig_check_loopback(config_open(rig, 0, "a"), 10);
	while (stats_value(rig, "guest_requests_total{guest=\"a\"}") != 1) {
		assert_true(deadline_left(deadline) > 0);
		kill(rig->daemon.pid, SIGUSR1);
		usleep(2000);
	}
	stats_stop(rig);
}

/* Each SIGHUP has it written, and each read finds all of it. */
TEST_WITH(file_is_whole_however_often_it_is_read, struct rig *rig)
{
	struct load load;
	pthread_t thread;
	double last = 0;

	stats_start(rig, BOTH);
	begin_load(&load, &thread, config_open(rig, 0, "a"));
	for (unsigned int i = 0; i < 300; i++) {
		double now =
			stats_value(rig, "guest_requests_total{guest=\"a\"}");

		assert_true(now >= last);
		last = now;
		if (i % 3 == 0)
			kill(rig->daemon.pid, SIGHUP);
	}
	end_load(&load, thread);
	assert_true(last > 0);
	stats_stop(rig);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
