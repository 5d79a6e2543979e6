/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/stats/stats_file.h"

#define FILE_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

static int explain(const char *path, const char *why, int ret, char *error,
		   size_t error_size)
{
	snprintf(error, error_size, "--stats=%.200s: %s", path, why);
	return ret;
}

int stats_file_open(struct stats_file *file, const char *path, char *error,
		    size_t error_size)
{
	struct stat st;
	char *temp;
	int fd;

	*file = (struct stats_file){ .path = NULL };
	if (!files_lstat(path, &st) && !S_ISREG(st.st_mode))
		return explain(path, "exists, and is not a regular file",
			       -EEXIST, error, error_size);
	fd = files_make_temp(path, &temp);
	if (fd < 0)
		return explain(path, strerror(-fd), fd, error, error_size);
	close(fd);
	files_unlink(temp);
	free(temp);
	file->path = strdup(path);
	if (!file->path)
		return explain(path, strerror(ENOMEM), -ENOMEM, error,
			       error_size);
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/* The mode does not depend on the umask. */
static int fill(int fd, const char *text)
{
	int ret = write_all(fd, text);

	if (!ret && fchmod(fd, FILE_MODE) < 0)
		ret = -errno;
	/* Some file systems report errors of writing here. */
	if (close(fd) < 0 && !ret)
		ret = -errno;
	return ret;
}

static int replace(const char *path, const char *text)
{
	char *temp;
	int fd, ret;

	if (!text)
		return -ENOMEM;
	/* Its suffix hides it from collectors of *.prom. */
	fd = files_make_temp(path, &temp);
	if (fd < 0)
		return fd;
	ret = fill(fd, text);
	if (!ret)
		ret = files_rename(temp, path);
	if (ret)
		files_unlink(temp);
	free(temp);
	return ret;
}

/* Logs the first of several failures, and the first success after them. */
static void tell(struct stats_file *file, int ret)
{
	if (ret && !file->fails)
		log_error("--stats=%s: %s", file->path, strerror(-ret));
	else if (!ret && file->fails)
		log_info("--stats=%s: is written again", file->path);
	file->fails = ret;
}

bool stats_file_write(struct stats_file *file, char *text)
{
	int ret;

	if (!file->path || (text && file->text && !strcmp(text, file->text))) {
		free(text);
		return false;
	}
	ret = replace(file->path, text);
	tell(file, ret);
	if (ret) {
		free(text);
		return true;
	}
	free(file->text);
	file->text = text;
	return true;
}

void stats_file_close(struct stats_file *file)
{
	if (file->text)
		files_unlink(file->path);
	free(file->text);
	free(file->path);
	*file = (struct stats_file){ .path = NULL };
}
