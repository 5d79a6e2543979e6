/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Each call that can fail does so once, in one session after another, and the
 * next session is served as if nothing had happened; then each call of a start.
 * The calls are the preloaded library's (fault_shim.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/daemon/fault/fault.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

/* The most calls of one kind that fail, each in its turn */
#define PLACES_MAX 400

/* How long a front end waits for an answer that may not come */
#define FAULT_TIMEOUT_MS 300

static const char *const names[FAULT_KINDS] = {
	[FAULT_MEMORY] = "no memory",
	[FAULT_MAP] = "nothing to map",
	[FAULT_DESCRIPTOR] = "no descriptor",
	[FAULT_EPOLL] = "no place to wait",
	[FAULT_THREAD] = "no thread",
	[FAULT_IO] = "an error",
	[FAULT_INTERRUPTED] = "a signal",
	[FAULT_SHORT] = "a single byte",
};

static struct fault_control *control;

/* What the daemon has while nobody is connected */
static struct {
	unsigned int fds;
	int64_t blocks;
} idle;

/* Skips the case where the library cannot be preloaded. */
static void need_library(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip_because("the allocator cannot be replaced here");
#endif
}

/* Which of its two guests the file describes */
static void configure(const struct rig *rig, bool both)
{
	FILE *file = fopen(daemon_file(&rig->daemon, "conf"), "w");

	assert_non_null(file);
	fprintf(file, "guest socket=%s,device=sim:loopback\n",
		daemon_socket(&rig->daemon, 0));
	if (both)
		fprintf(file,
			"guest socket=%s.b,device=sim:nor,size=64K,"
			"cs=nor,device=sim:eeprom\n",
			daemon_socket(&rig->daemon, 0));
	assert_int_equal(fclose(file), 0);
}

/*
 * The daemon listens before it has all its threads, and then says that it
 * serves, unless that is the call which fails.
 */
static bool serves(const struct rig *rig)
{
	return daemon_listens(daemon_socket(&rig->daemon, 0)) &&
	       (daemon_count_log(&rig->daemon, "serving 1 guest") ||
		(control->kind == FAULT_IO && control->calls >= control->at));
}

/* Waits until the daemon has ended, or serves. Returns true if it does. */
static bool begins(struct rig *rig)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	siginfo_t info = { 0 };

	while (!serves(rig)) {
		waitid(P_PID, (id_t)rig->daemon.pid, &info,
		       WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid)
			return false;
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(1);
	}
	return true;
}

/* Starts the daemon with its file and @option, and does not wait for it. */
static void spawn(struct rig *rig, const char *option)
{
	char conf[DAEMON_PATH_MAX + 16];
	const char *args[] = { "--config", conf, option, NULL };

	snprintf(conf, sizeof(conf), "%s", daemon_file(&rig->daemon, "conf"));
	configure(rig, false);
	assert_int_equal(process_preload("fault-shim.so"), 0);
	daemon_spawn(&rig->daemon, args);
	process_preload(NULL);
}

static void start(struct rig *rig)
{
	spawn(rig, NULL);
	assert_true(begins(rig));
}

static void set_fault(enum fault_kind kind, uint32_t at)
{
	control->kind = FAULT_NONE;
	control->calls = 0;
	control->at = at;
	control->kind = kind;
}

/* Returns true if the fault has come about. */
static bool end_fault(void)
{
	control->kind = FAULT_NONE;
	return control->calls >= control->at;
}

static int exchange(struct spi_front *front)
{
	static const uint8_t tx[] = { 1, 2, 3, 4, 5 };
	uint8_t rx[sizeof(tx)];
	struct virtio_spi_wire_config config;
	const struct spi_front_request request = {
		.head = rig_head(0),
		.tx = tx,
		.tx_len = sizeof(tx),
		.rx = rx,
		.rx_len = sizeof(rx),
	};
	struct spi_front_result result;
	uint32_t base;
	int ret = spi_front_config(front, &config);

	if (!ret)
		ret = spi_front_transfer(front, &request, NULL, &result);
	if (!ret && result.status == VIRTIO_SPI_TRANS_OK)
		ret = memcmp(tx, rx, sizeof(tx)) ? -EBADMSG : 0;
	else if (!ret)
		ret = -EIO;
	return ret ? ret : front_stop_vring(&front->fe, 0, &base);
}

/* From the first message to the last. Returns 0 or a negative errno. */
static int run_session(struct rig *rig, int timeout_ms)
{
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front front;
	char path[DAEMON_PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s", options.path);
	options.path = path;
	options.ring_size = 128;
	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
	options.timeout_ms = timeout_ms;
	ret = spi_front_open(&front, &options);
	if (ret)
		return ret;
	ret = exchange(&front);
	spi_front_close(&front);
	return ret;
}

/*
 * Waits until the daemon has no more than when it was idle. A keeper may drop
 * what it held for a guest that could not be served.
 */
static void expect_nothing_leaked(struct rig *rig, const char *what,
				  uint32_t at)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (daemon_fds(&rig->daemon) > idle.fds ||
	       control->blocks > idle.blocks) {
		if (!deadline_left(deadline))
			fail_msg("call %u gives %s: %u descriptors, %lld "
				 "blocks; were %u, %lld",
				 at, what, daemon_fds(&rig->daemon),
				 (long long)control->blocks, idle.fds,
				 (long long)idle.blocks);
		process_sleep_ms(1);
	}
}

