/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/libutil.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/startup/pid_file.h"

#define MODE 0644

/* Writes to @error why pidfile_open() failed with errno @err. */
static void explain(const char *path, int err, pid_t other, char *error,
		    size_t error_size)
{
	if (err == EEXIST && other > 0)
		snprintf(error, error_size,
			 "--pidfile=%.200s: already running, process %d", path,
			 (int)other);
	else if (err == EEXIST) /* locked, with no process id in it yet */
		snprintf(error, error_size,
			 "--pidfile=%.200s: another daemon is starting", path);
	else
		snprintf(error, error_size, "--pidfile=%.200s: %s", path,
			 strerror(err));
}

int pid_file_make(const char *path, char *error, size_t error_size)
{
	struct pidfh *file;
	pid_t other = -1;
	int fd = -1;
	int err;

	file = pidfile_open(path, MODE, &other);
	if (file && !fchmod(pidfile_fileno(file), MODE) && !pidfile_write(file))
		/* The lock belongs to the open file, and so to its copy. */
		fd = fcntl(pidfile_fileno(file), F_DUPFD_CLOEXEC, 0);
	err = errno;
	if (fd < 0)
		explain(path, err, other, error, error_size);
	if (file && fd < 0)
		pidfile_remove(file);
	else if (file)
		pidfile_close(file);
	return fd < 0 ? -err : fd;
}

/* Returns the id in the file that a process has locked; or a negative errno. */
static int read_locked(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid, ret;

	if (!file)
		return -errno;
	ret = fscanf(file, "%d", &pid) == 1 && pid > 0 ? pid : -ESRCH;
	/* libbsd locks it in this way. */
	if (!flock(fileno(file), LOCK_SH | LOCK_NB))
		ret = -ESRCH;
	fclose(file);
	return ret;
}

int pid_file_signal(const char *path, int sig, char *error, size_t error_size)
{
	int ret = read_locked(path);

	if (ret > 0)
		ret = kill(ret, sig) < 0 ? -errno : 0;
	if (ret == -ESRCH)
		snprintf(error, error_size, "--pidfile=%.200s: no daemon runs",
			 path);
	else if (ret < 0)
		snprintf(error, error_size, "--pidfile=%.200s: %s", path,
			 strerror(-ret));
	return ret;
}

void pid_file_remove(const char *path, int fd)
{
	struct stat file, found;

	if (fd < 0)
		return;
	/* Unlinking may need root. An empty file names no process to kill. */
	if (!ftruncate(fd, 0) && !fstat(fd, &file) && !lstat(path, &found) &&
	    file.st_dev == found.st_dev && file.st_ino == found.st_ino)
		unlink(path);
	close(fd);
}
