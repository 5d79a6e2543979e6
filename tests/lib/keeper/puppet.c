/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/keeper/puppet.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/keeper/copy.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

/* The directory of the daemon, and the binary to become */
#define DIRECTORY "PUPPET_DIRECTORY"
#define BECOMES	  "PUPPET_BECOMES"

static const char *find_role(char **argv)
{
	const char *legacy = getenv("VHOST_DEVICE_SPI_KEEPER");
	int link = -1, image = -1;

	if (!legacy || sscanf(legacy, "%d,%*d,%d", &link, &image) != 2)
		return "other";
	while (*argv && strcmp(*argv, "--check") != 0)
		argv++;
	if (*argv)
		return image >= 0 ? "probe" : "check";
	return link >= 0 ? "child" : "keeper";
}

static bool exists(const char *what, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s-%s", getenv(DIRECTORY), what, name);
	return !access(path, F_OK);
}

static void hold(const char *role)
{
	char path[PATH_MAX];

	if (!exists("hold", role))
		return;
	snprintf(path, sizeof(path), "%s/held-%s", getenv(DIRECTORY), role);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	while (exists("hold", role))
		usleep(1000);
	unlink(path);
}

void puppet_play(char **argv)
{
	const char *role = find_role(argv);
	char file[32];
	struct stat st;
	int exe;

	if (!getenv(DIRECTORY))
		return;
	exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fstat(exe, &st) < 0)
		_exit(EXIT_FAILURE);
	close(exe);
	hold(role);
	snprintf(file, sizeof(file), "%ju", (uintmax_t)st.st_ino);
	if (!strcmp(role, "child") && exists("break", file))
		_exit(EXIT_FAILURE);
	execv(getenv(BECOMES), argv);
	_exit(EXIT_FAILURE);
}

void puppet_replace(const struct rig *rig)
{
	char command[PATH_MAX + 512], copy[128], *self;

	self = realpath("/proc/self/exe", NULL);
	assert_non_null(self);
	snprintf(copy, sizeof(copy), "%s", daemon_file(&rig->daemon, "copy"));
	snprintf(command, sizeof(command), "cp %s %s.new && mv %s.new %s", self,
		 copy, copy, copy);
	free(self);
	assert_int_equal(system(command), 0);
}

void puppet_start(struct rig *rig, const char *keys)
{
	char all[256];

	snprintf(all, sizeof(all), "%s\nsandbox off", keys);
	setenv(DIRECTORY, rig->daemon.dir, 1);
	setenv(BECOMES, daemon_binary(), 1);
	copy_start(rig, all);
	unsetenv(DIRECTORY);
	puppet_replace(rig);
	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary", 1);
}

/* The path of what @what says of @name; valid until the next call. */
static const char *note(const struct rig *rig, const char *what,
			const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "%s-%s", what, name);
	return daemon_file(&rig->daemon, file);
}

static void make(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

void puppet_hold(const struct rig *rig, const char *role)
{
	make(note(rig, "hold", role));
}

void puppet_wait(const struct rig *rig, const char *role)
{
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (access(note(rig, "held", role), F_OK)) {
		if (!deadline_left(deadline))
			fail_msg("no %s waits: %s", role,
				 daemon_stderr(&rig->daemon));
		process_sleep_ms(1);
	}
}

void puppet_release(const struct rig *rig, const char *role)
{
	unlink(note(rig, "held", role));
	unlink(note(rig, "hold", role));
}

static const char *break_note(const struct rig *rig)
{
	struct stat st;
	char name[32];

	assert_int_equal(stat(daemon_file(&rig->daemon, "copy"), &st), 0);
	snprintf(name, sizeof(name), "%ju", (uintmax_t)st.st_ino);
	return note(rig, "break", name);
}

void puppet_break(const struct rig *rig)
{
	make(break_note(rig));
}

void puppet_mend(const struct rig *rig)
{
	unlink(break_note(rig));
}
