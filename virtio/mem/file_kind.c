/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "virtio/mem/file_kind.h"
#include "virtio/mem/statx.h"

static FILE *read_itself(const char *path)
{
	return fopen(path, "re");
}

static FILE *(*open_to_read)(const char *path) = read_itself;

void file_kind_read_by(FILE *(*open)(const char *path))
{
	open_to_read = open;
}

/* Other kernel objects can block: poll(2) of an epoll may ask a FUSE file. */
static bool is_eventfd(int fd)
{
	static const char eventfd_name[] = "anon_inode:[eventfd]";
	char link[40], name[sizeof(eventfd_name)] = { 0 };

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	/* The name of a regular file begins with a slash. */
	if (readlink(link, name, sizeof(name)) < 0)
		return errno == ENOENT;
	return !memcmp(name, eventfd_name, sizeof(name) - 1);
}

/*
 * Returns true for file systems that the kernel serves by itself. overlay is
 * one of them although the file system below it is unknown.
 */
static bool is_kernel_type(const char *type)
{
	static const char *const types[] = {
		"bcachefs", "btrfs",  "hugetlbfs", "overlay",
		"ramfs",    "rootfs", "tmpfs",	   "zfs",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/*
 * Returns true if line @text of mountinfo (proc_pid_mountinfo(5)) describes
 * the mount that @stat is of, or another one of its file system.
 */
static bool is_line_of(const char *text, const struct statx *stat)
{
	unsigned int major, minor;
	unsigned long long id;

	return sscanf(text, "%llu %*d %u:%u", &id, &major, &minor) == 3 &&
	       ((stat->stx_mask & STATX_MNT_ID && id == stat->stx_mnt_id) ||
		(major == stat->stx_dev_major && minor == stat->stx_dev_minor));
}

/* Looks up the type of a file system that has no block device. */
static bool is_on_kernel_fs(const struct statx *stat)
{
	FILE *mounts = open_to_read("/proc/self/mountinfo");
	bool is_kernel = false;
	char *line = NULL;
	size_t size = 0;

	if (!mounts)
		return false;
	while (!is_kernel && getline(&line, &size, mounts) > 0) {
		const char *end = strstr(line, " - ");
		char type[32];

		if (end && is_line_of(line, stat) &&
		    sscanf(end, " - %31s", type) == 1)
			is_kernel = is_kernel_type(type);
	}
	free(line);
	fclose(mounts);
	return is_kernel;
}

static enum file_kind kind_of_regular(int fd, const struct statx *stat)
{
	/* Only files in memory have seals. */
	if (fcntl(fd, F_GET_SEALS) >= 0)
		return FILE_MEMORY;
	if (stat->stx_dev_major || is_on_kernel_fs(stat))
		return FILE_DISK;
	return FILE_OTHER;
}

int file_kind(int fd)
{
	struct statx stat = { 0 };

	/* AT_STATX_DONT_SYNC: the kernel answers from what it has cached. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_MNT_ID, &stat) < 0)
		return errno == EBADF ? -EBADF : FILE_OTHER;
	switch (stat.stx_mode & S_IFMT) {
	case 0:
		return is_eventfd(fd) ? FILE_EVENTFD : FILE_OTHER;
	case S_IFIFO:
		return FILE_PIPE;
	case S_IFSOCK:
		return FILE_SOCKET;
	case S_IFREG:
		return (int)kind_of_regular(fd, &stat);
	case S_IFCHR:
		return FILE_DEVICE;
	default:
		return FILE_OTHER;
	}
}
