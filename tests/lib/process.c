// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_LOG_BYTES 3000

int64_t process_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void process_sleep_ms(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static void run_child(const char *const *argv, const char *log, pid_t parent)
{
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int in = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before the line above. */
	if (getppid() != parent)
		_exit(127);

	if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(out, 2) < 0)
		_exit(127);
	/* exec promises not to change the strings. */
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	perror(argv[0]);
	_exit(127);
}

pid_t process_start(const char *const *argv, const char *log)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(argv, log, parent);
	return pid;
}

int process_preload(const char *name)
{
	char *exe, path[PATH_MAX];

	if (!name) {
		unsetenv("LD_PRELOAD");
		return 0;
	}
	exe = realpath("/proc/self/exe", NULL);
	if (!exe)
		return -errno;
	snprintf(path, sizeof(path), "%s/%s", dirname(exe), name);
	free(exe);
	return setenv("LD_PRELOAD", path, 1) ? -errno : 0;
}

bool process_is_running(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	/* WNOWAIT leaves the status to process_wait(). */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == 0;
}

/* The thread may have ended meanwhile. */
static bool thread_runs(int task, const char *thread)
{
	char path[NAME_MAX + 8], state = 'X';
	int fd;
	FILE *file;

	snprintf(path, sizeof(path), "%s/stat", thread);
	fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	if (file)
		fclose(file);
	return !strchr("TZX", state);
}

void process_stop(pid_t pid)
{
	char path[64];
	bool runs;

	kill(pid, SIGSTOP);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	do {
		DIR *tasks = opendir(path);
		struct dirent *entry;

		runs = false;
		while (tasks && (entry = readdir(tasks)))
			if (entry->d_name[0] != '.' &&
			    thread_runs(dirfd(tasks), entry->d_name))
				runs = true;
		if (tasks)
			closedir(tasks);
		if (runs)
			process_sleep_ms(1);
	} while (runs);
}

int process_wait(pid_t pid, int timeout_ms)
{
	int64_t deadline = process_now_ms() + timeout_ms;
	int status;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended < 0)
			return -errno;
		if (ended == pid)
			break;
		if (process_now_ms() >= deadline)
			return -ETIMEDOUT;
		process_sleep_ms(10);
	}
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

void process_show_log(const char *title, const char *log)
{
	char text[SHOWN_LOG_BYTES + 1];
	FILE *file = fopen(log, "r");
	size_t len;

	if (!file)
		return;
	if (fseek(file, -SHOWN_LOG_BYTES, SEEK_END) < 0)
		rewind(file);
	len = fread(text, 1, SHOWN_LOG_BYTES, file);
	text[len] = '\0';
	fclose(file);
	fprintf(stderr, "--- %s, its end:\n%s%s---\n", title, text,
		len && text[len - 1] != '\n' ? "\n" : "");
}

int process_make_dir(char *dir, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	/* A socket's path has 107 bytes at most. */
	if (!tmp || strlen(tmp) > 50)
		tmp = "/tmp";
	if ((size_t)snprintf(dir, size, "%s/vhost-spi.XXXXXX", tmp) >= size)
		return -ENAMETOOLONG;
	return mkdtemp(dir) ? 0 : -errno;
}

void process_remove_dir(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	if (!stream)
		return;
	while ((entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
	rmdir(dir);
}
