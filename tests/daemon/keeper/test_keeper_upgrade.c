/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A daemon with --keeper is upgraded, or not. */
#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/host/emulator.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

TEST_WITH(upgrade_is_made_by_one_command, struct rig *rig)
{
	struct spi_front *front;
	pid_t before;

	copy_start(rig, "");
	front = rig_open(rig, 0);
	rig_check_loopback(front, 10);
	before = daemon_child(&rig->daemon);
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, ": upgraded", 1);
	assert_true(daemon_child(&rig->daemon) != before);
	rig_check_loopback(front, 10);
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, "upgrades 1", 1);
	rig_close(rig, 0);
	copy_stop(rig);
}

TEST_WITH(upgrade_to_what_cannot_run_is_refused, struct rig *rig)
{
	const char *copy = daemon_file(&rig->daemon, "copy");
	struct spi_front *front;
	FILE *file;
	pid_t before;

	copy_start(rig, "");
	front = rig_open(rig, 0);
	before = daemon_child(&rig->daemon);
	copy_configure(rig, ",no-such-key=1");
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "not upgraded: vhost-device-spi: ", 1);
	daemon_wait_log(&rig->daemon, "no-such-key", 1);
	copy_configure(rig, "");
	copy = daemon_file(&rig->daemon, "copy");
	assert_int_equal(unlink(copy), 0);
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "No such file", 1);
	file = fopen(daemon_file(&rig->daemon, "copy"), "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "the new binary fails", 1);
	assert_int_equal(daemon_child(&rig->daemon), before);
	rig_check_loopback(front, 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* However near a crash the operator asks, before it or after it. */
TEST_WITH(upgrade_that_is_asked_for_at_a_crash_is_made, struct rig *rig)
{
	static const char *const args[] = { "--keeper", "--device=sim:loopback",
					    NULL };
	struct spi_front *front;

	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	for (unsigned int i = 1; i <= 20; i++) {
		const pid_t child = daemon_child(&rig->daemon);

		kill(i % 2 ? child : rig->daemon.pid,
		     i % 2 ? SIGKILL : SIGUSR2);
		usleep(i / 4 * 300);
		kill(i % 2 ? rig->daemon.pid : child,
		     i % 2 ? SIGUSR2 : SIGKILL);
		daemon_wait_log(&rig->daemon, ": upgraded", i);
		daemon_wait_log(&rig->daemon, "the keeper runs", i);
		rig_check_loopback(front, 10);
		rig_check_control(front);
	}
	rig_close(rig, 0);
}

/*
 * A process that has served is started again at once, though it dies while the
 * next binary checks its options.
 */
TEST_WITH(crashes_in_upgrades_are_no_failures, struct rig *rig)
{
	static const char *const args[] = { "--keeper", "--device=sim:loopback",
					    NULL };
	struct spi_front *front;
	unsigned int alone;

	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	alone = daemon_children(&rig->daemon);
	for (unsigned int i = 0; i < 120; i++) {
		pid_t child;

		/* So long it has to serve. */
		process_sleep_ms(10);
		child = daemon_child(&rig->daemon);
		kill(rig->daemon.pid, SIGUSR2);
		for (unsigned int n = 0; n < 1000; n++)
			if (daemon_children(&rig->daemon) > alone)
				break;
		/* There is none for a moment in each upgrade. */
		if (child)
			kill(child, SIGKILL);
		killer_wait_child(&rig->daemon, child);
		rig_check_control(front);
	}
	assert_int_equal(
		daemon_count_log(&rig->daemon, "the next is started in"), 0);
	rig_close(rig, 0);
}

/* A config space that the guest has read stays as it is. */
TEST_WITH(upgrade_that_changes_the_device_is_undone, struct rig *rig)
{
	struct virtio_spi_wire_config config;
	struct spi_front *front;

	copy_start(rig, "");
	front = rig_open(rig, 0);
	assert_int_equal(spi_front_config(front, &config), 0);
	copy_configure(rig, ",max-speed=1M");
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "another config space", 1);
	daemon_wait_log(&rig->daemon, "the one before is started again", 1);
	daemon_wait_log(&rig->daemon, "are served again", 1);
	rig_check_loopback(front, 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

TEST_WITH(upgrade_without_a_daemon_is_an_error, struct rig *rig)
{
	char command[512];

	assert_int_not_equal(copy_upgrade(rig), 0);
	snprintf(command, sizeof(command), "touch %s",
		 daemon_file(&rig->daemon, "pid"));
	assert_int_equal(system(command), 0);
	assert_int_not_equal(copy_upgrade(rig), 0);
}

/* What the operator has not asked for yet does not come by a crash. */
TEST_WITH(crash_goes_on_with_the_configuration_that_was_read, struct rig *rig)
{
	struct spi_front *front;

	copy_start(rig, "");
	front = rig_open(rig, 0);
	copy_configure(rig, ",no-such-key=1");
	for (unsigned int i = 0; i < 3; i++) {
		killer_crash(&rig->daemon, SIGKILL);
		rig_check_loopback(front, 10);
	}
	rig_close(rig, 0);
	copy_stop(rig);
}

/* However near a crash the operator asks. */
TEST_WITH(reload_that_is_asked_for_at_a_crash_is_made, struct rig *rig)
{
	copy_start(rig, "");
	for (unsigned int i = 1; i <= 20; i++) {
		kill(daemon_child(&rig->daemon), SIGKILL);
		usleep(i * 300);
		kill(rig->daemon.pid, SIGHUP);
		daemon_wait_log(&rig->daemon, "configuration read", i);
	}
	copy_stop(rig);
}

/* The process that was told to does not live to do it. */
TEST_WITH(statistics_that_are_asked_for_at_a_crash_are_logged, struct rig *rig)
{
	copy_start(rig, "");
	for (unsigned int i = 1; i <= 10; i++) {
		const pid_t child = daemon_child(&rig->daemon);

		process_stop(child);
		kill(rig->daemon.pid, SIGUSR1);
		usleep(i * 300);
		kill(child, SIGKILL);
		daemon_wait_log(&rig->daemon, ", upgrades 0", i);
		daemon_wait_log(&rig->daemon, "are served again", i);
	}
	copy_stop(rig);
}

static void check_max_speed(struct spi_front *front, uint32_t hz)
{
	struct virtio_spi_wire_config config;

	assert_int_equal(spi_front_config(front, &config), 0);
	assert_int_equal(le32toh(config.max_freq_hz), hz);
}

/* Neither by an upgrade that failed. */
TEST_WITH(undone_upgrade_undoes_the_configuration, struct rig *rig)
{
	struct spi_front *front;

	copy_start(rig, ",max-speed=2M");
	front = rig_open(rig, 0);
	check_max_speed(front, 2000000);
	copy_configure(rig, ",max-speed=1M");
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "are served again", 1);
	check_max_speed(front, 2000000);
	killer_crash(&rig->daemon, SIGKILL);
	check_max_speed(front, 2000000);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* A reload is what does bring it, and a crash does not take that back. */
TEST_WITH(crash_goes_on_with_the_configuration_that_was_reloaded,
	  struct rig *rig)
{
	copy_start(rig, ",max-speed=2M");
	copy_configure(rig, ",max-speed=1M");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read", 1);
	copy_configure(rig, ",no-such-key=1");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "nothing was changed", 1);
	killer_crash(&rig->daemon, SIGKILL);
	check_max_speed(rig_open(rig, 0), 1000000);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* Returns the file that process @pid runs. */
static ino_t running(pid_t pid)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void wait_replaced(const struct rig *rig)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	struct stat st;

	assert_int_equal(stat(daemon_file(&rig->daemon, "copy"), &st), 0);
	while (running(rig->daemon.pid) != st.st_ino) {
		if (!deadline_left(deadline))
			fail_msg("%s", daemon_stderr(&rig->daemon));
		process_sleep_ms(2);
	}
	assert_int_equal(running(daemon_child(&rig->daemon)), st.st_ino);
}

/* The process id, the child and all descriptors stay. */
TEST_WITH(upgrade_replaces_the_keeper_too, struct rig *rig)
{
	struct spi_front *front;
	unsigned int fds = 0;

	need_program_file();
	copy_start(rig, "");
	front = rig_open(rig, 0);
	for (unsigned int i = 0; i < 5; i++) {
		pid_t child;

		rig_check_loopback(front, 10);
		copy_replace(rig);
		assert_int_equal(copy_upgrade(rig), 0);
		wait_replaced(rig);
		child = daemon_child(&rig->daemon);
		rig_check_loopback(front, 10);
		rig_check_control(front);
		if (!fds)
			fds = daemon_fds(&rig->daemon);
		daemon_expect_fds(&rig->daemon, fds);
		assert_int_equal(daemon_child(&rig->daemon), child);
		killer_crash(&rig->daemon, SIGKILL);
		rig_check_loopback(front, 10);
		daemon_expect_fds(&rig->daemon, fds);
	}
	kill(rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&rig->daemon, "upgrades 5", 1);
	rig_close(rig, 0);
	rig_check_loopback(rig_open(rig, 0), 10);
	rig_close(rig, 0);
	copy_stop(rig);
	assert_int_not_equal(access(daemon_file(&rig->daemon, "pid"), F_OK), 0);
}

/* Makes the copy one that does not know images: they begin otherwise. */
static void forget_images(const struct rig *rig)
{
	/* Half of the number, as a processor may have it in two */
	const uint32_t magic = 0x74736e65;
	const char *path = daemon_file(&rig->daemon, "copy");
	unsigned int found = 0;
	struct stat st;
	char *bytes, *at;
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	close(fd);
	for (; (at = memmem(bytes, (size_t)st.st_size, &magic, 4)); found++)
		memcpy(at, "ENST", 4);
	munmap(bytes, (size_t)st.st_size);
	if (!found)
		skip_because("the number is not in one piece here");
}

TEST_WITH(keeper_stays_if_the_new_binary_cannot_take_over, struct rig *rig)
{
	struct spi_front *front;
	ino_t before;

	need_program_file();
	copy_start(rig, "");
	front = rig_open(rig, 0);
	before = running(rig->daemon.pid);
	copy_replace(rig);
	forget_images(rig);
	assert_int_equal(copy_upgrade(rig), 0);
	daemon_wait_log(&rig->daemon, "the keeper runs its old binary: ", 1);
	assert_true(running(rig->daemon.pid) == before);
	assert_true(running(daemon_child(&rig->daemon)) != before);
	rig_check_loopback(front, 10);
	killer_crash(&rig->daemon, SIGKILL);
	rig_check_loopback(front, 10);
	copy_replace(rig);
	assert_int_equal(copy_upgrade(rig), 0);
	wait_replaced(rig);
	rig_check_loopback(front, 10);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* A chip is held while an upgrade is asked for. */
TEST_WITH(upgrade_waits_for_the_end_of_a_message, struct rig *rig)
{
	static const char *const args[] = {
		"--keeper", "--device=sim:nor,size=64k,cs=spec,cs-hold=5000",
		NULL
	};
	uint8_t command = 0x9f, id[3];
	struct spi_front *front;
	pid_t before;

	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	before = daemon_child(&rig->daemon);
	rig_tx(front, 0, &command, 1);
	kill(rig->daemon.pid, SIGUSR2);
	/* It comes as far as to stop the ring, as a rule. */
	process_sleep_ms(200);
	assert_int_equal(daemon_child(&rig->daemon), before);
	rig_rx(front, 0, id, 1);
	rig_rx(front, 1, id + 1, 2);
	assert_int_equal(id[0], 0xef);
	killer_wait_child(&rig->daemon, before);
	rig_close(rig, 0);
}

/* But not for ever. */
TEST_WITH(upgrade_does_not_wait_for_a_silent_guest, struct rig *rig)
{
	static const char *const args[] = {
		"--keeper", "--device=sim:nor,size=64k,cs=spec,cs-hold=50", NULL
	};
	struct spi_front *front;
	uint8_t command = 0x9f;
	pid_t before;

	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	before = daemon_child(&rig->daemon);
	rig_tx(front, 0, &command, 1);
	kill(rig->daemon.pid, SIGUSR2);
	killer_wait_child(&rig->daemon, before);
	rig_check_control(front);
	rig_close(rig, 0);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
