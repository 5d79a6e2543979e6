/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/process.h"
#include "vhost/front/deadline.h"

#define MAX_ARGS 128

/* __SO_ACCEPTCON in the flags column of /proc/net/unix */
#define FLAG_LISTENING 0x10000

static void nap(void)
{
	usleep(2000);
}

const char *daemon_binary(void)
{
	const char *path = getenv("VHOST_DEVICE_SPI");

	return path ? path : "build/vhost-device-spi";
}

bool daemon_is_kept(void)
{
	return getenv("VHOST_KEEPER");
}

void daemon_init(struct daemon *d)
{
	int err;

	memset(d, 0, sizeof(*d));
	err = process_make_dir(d->dir, sizeof(d->dir));
	if (err)
		fail_msg("no directory: %s", strerror(-err));
	if (snprintf(d->socket, sizeof(d->socket), "%s/sock", d->dir) >=
	    (int)sizeof(d->socket))
		fail_msg("%s: too long", d->dir);
}

const char *daemon_file(const struct daemon *d, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", d->dir, name);
	return path;
}

const char *daemon_socket(const struct daemon *d, unsigned int index)
{
	static char path[DAEMON_PATH_MAX + 12];

	snprintf(path, sizeof(path), "%s%u", d->socket, index);
	return path;
}

/* In the child: between fork and exec. */
static void redirect(const struct daemon *d, const char *name, int to)
{
	int fd = open(daemon_file(d, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(126);
	close(fd);
}

void daemon_spawn(struct daemon *d, const char *const *args)
{
	const char *argv[MAX_ARGS] = { daemon_binary() };
	unsigned int count = 1;
	pid_t parent = getpid();

	for (; args[count - 1]; count++) {
		assert_true(count + 2 < MAX_ARGS);
		argv[count] = args[count - 1];
	}
	if (daemon_is_kept())
		argv[count] = "--keeper";
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(126);
	redirect(d, "stdout", STDOUT_FILENO);
	redirect(d, "stderr", STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	perror(argv[0]);
	_exit(127);
}

bool daemon_listens(const char *path)
{
	FILE *file = fopen("/proc/net/unix", "re");
	size_t path_len = strlen(path);
	bool found = false;
	char line[512];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned int flags;
		size_t len;

		line[strcspn(line, "\n")] = '\0';
		len = strlen(line);
		found = sscanf(line, "%*s %*s %*s %x", &flags) == 1 &&
			flags & FLAG_LISTENING && len > path_len &&
			line[len - path_len - 1] == ' ' &&
			!strcmp(line + len - path_len, path);
	}
	fclose(file);
	return found;
}

/* Returns true, and stores the exit status, if the daemon has ended. */
static bool reap(struct daemon *d, int *code)
{
	int status;

	if (waitpid(d->pid, &status, WNOHANG) != d->pid)
		return false;
	d->pid = 0;
	*code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

static void wait_listening(struct daemon *d)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	int code;

	for (unsigned int i = 0; i < d->sockets; i++) {
		while (!daemon_listens(daemon_socket(d, i))) {
			if (reap(d, &code))
				fail_msg("daemon ended with %d: %s", code,
					 daemon_stderr(d));
			if (!deadline_left(deadline))
				fail_msg("no socket %u: %s", i,
					 daemon_stderr(d));
			nap();
		}
	}
}

void daemon_start(struct daemon *d, unsigned int sockets,
		  const char *const *args)
{
	char path[DAEMON_PATH_MAX + 32], count[32];
	const char *all[MAX_ARGS] = { path, count };

	snprintf(path, sizeof(path), "--socket-path=%s", d->socket);
	snprintf(count, sizeof(count), "--socket-count=%u", sockets);
	for (unsigned int i = 0; args[i]; i++) {
		assert_true(i + 3 < MAX_ARGS);
		all[i + 2] = args[i];
	}
	d->sockets = sockets;
	daemon_spawn(d, all);
	wait_listening(d);
}

int daemon_wait(struct daemon *d)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	int code;

	while (!reap(d, &code)) {
		if (!deadline_left(deadline))
			fail_msg("the daemon does not end: %s",
				 daemon_stderr(d));
		nap();
	}
	return code;
}

void daemon_expect_refusal(struct daemon *d, const char *const *args,
			   const char *text)
{
	const char *log;

	daemon_spawn(d, args);
	assert_int_equal(daemon_wait(d), 1);
	log = daemon_stderr(d);
	if (!strstr(log, text) || strchr(log, '\n') != log + strlen(log) - 1)
		fail_msg("not one line with \"%s\": %s", text, log);
}

void daemon_stop(struct daemon *d, int signal)
{
	int code;

	daemon_check_alive(d);
	kill(d->pid, signal);
	code = daemon_wait(d);
	if (code != 0)
		fail_msg("the daemon ended with %d: %s", code,
			 daemon_stderr(d));
	for (unsigned int i = 0; i < d->sockets; i++)
		assert_int_not_equal(access(daemon_socket(d, i), F_OK), 0);
}

void daemon_clean(struct daemon *d)
{
	if (d->pid > 0) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
		d->pid = 0;
	}
	process_remove_dir(d->dir);
}

