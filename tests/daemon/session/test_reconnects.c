/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Front ends that come and go leave nothing behind. */
#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define RECONNECTS 10000
#define WHOLE	   4	/* of them, one in so many with a ring at work */
#define SLACK_KB   1024 /* of memory that an allocator may keep */

static void reconnect(struct rig *rig, unsigned int i)
{
	struct spi_front *front;

	if (i % WHOLE == 0) {
		rig_check_loopback(rig_open(rig, 0), 100);
	} else {
		front = rig_connect(rig, 0);
		if (i % 2)
			rig_check_control(front);
	}
	rig_close(rig, 0);
}

TEST_WITH(ten_thousand_reconnects_leave_nothing, struct rig *rig)
{
	struct spi_front *other = rig_open(rig, 1);
	unsigned int fds, threads;
	unsigned long memory;
	size_t log;

	fds = daemon_fds(&rig->daemon);
	for (unsigned int i = 0; i < 100; i++)
		reconnect(rig, i);
	daemon_expect_fds(&rig->daemon, fds);
	threads = daemon_threads(&rig->daemon);
	memory = daemon_memory_kb(&rig->daemon);
	for (unsigned int i = 0; i < RECONNECTS; i++) {
		reconnect(rig, i);
		if (i % 100 == 0)
			rig_check_loopback(other, 100);
	}
	daemon_expect_fds(&rig->daemon, fds);
	assert_int_equal(daemon_threads(&rig->daemon), threads);
	assert_true(daemon_memory_kb(&rig->daemon) <= memory + SLACK_KB);
	/* Nor do they fill the log. */
	log = strlen(daemon_stderr(&rig->daemon));
	assert_true(log < 16384);
}

TEST_MAIN(rig_setup, rig_teardown)
