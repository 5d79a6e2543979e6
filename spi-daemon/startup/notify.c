/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/startup/notify.h"

static void notify(const char *message)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;
	int fd;

	if (!len)
		return;
	if (len >= sizeof(addr.sun_path)) {
		log_warning("NOTIFY_SOCKET=%.200s is too long", name);
		return;
	}
	memcpy(addr.sun_path, name, len);
	if (*name == '@') /* an abstract address */
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    sendto(fd, message, strlen(message), MSG_NOSIGNAL,
		   (struct sockaddr *)&addr,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
		    0)
		log_warning("NOTIFY_SOCKET=%.200s: %m", name);
	if (fd >= 0)
		close(fd);
}

void notify_ready(const char *status)
{
	char message[200];

	snprintf(message, sizeof(message), "READY=1\nSTATUS=%s\n", status);
	notify(message);
}

void notify_reloading(void)
{
	char message[100];

	/* The time identifies the reload, if several follow each other. */
	snprintf(message, sizeof(message),
		 "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
		 clock_now() / NS_PER_US);
	notify(message);
}

void notify_stopping(void)
{
	notify("STOPPING=1\n");
}
