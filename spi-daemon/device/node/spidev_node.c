/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/files/files.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"

static int lock(int fd, const char *path, bool shared)
{
	if (!flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK)
		return -EWOULDBLOCK;
	log_warning("%s: cannot be locked: %s", path, strerror(errno));
	return 0;
}

int spidev_node_open(const char *path, bool shared)
{
	int fd = files_open(path, O_RDWR | O_NONBLOCK, 0);
	struct stat st;
	int ret;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		ret = -ENOTTY;
	else
		ret = lock(fd, path, shared);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Names a process, whose name need not be readable. */
static void name_process(pid_t pid, char *text, size_t size)
{
	char path[32], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	if (name[0])
		snprintf(text, size, "%s (process %d)", name, (int)pid);
	else
		snprintf(text, size, "process %d", (int)pid);
}

/*
 * The process of a line of /proc/locks, such as
 * "1: FLOCK  ADVISORY  WRITE 1234 00:06:15 0 EOF", if it locks @node; or 0.
 */
static pid_t locker(const char *line, const struct stat *node)
{
	unsigned int dev_major, dev_minor;
	unsigned long ino;
	int pid;

	if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%lu", &pid, &dev_major,
		   &dev_minor, &ino) != 4)
		return 0;
	return dev_major == major(node->st_dev) &&
			       dev_minor == minor(node->st_dev) &&
			       ino == node->st_ino
		       ? (pid_t)pid
		       : 0;
}

void spidev_node_holder(const char *path, pid_t except, char *text, size_t size)
{
	FILE *file = fopen("/proc/locks", "re");
	struct stat node;
	char line[128];
	pid_t pid = 0;

	if (file && !stat(path, &node))
		while (pid <= 0 && fgets(line, sizeof(line), file))
			pid = locker(line, &node);
	if (file)
		fclose(file);
	if (pid > 0)
		name_process(pid, text, size);
	/* Some file systems show other numbers there than stat(2) does. */
	else if (!spidev_node_find_user(path, except, CLOCK_NEVER, text, size))
		strlcpy(text, "another process", size);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Returns true if the link @link of /proc/PID/fd leads to the device @rdev. The
 * name comes first: stat(2) of any file could block.
 */
static bool leads_to(int dir, const char *link, const char *name, dev_t rdev)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, link, target, sizeof(target) - 1);
	struct stat st;

	if (n < 0)
		return false;
	target[n] = '\0';
	return !strcmp(last_part(target), name) &&
	       !fstatat(dir, link, &st, 0) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == rdev;
}

static bool has_open(pid_t pid, const char *name, dev_t rdev)
{
	char path[32];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = leads_to(dirfd(dir), entry->d_name, name, rdev);
	if (dir)
		closedir(dir);
	return found;
}

pid_t spidev_node_find_user(const char *path, pid_t except, uint64_t until,
			    char *text, size_t size)
{
	char real[PATH_MAX];
	const struct dirent *entry;
	struct stat st;
	pid_t found = 0;
	DIR *dir;

	if (!realpath(path, real) || stat(real, &st) < 0)
		return 0;
	dir = opendir("/proc");
	while (dir && !found && clock_now() < until && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtoimax(entry->d_name, NULL, 10);

		if (pid > 0 && pid != except &&
		    has_open(pid, last_part(real), st.st_rdev))
			found = pid;
	}
	if (dir)
		closedir(dir);
	if (found)
		name_process(found, text, size);
	return found;
}

void spidev_bus_name(const char *path, char *name, size_t size)
{
	char link[64], *real;
	struct stat st;

	strlcpy(name, path, size);
	if (files_stat(path, &st))
		return;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device",
		 major(st.st_rdev), minor(st.st_rdev));
	/* The chip's directory is in its controller's: .../spi0/spi0.1 */
	real = files_real(link);
	if (real)
		strlcpy(name, basename(dirname(real)), size);
	free(real);
}
