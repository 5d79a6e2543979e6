/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/mounts.h"

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

/*
 * A mount is named by its mount point, and the mount that a chroot is in has
 * its mount point outside. Entering the mount namespace leaves the chroot.
 */
static int leave_chroot(void)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int ret;

	if (ns < 0)
		return -errno;
	ret = setns(ns, CLONE_NEWNS) < 0 ? -errno : 0;
	close(ns);
	return ret;
}

/*
 * Makes the current directory the root of the mount namespace: mounts it, with
 * all that is mounted below, on itself, and unmounts everything else.
 */
static int become_root(void)
{
	long tree = syscall(SYS_open_tree, AT_FDCWD, ".",
			    TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);
	int ret = 0;

	/* The third leaves the old root mounted on the new one. */
	if (tree < 0 ||
	    syscall(SYS_move_mount, tree, "", AT_FDCWD, ".",
		    MOVE_FROM_EMPTY_PATH) < 0 ||
	    fchdir((int)tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		ret = -errno;
	if (tree >= 0)
		close((int)tree);
	return ret;
}

static int replace_plain_root(void)
{
	char cwd[PATH_MAX];
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (root < 0 || !getcwd(cwd, sizeof(cwd)))
		return -errno;
	ret = leave_chroot();
	if (!ret)
		ret = make_all_private();
	if (!ret && fchdir(root) < 0)
		ret = -errno;
	close(root);
	if (!ret)
		ret = become_root();
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
	return ret == -EINVAL ? replace_plain_root() : ret;
}
