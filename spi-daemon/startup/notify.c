/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/startup/notify.h"

/* Stores the address of the service manager. Returns its length; 0: none. */
static socklen_t find_manager(struct sockaddr_un *addr, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len >= sizeof(addr->sun_path)) {
		log_warning("NOTIFY_SOCKET=%.200s is too long", name);
		len = 0;
	}
	if (!len)
		return 0;
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, name, len);
	if (*name == '@') /* an abstract address */
		addr->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void notify_send(const char *message, const int *fds, unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(NOTIFY_FDS_MAX * sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
			      .cmsg_len = CMSG_LEN(count * sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
		      } };
	const char *name = getenv("NOTIFY_SOCKET");
	struct iovec iov = { (void *)(uintptr_t)message, strlen(message) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sockaddr_un addr;
	int fd;

	hdr.msg_name = &addr;
	hdr.msg_namelen = find_manager(&addr, name);
	if (!hdr.msg_namelen)
		return;
	if (count) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendmsg(fd, &hdr, MSG_NOSIGNAL) < 0)
		log_warning("NOTIFY_SOCKET=%.200s: %m", name);
	if (fd >= 0)
		close(fd);
}

static void notify(const char *message)
{
	notify_send(message, NULL, 0);
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