bool daemon_is_running(const struct daemon *d)
{
	return d->pid > 0 && process_is_running(d->pid);
}

void daemon_check_alive(const struct daemon *d)
{
	siginfo_t info = { 0 };

	assert_true(d->pid > 0);
	waitid(P_PID, d->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	if (info.si_pid)
		fail_msg("the daemon has ended (%d): %s", info.si_status,
			 daemon_stderr(d));
}

static const char *read_text(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "re");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[n] = '\0';
	return text;
}

const char *daemon_stdout(const struct daemon *d)
{
	return read_text(daemon_file(d, "stdout"));
}

const char *daemon_stderr(const struct daemon *d)
{
	return read_text(daemon_file(d, "stderr"));
}

unsigned int daemon_count_log(const struct daemon *d, const char *text)
{
	unsigned int count = 0;

	for (const char *at = daemon_stderr(d); (at = strstr(at, text)); at++)
		count++;
	return count;
}

void daemon_wait_log(const struct daemon *d, const char *text,
		     unsigned int count)
{
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	unsigned int seen;

	while ((seen = daemon_count_log(d, text)) < count) {
		if (!deadline_left(deadline))
			fail_msg("\"%s\" is %u times in the log, not %u: %s",
				 text, seen, count, daemon_stderr(d));
		process_sleep_ms(2);
	}
}

void daemon_show_log(const struct daemon *d)
{
	process_show_log("log of the daemon", daemon_file(d, "stderr"));
}

static void read_name(int pid, char *name, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	name[0] = '\0';
	file = fopen(path, "re");
	if (file && fgets(name, (int)size, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}

static FILE *open_children(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	return fopen(path, "re");
}

pid_t daemon_opener(pid_t pid)
{
	FILE *file = open_children(pid);
	char name[32] = "";
	int child;

	while (file && strcmp(name, "spi-opener") != 0 &&
	       fscanf(file, "%d", &child) == 1)
		read_name(child, name, sizeof(name));
	if (file)
		fclose(file);
	return strcmp(name, "spi-opener") != 0 ? 0 : child;
}

/* Stores the first one in @child. Returns how many there are. */
static unsigned int list_children(const struct daemon *d, int *child)
{
	FILE *file = open_children(d->pid);
	unsigned int count = 0;
	int pid;

	*child = 0;
	while (file && fscanf(file, "%d", &pid) == 1)
		if (!count++)
			*child = pid;
	if (file)
		fclose(file);
	return count;
}

pid_t daemon_child(const struct daemon *d)
{
	int child;

	list_children(d, &child);
	return child;
}

unsigned int daemon_children(const struct daemon *d)
{
	int child;

	return list_children(d, &child);
}

pid_t daemon_serving(const struct daemon *d)
{
	return daemon_is_kept() ? daemon_child(d) : d->pid;
}

static unsigned int count_of(pid_t pid, const char *what)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static unsigned int count_entries(const struct daemon *d, const char *what)
{
	unsigned int count = count_of(d->pid, what);

	if (daemon_is_kept())
		count += count_of(daemon_serving(d), what);
	return count;
}

unsigned int daemon_fds(const struct daemon *d)
{
	return count_entries(d, "fd");
}

void daemon_expect_fds(const struct daemon *d, unsigned int count)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (daemon_fds(d) != count && deadline_left(deadline))
		nap();
	assert_int_equal(daemon_fds(d), count);
}

unsigned int daemon_threads(const struct daemon *d)
{
	return count_entries(d, "task");
}

static unsigned long memory_kb(pid_t pid)
{
	unsigned long kb = 0;
	char path[64];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	at = strstr(read_text(path), "RssAnon:");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "RssAnon: %lu kB", &kb), 1);
	return kb;
}

unsigned long daemon_memory_kb(const struct daemon *d)
{
	unsigned long kb = memory_kb(d->pid);

	if (daemon_is_kept())
		kb += memory_kb(daemon_serving(d));
	return kb;
}
