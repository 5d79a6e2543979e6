/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* These tests use the users root and nobody, which all systems have. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/user.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Runs @check in a child, which keeps the new user. Returns what it does. */
static int in_child(int (*check)(const char *), const char *text)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(check(text));
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	skip_because("not root, cannot change the user");
}

static gid_t wanted_gid(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? getgrnam(colon + 1)->gr_gid : getpwnam(text)->pw_gid;
}

/* Returns 0 if all ids are those of the new user, and root is out of reach. */
static int become_for_good(const char *text)
{
	gid_t gid = wanted_gid(text);
	uid_t uid = getpwnam("nobody")->pw_uid;
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, groups[8];
	char error[200];

	if (user_become(text, error, sizeof(error)) < 0)
		return 1;
	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	if (ruid != uid || euid != uid || suid != uid)
		return 2;
	if (rgid != gid || egid != gid || sgid != gid)
		return 3;
	if (getgroups(8, groups) != 1 || groups[0] != gid)
		return 4;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 5;
	/* A second call is no error. */
	return user_become(text, error, sizeof(error)) < 0 ? 6 : 0;
}

TEST(root_becomes_the_user_for_good)
{
	need_root();
	assert_int_equal(in_child(become_for_good, "nobody"), 0);
}

TEST(group_can_be_another)
{
	need_root();
	assert_int_equal(in_child(become_for_good, "nobody:daemon"), 0);
}

static int become_root_again(const char *text)
{
	char error[200];

	if (user_become("nobody", error, sizeof(error)) < 0)
		return 1;
	if (user_become(text, error, sizeof(error)) != -EPERM)
		return 2;
	return strcmp(error, "--user=root: only root can become another user")
		       ? 3
		       : 0;
}

TEST(others_cannot_become_root)
{
	need_root();
	assert_int_equal(in_child(become_root_again, "root"), 0);
}

TEST(present_user_is_no_error)
{
	struct passwd *self = getpwuid(geteuid());
	char error[200];

	if (!self || self->pw_gid != getegid()) {
		skip_because("this user has no entry");
	}
	assert_int_equal(user_become(self->pw_name, error, sizeof(error)), 0);
}

TEST(names_that_are_not_there_are_told)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "no-such-user", "there is no such user" },
		{ "", "there is no such user" },
		{ ":daemon", "there is no such user" },
		{ "nobody:no-such-group", "there is no such group" },
		{ "nobody:", "there is no such group" },
		{ X32 X32 X32, "there is no such user" },
	};
	char error[300], expected[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			user_become(cases[i].text, error, sizeof(error)),
			-ENOENT);
		snprintf(expected, sizeof(expected), "--user=%s: %s",
			 cases[i].text, cases[i].error);
		assert_string_equal(error, expected);
	}
}

TEST_MAIN(NULL, NULL)
