/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/example/rng_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/daemon/daemon.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

void rng_start(struct rng_process *rng)
{
	int64_t deadline = process_now_ms() + RNG_TIMEOUT_MS;
	const char *binary = getenv("VHOST_RNG");
	const char *argv[] = {
		binary ? binary : "build/tests/example/vhost-rng",
		rng->socket,
		NULL,
	};

	assert_int_equal(process_make_dir(rng->dir, sizeof(rng->dir)), 0);
	snprintf(rng->socket, sizeof(rng->socket), "%s/socket", rng->dir);
	snprintf(rng->log, sizeof(rng->log), "%s/log", rng->dir);
	rng->pid = process_start(argv, rng->log);
	assert_true(rng->pid > 0);
	while (!daemon_listens(rng->socket)) {
		assert_true(process_is_running(rng->pid));
		assert_true(process_now_ms() < deadline);
		process_sleep_ms(5);
	}
}

void rng_stop(struct rng_process *rng)
{
	process_show_log("output of vhost-rng", rng->log);
	assert_true(process_is_running(rng->pid));
	assert_int_equal(kill(rng->pid, SIGTERM), 0);
	assert_int_equal(process_wait(rng->pid, RNG_TIMEOUT_MS), 128 + SIGTERM);
	process_remove_dir(rng->dir);
}
