// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* QEMU listens (server=on), and the daemon connects. */
#include <signal.h>
#include <stdio.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"

#define PATH_SIZE (DAEMON_PATH_MAX + 64)

static void boot(struct bench *b)
{
	char chardev[PATH_SIZE];
	const char *args[] = { "-chardev", chardev, "-device",
			       "vhost-user-spi-pci,chardev=spi0,addr=0x10",
			       NULL };

	snprintf(chardev, sizeof(chardev), "socket,id=spi0,path=%s,server=on",
		 daemon_file(&b->daemon, "vm"));
	b->qemu[0] = (struct qtest){ .peer_log = b->daemon_log };
	qtest_start(&b->qemu[0], args);
	spi_driver_start(bench_find(b, &b->qemu[0], 0), BENCH_SPLIT);
	spi_driver_check_echo(&b->spi[0], 100, 1);
	spi_driver_check_id(&b->spi[0]);
}

static struct bench *open_bench(void **state, const char *more)
{
	struct bench *b = *state;
	char option[PATH_SIZE];
	const char *args[] = { BENCH_DEVICES, option, more, NULL };

	qtest_need_kit();
	daemon_init(&b->daemon);
	snprintf(option, sizeof(option), "--connect=%s",
		 daemon_file(&b->daemon, "vm"));
	daemon_spawn(&b->daemon, args);
	snprintf(b->daemon_log, sizeof(b->daemon_log), "%s",
		 daemon_file(&b->daemon, "stderr"));
	daemon_wait_log(&b->daemon, "guest 0: connects to ", 1);
	return b;
}

static void end(struct bench *b)
{
	assert_int_equal(qtest_stop(&b->qemu[0]), 0);
}

static void qemu_is_served_when_it_ends_and_starts_again(void **state)
{
	struct bench *b = open_bench(state, NULL);

	for (int i = 0; i < 3; i++) {
		boot(b);
		end(b);
	}
}

/* It leaves its socket's file behind. */
static void qemu_is_served_when_it_was_killed(void **state)
{
	struct bench *b = open_bench(state, NULL);

	boot(b);
	qtest_kill(&b->qemu[0]);
	boot(b);
	end(b);
}

static void qemu_stays_when_the_serving_process_is_killed(void **state)
{
	struct bench *b = open_bench(state, "--keeper");

	boot(b);
	kill(daemon_child(&b->daemon), SIGKILL);
	daemon_wait_log(&b->daemon, "the guests are served again", 1);
	spi_driver_check_echo(&b->spi[0], 100, 2);
	end(b);
	boot(b);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(qemu_is_served_when_it_ends_and_starts_again),
		BENCH_TEST(qemu_is_served_when_it_was_killed),
		BENCH_TEST(qemu_stays_when_the_serving_process_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
