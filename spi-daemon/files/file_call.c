// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/files/file_call.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <syslog.h>
#include <unistd.h>

#include "vhost/listen/connect.h"

static int errno_of(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int store_text(struct file_call *call, const char *text)
{
	return strlcpy(call->text, text, call->text_size) < call->text_size
		       ? 0
		       : -ENAMETOOLONG;
}

static int make_temp(struct file_call *call)
{
	int len = snprintf(call->text, call->text_size, "%s" FILE_TEMP_SUFFIX,
			   call->path);

	if (len < 0 || (size_t)len >= call->text_size)
		return -ENAMETOOLONG;
	return errno_of(mkostemp(call->text, O_CLOEXEC));
}

static int find_real(struct file_call *call)
{
	char *real = realpath(call->path, NULL);
	int ret = real ? store_text(call, real) : -errno;

	free(real);
	return ret;
}

static int find_room(struct file_call *call)
{
	struct statvfs fs;

	if (statvfs(call->path, &fs) < 0)
		return -errno;
	call->value.bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

static int find_group(struct file_call *call)
{
	const struct group *found = getgrnam(call->path);

	if (!found)
		return -ENOENT;
	call->value.id = found->gr_gid;
	return 0;
}

static int find_user(struct file_call *call)
{
	const struct passwd *found = getpwnam(call->path);

	if (!found)
		return -ENOENT;
	call->value.id = found->pw_uid;
	return 0;
}

int file_call_run(struct file_call *call)
{
	const char *path = call->path;

	switch (call->op) {
	case FILE_OPEN:
		return errno_of(
			open(path, call->flags | O_CLOEXEC, call->mode));
	case FILE_TEMP:
		return make_temp(call);
	case FILE_STAT:
		return errno_of(fstatat(AT_FDCWD, path, &call->value.stat,
					call->flags));
	case FILE_REAL:
		return find_real(call);
	case FILE_RENAME:
		return errno_of(rename(path, call->to));
	case FILE_LINK:
		return errno_of(link(path, call->to));
	case FILE_UNLINK:
		return errno_of(unlink(path));
	case FILE_ROOM:
		return find_room(call);
	case FILE_CONNECT:
		return vhost_connect_now(path);
	case FILE_GROUP:
		return find_group(call);
	case FILE_USER:
		return find_user(call);
	case FILE_SYSLOG:
		syslog(call->flags, "%s", path);
		return 0;
	}
	return -EINVAL;
}
