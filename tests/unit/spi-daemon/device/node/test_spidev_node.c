/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Who has a device file open, and who has locked it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/system/clock.h"
#include "tests/lib/skip.h"

static char dir[] = "/tmp/test-spidev-node-XXXXXX";
static char path[64]; /* a device file in it, of /dev/null */

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	/* Other tests may run, with files of the same number. */
	snprintf(path, sizeof(path), "%s/spidev7.%d", dir, (int)getpid());
	if (!mknod(path, S_IFCHR | 0600, makedev(1, 3)) &&
	    access(path, R_OK) == 0)
		return 0;
	path[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (path[0])
		unlink(path);
	return rmdir(dir);
}

static void need_node(void)
{
	int fd = path[0] ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		skip_because("no device file can be made in /tmp (it takes "
			     "root)");
	close(fd);
}

/* Another process, which has the file open, and locked if @lock is not 0. */
static pid_t start_other(int lock)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int fd = open(path, O_RDWR);

		if (fd < 0 || (lock && flock(fd, lock) < 0) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void stop_other(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A child of this process has its name, which under valgrind is another. */
static const char *name_of(pid_t pid)
{
	static char text[SPIDEV_PROCESS_MAX];
	FILE *file = fopen("/proc/self/comm", "re");
	char comm[17];

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%16[^\n]", comm), 1);
	fclose(file);
	snprintf(text, sizeof(text), "%s (process %d)", comm, (int)pid);
	return text;
}

static void file_is_not_opened_while_another_process_locks_it(void **state)
{
	char who[SPIDEV_PROCESS_MAX];
	pid_t pid;
	int fd;

	(void)state;
	need_node();
	pid = start_other(LOCK_EX);
	assert_int_equal(spidev_node_open(path, false), -EWOULDBLOCK);
	assert_int_equal(spidev_node_open(path, true), -EWOULDBLOCK);
	spidev_node_holder(path, getpid(), who, sizeof(who));
	assert_string_equal(who, name_of(pid));
	stop_other(pid);

	pid = start_other(LOCK_SH);
	assert_int_equal(spidev_node_open(path, false), -EWOULDBLOCK);
	fd = spidev_node_open(path, true);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	stop_other(pid);
	fd = spidev_node_open(path, false);
	assert_true(fd >= 0);
	close(fd);
}

static void holder_is_unknown_when_nobody_is_seen(void **state)
{
	char who[SPIDEV_PROCESS_MAX];

	(void)state;
	spidev_node_holder("/nowhere", getpid(), who, sizeof(who));
	assert_string_equal(who, "another process");
	need_node();
	spidev_node_holder(path, getpid(), who, sizeof(who));
	assert_string_equal(who, "another process");
}

static void other_process_with_the_file_open_is_found(void **state)
{
	char link[80], who[SPIDEV_PROCESS_MAX];
	int own;
	pid_t pid;

	(void)state;
	need_node();
	own = open(path, O_RDWR | O_CLOEXEC);
	assert_true(own >= 0);
	/* /dev/null itself, which many have open, has another name. */
	assert_int_equal(spidev_node_find_user(path, getpid(), CLOCK_NEVER, who,
					       sizeof(who)),
			 0);
	pid = start_other(0);
	assert_int_equal(spidev_node_find_user(path, getpid(), CLOCK_NEVER, who,
					       sizeof(who)),
			 pid);
	assert_string_equal(who, name_of(pid));
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(spidev_node_find_user(link, getpid(), CLOCK_NEVER, who,
					       sizeof(who)),
			 pid);
	unlink(link);
	/* The time is over before it begins. */
	assert_int_equal(
		spidev_node_find_user(path, getpid(), 0, who, sizeof(who)), 0);
	stop_other(pid);
	close(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			file_is_not_opened_while_another_process_locks_it),
		cmocka_unit_test(holder_is_unknown_when_nobody_is_seen),
		cmocka_unit_test(other_process_with_the_file_open_is_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
