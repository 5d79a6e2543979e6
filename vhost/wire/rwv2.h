/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * preadv2(2) and pwritev2(2) with RWF_NOWAIT, also where libc has none (glibc
 * before 2.27, musl before 1.2.5).
 */
#ifndef RWV2_H
#define RWV2_H

#include <sys/uio.h>

#ifndef RWF_NOWAIT
#include <sys/syscall.h>
#include <unistd.h>

#define RWF_NOWAIT 0x8

/* The kernel takes the offset as two halves, and drops what it has no use for.
 */
static inline ssize_t preadv2(int fd, const struct iovec *iov, int count,
			      off_t offset, int flags)
{
	return syscall(SYS_preadv2, fd, iov, count, (long)offset,
		       (long)(offset >> 32), flags);
}

static inline ssize_t pwritev2(int fd, const struct iovec *iov, int count,
			       off_t offset, int flags)
{
	return syscall(SYS_pwritev2, fd, iov, count, (long)offset,
		       (long)(offset >> 32), flags);
}
#endif

#endif
