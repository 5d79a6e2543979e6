// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/files/opener.h"

static int ask(enum file_op op, const char *path, const char *to)
{
	struct file_call call = { .op = op, .path = path, .to = to };

	return opener_ask(&call);
}

int files_open(const char *path, int flags, mode_t mode)
{
	struct file_call call = {
		.op = FILE_OPEN,
		.flags = flags,
		.mode = mode,
		.path = path,
	};

	return opener_ask(&call);
}

FILE *files_read(const char *path)
{
	int fd = files_open(path, O_RDONLY, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd < 0)
		errno = -fd;
	else if (!file)
		close(fd);
	return file;
}

int files_make_temp(const char *name, char **temp)
{
	struct file_call call = {
		.op = FILE_TEMP,
		.path = name,
		.text_size = strlen(name) + sizeof(FILE_TEMP_SUFFIX),
	};
	int fd;

	call.text = *temp = malloc(call.text_size);
	fd = *temp ? opener_ask(&call) : -ENOMEM;
	if (fd < 0)
		free(*temp);
	return fd;
}

static int look_at(const char *path, struct stat *st, int flags)
{
	struct file_call call = {
		.op = FILE_STAT,
		.flags = flags,
		.path = path,
	};
	int ret = opener_ask(&call);

	if (!ret)
		*st = call.value.stat;
	return ret;
}

int files_stat(const char *path, struct stat *st)
{
	return look_at(path, st, 0);
}

int files_lstat(const char *path, struct stat *st)
{
	return look_at(path, st, AT_SYMLINK_NOFOLLOW);
}

int files_rename(const char *from, const char *to)
{
	return ask(FILE_RENAME, from, to);
}

int files_link(const char *from, const char *to)
{
	return ask(FILE_LINK, from, to);
}

int files_unlink(const char *path)
{
	return ask(FILE_UNLINK, path, NULL);
}

char *files_real(const char *path)
{
	char real[PATH_MAX] = "";
	struct file_call call = {
		.op = FILE_REAL,
		.path = path,
		.text = real,
		.text_size = sizeof(real),
	};
	int ret = opener_ask(&call);

	if (!ret)
		return strdup(real);
	errno = -ret;
	return NULL;
}

int files_room(const char *path, uint64_t *bytes)
{
	struct file_call call = { .op = FILE_ROOM, .path = path };
	int ret = opener_ask(&call);

	if (!ret)
		*bytes = call.value.bytes;
	return ret;
}

int files_connect(const char *path)
{
	return ask(FILE_CONNECT, path, NULL);
}

static int find_id(enum file_op op, const char *name, id_t *id)
{
	struct file_call call = { .op = op, .path = name };
	int ret = opener_ask(&call);

	if (!ret)
		*id = call.value.id;
	return ret;
}

int files_group(const char *name, gid_t *group)
{
	return find_id(FILE_GROUP, name, group);
}

int files_user(const char *name, uid_t *user)
{
	return find_id(FILE_USER, name, user);
}

void files_syslog(int priority, const char *text)
{
	struct file_call call = {
		.op = FILE_SYSLOG,
		.flags = priority,
		.path = text,
	};

	opener_ask(&call);
}
