/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/mount.h, which does not go with every sys/mount.h. */
#define TREE_CLONE	     1
#define MOVE_FROM_EMPTY_PATH 4

static int make_all_private(void)
{
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ? -errno
								     : 0;
}

/* Makes the open directory @fd the root, and the current directory. */
static int change_root(int fd)
{
	return fchdir(fd) < 0 || chroot(".") < 0 ? -errno : 0;
}

/*
 * A mount is named by its mount point, and the one that a chroot is in has its
 * mount point outside. Entering the mount namespace leaves the chroot.
 */
static int make_private_from_outside(int root)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int ret;

	if (ns < 0)
		return -errno;
	ret = setns(ns, CLONE_NEWNS) < 0 ? -errno : make_all_private();
	close(ns);
	if (ret)
		return ret;
	return change_root(root);
}

/* Mounts the root directory, with all that is mounted below, on itself. */
static int mount_root(void)
{
	long tree = syscall(SYS_open_tree, AT_FDCWD, "/",
			    TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);
	int ret;

	if (tree < 0)
		return -errno;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/",
		    MOVE_FROM_EMPTY_PATH) < 0)
		ret = -errno;
	else
		ret = change_root((int)tree);
	close((int)tree);
	return ret;
}

static int leave_plain_root(void)
{
	char cwd[PATH_MAX];
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (root < 0 || !getcwd(cwd, sizeof(cwd)))
		return -errno;
	ret = make_private_from_outside(root);
	close(root);
	if (!ret)
		ret = mount_root();
	if (!ret && chdir(cwd) < 0)
		ret = -errno;
	return ret;
}

int mounts_make_private(void)
{
	int ret;

	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	ret = make_all_private();
	return ret == -EINVAL ? leave_plain_root() : ret;
}
