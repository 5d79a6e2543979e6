/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/wire/pass_fd.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr head;
};

int vhost_pass_fd(int sock, const void *bytes, size_t size, int fd)
{
	union control control = { .head = {
					  .cmsg_len = CMSG_LEN(sizeof(fd)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
				  } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes,
			     .iov_len = size };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	return sendmsg(sock, &hdr, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int vhost_receive_fd(int sock, void *bytes, size_t size, int *fd)
{
	union control control;
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &hdr, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = CMSG_FIRSTHDR(&hdr);

	*fd = -1;
	if (n < 0)
		return -errno;
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(head), sizeof(*fd));
	if ((size_t)n == size && !(hdr.msg_flags & MSG_TRUNC))
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return n ? -EPROTO : -ECONNRESET;
}
