/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/startup/fd_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/startup/notify.h"

/* The first descriptor that is passed: SD_LISTEN_FDS_START */
#define FIRST 3

/* More than any service manager passes */
#define MOST 65536

bool fd_store_may_exist(void)
{
	const char *manager = getenv("NOTIFY_SOCKET");

	return manager && *manager;
}

bool fd_store_outlives_service(void)
{
	const char *most = getenv("FDSTORE");

	return most && atoi(most) > 0;
}

void fd_store_put(const char *name, const int *fds, unsigned int count)
{
	char message[128];

	/* The store must not drop one that the other end of has gone. */
	snprintf(message, sizeof(message), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0\n",
		 name);
	notify_send(message, fds, count);
}

/* Returns how many descriptors were passed to this process. */
static int count_passed(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	int n = pid && count && atoi(pid) == (int)getpid() ? atoi(count) : 0;

	return n > 0 && n <= MOST ? n : 0;
}

unsigned int fd_store_take(const char *name, int *fds, unsigned int most)
{
	const char *names = getenv("LISTEN_FDNAMES");
	const int passed = count_passed();
	unsigned int count = 0;

	for (int fd = FIRST; fd < FIRST + passed; fd++) {
		size_t len = names ? strcspn(names, ":") : 0;
		bool wanted = names && len == strlen(name) &&
			      !strncmp(names, name, len);

		if (wanted && count < most &&
		    fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0)
			fds[count++] = fd;
		else
			close(fd);
		if (names)
			names += names[len] ? len + 1 : len;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}
