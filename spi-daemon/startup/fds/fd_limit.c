/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "spi-daemon/startup/fds/fd_limit.h"

int fd_limit_raise(unsigned int guests, char *text, size_t text_size)
{
	unsigned long long least =
		FD_LIMIT_BASE + FD_LIMIT_GUEST * 1ull * guests;
	unsigned long long safe = least + FD_LIMIT_BURST * 1ull * guests;
	struct rlimit limit;

	text[0] = '\0';
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		/* If it is refused, the limit that remains is checked. */
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= safe)
		return 0;
	snprintf(text, text_size,
		 "%u guests need %llu file descriptors, %llu if all are "
		 "hostile; the limit (ulimit -Hn) is %llu",
		 guests, least, safe, (unsigned long long)limit.rlim_cur);
	return limit.rlim_cur < least ? -EMFILE : 0;
}
