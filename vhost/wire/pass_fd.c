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

int vhost_pass_parts(int sock, const struct iovec *parts, size_t count, int fd)
{
	union control control = { .head = {
					  .cmsg_len = CMSG_LEN(sizeof(fd)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
				  } };
	struct msghdr hdr = {
		.msg_iov = (struct iovec *)(uintptr_t)parts,
		.msg_iovlen = count,
	};

	if (fd >= 0) {
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	return sendmsg(sock, &hdr, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int vhost_pass_fd(int sock, const void *bytes, size_t size, int fd)
{
	const struct iovec part = { (void *)(uintptr_t)bytes, size };

	return vhost_pass_parts(sock, &part, 1, fd);
}

ssize_t vhost_receive_parts(int sock, const struct iovec *parts, size_t count,
			    int *fd)
{
	union control control;
	struct msghdr hdr = {
		.msg_iov = (struct iovec *)(uintptr_t)parts,
		.msg_iovlen = count,
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
	if (n && !(hdr.msg_flags & MSG_TRUNC))
		return n;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return n ? -EPROTO : -ECONNRESET;
}

int vhost_receive_fd(int sock, void *bytes, size_t size, int *fd)
{
	const struct iovec part = { bytes, size };
	ssize_t n = vhost_receive_parts(sock, &part, 1, fd);

	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPROTO;
}