/*
 * Every call in turn; with a keeper, which passes messages on, there are three
 * times as many, and every third one is enough.
 */
static uint32_t next(uint32_t at)
{
	return at + (daemon_is_kept() ? 3 : 1);
}

/* Returns true if there was such a call. */
static bool run_with_fault(struct rig *rig, enum fault_kind kind, uint32_t at)
{
	bool came;
	int ret;

	set_fault(kind, at);
	run_session(rig, FAULT_TIMEOUT_MS);
	came = end_fault();
	daemon_check_alive(&rig->daemon);
	ret = run_session(rig, DAEMON_TIMEOUT_MS);
	if (ret)
		fail_msg("after call %u gave %s: %s", at, names[kind],
			 strerror(-ret));
	expect_nothing_leaked(rig, names[kind], at);
	return came;
}

static void note_idle(struct rig *rig)
{
	/* What is allocated once, at the first time, and what is freed late */
	process_sleep_ms(100);
	idle.fds = daemon_fds(&rig->daemon);
	idle.blocks = control->blocks;
}

TEST_WITH(session_with_a_fault_costs_nothing_but_itself, struct rig *rig)
{
	need_library();
	start(rig);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(run_session(rig, DAEMON_TIMEOUT_MS), 0);
	note_idle(rig);
	for (enum fault_kind kind = 1; kind < FAULT_KINDS; kind++) {
		uint32_t at = 1;
		unsigned int missed = 0;

		/* A session that is late makes fewer calls. */
		for (; at <= PLACES_MAX && missed < 3; at = next(at))
			missed = run_with_fault(rig, kind, at) ? 0 : missed + 1;
		print_message("%s: up to %u\n", names[kind], at - 1);
	}
}

/* How often the log says what became of a reload */
static unsigned int count_answers(const struct rig *rig)
{
	const char *log = daemon_stderr(&rig->daemon);
	unsigned int count = 0;

	for (; *log; log = strchr(log, '\n') + 1) {
		count += strstr(log, "configuration read, ") == log + 18 ||
			 strstr(log, "nothing was changed: ") == log + 18;
		if (!strchr(log, '\n'))
			break;
	}
	return count;
}

static void reload(struct rig *rig, bool both)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	unsigned int before = count_answers(rig);

	configure(rig, both);
	kill(rig->daemon.pid, SIGHUP);
	while (count_answers(rig) == before) {
		daemon_check_alive(&rig->daemon);
		if (!deadline_left(deadline))
			fail_msg("no answer: %s", daemon_stderr(&rig->daemon));
		process_sleep_ms(1);
	}
}

TEST_WITH(reload_with_a_fault_leaves_the_guest_alone, struct rig *rig)
{
	static const enum fault_kind kinds[] = {
		FAULT_MEMORY, FAULT_MAP,    FAULT_DESCRIPTOR,
		FAULT_EPOLL,  FAULT_THREAD,
	};

	need_library();
	start(rig);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(run_session(rig, DAEMON_TIMEOUT_MS), 0);
		reload(rig, true);
		reload(rig, false);
	}
	note_idle(rig);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t at = 1;
		bool came;

		do {
			set_fault(kinds[i], at);
			reload(rig, true);
			came = end_fault();
			reload(rig, false);
			expect_nothing_leaked(rig, names[kinds[i]], at);
			at = next(at);
		} while (came && at < PLACES_MAX);
		print_message("%s: up to %u\n", names[kinds[i]], at - 1);
		assert_int_equal(run_session(rig, DAEMON_TIMEOUT_MS), 0);
	}
}

TEST_WITH(start_with_a_fault_serves_or_says_why_not, struct rig *rig)
{
	need_library();
	if (daemon_is_kept())
		skip_because("a keeper starts a process until it serves");
	for (enum fault_kind kind = 1; kind < FAULT_INTERRUPTED; kind++) {
		uint32_t at = 0;
		bool came;

		do {
			set_fault(kind, ++at);
			spawn(rig, "--sandbox=off");
			if (begins(rig)) {
				came = end_fault();
				assert_int_equal(
					run_session(rig, DAEMON_TIMEOUT_MS), 0);
				kill(rig->daemon.pid, SIGTERM);
				assert_int_equal(daemon_wait(&rig->daemon), 0);
			} else {
				came = end_fault();
				assert_int_equal(daemon_wait(&rig->daemon), 1);
				assert_non_null(
					strstr(daemon_stderr(&rig->daemon),
					       "vhost-device-spi: "));
			}
		} while (came && at < PLACES_MAX);
		print_message("%s: up to %u\n", names[kind], at - 1);
	}
}

static int setup(void **state)
{
	char path[DAEMON_PATH_MAX + 16];
	struct rig *rig;
	int fd;

	rig_setup_idle(state);
	rig = *state;
	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "fault"));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, sizeof(*control)), 0);
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	close(fd);
	assert_true(control != MAP_FAILED);
	setenv(FAULT_CONTROL, path, 1);
	return 0;
}

static int teardown(void **state)
{
	munmap(control, sizeof(*control));
	return rig_teardown(state);
}

TEST_MAIN(setup, teardown)
