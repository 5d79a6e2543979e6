/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * statx(2), also where libc has none (glibc before 2.28, musl before 1.2.5):
 * the kernel's own headers declare what is needed. A kernel without it (before
 * 4.11) fails with ENOSYS.
 */
#ifndef STATX_H
#define STATX_H

#include <fcntl.h>
#include <sys/stat.h>

#ifndef STATX_TYPE
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int statx(int dir, const char *path, int flags, unsigned int mask,
			struct statx *stat)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, stat);
}
#endif

#endif
