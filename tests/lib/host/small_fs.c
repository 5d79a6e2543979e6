/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/host/small_fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/host/mounts.h"

bool small_fs_mount(const char *path, size_t size)
{
	char options[40];

	snprintf(options, sizeof(options), "size=%zu", size);
	if (mkdir(path, 0700) < 0)
		return false;
	if (!mounts_make_private() &&
	    !mount("tmpfs", path, "tmpfs", 0, options))
		return true;
	rmdir(path);
	return false;
}

static const char *filler(const char *path)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s/filler", path);
	return name;
}

void small_fs_fill(const char *path)
{
	int fd = open(filler(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char page[4096] = { 1 };

	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	close(fd);
}

void small_fs_drain(const char *path)
{
	assert_int_equal(unlink(filler(path)), 0);
}

void small_fs_detach(const char *path)
{
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

void small_fs_remove(const char *path)
{
	umount2(path, MNT_DETACH);
	rmdir(path);
}
