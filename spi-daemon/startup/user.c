/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/startup/user.h"

#define NAME_SIZE 64 /* Linux's useradd takes 32 at most */

static int explain(const char *text, const char *why, int ret, char *error,
		   size_t error_size)
{
	snprintf(error, error_size, "--user=%.100s: %s", text, why);
	return ret;
}

/* Stores the group after the colon in @text, or the user's own, in @gid. */
static int find_group(const char *text, const struct passwd *passwd, gid_t *gid,
		      char *error, size_t error_size)
{
	const char *colon = strchr(text, ':');
	struct group *group;

	*gid = passwd->pw_gid;
	if (!colon)
		return 0;
	group = getgrnam(colon + 1);
	if (!group)
		return explain(text, "there is no such group", -ENOENT, error,
			       error_size);
	*gid = group->gr_gid;
	return 0;
}

int user_become(const char *text, char *error, size_t error_size)
{
	char name[NAME_SIZE];
	struct passwd *passwd;
	uid_t uid;
	gid_t gid;
	int ret;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
	passwd = getpwnam(name);
	if (!passwd)
		return explain(text, "there is no such user", -ENOENT, error,
			       error_size);
	uid = passwd->pw_uid;
	ret = find_group(text, passwd, &gid, error, error_size);
	if (ret < 0)
		return ret;
	if (geteuid() == uid && getegid() == gid)
		return 0;
	if (geteuid() != 0)
		return explain(text, "only root can become another user",
			       -EPERM, error, error_size);
	/* The user comes last, because the other calls need root. */
	if (initgroups(name, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return explain(text, strerror(errno), -errno, error,
			       error_size);
	return 0;
}
