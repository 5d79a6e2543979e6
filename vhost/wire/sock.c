/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost/wire/peer_fd.h"
#include "vhost/wire/sock.h"

/* More than a message may have, so that surplus ones are received and closed.
 */
#define RECV_FDS (VHOST_USER_MAX_FDS + 8)

/* No message is as long as this: the stream is not vhost-user. */
#define MAX_SIZE    (64u << 10)

#define HEADER_SIZE sizeof(struct vhost_wire_header)

/* Calls of recvmsg(2) at once: header, payload, and some for a slow peer. */
#define MAX_READS 8

void vhost_sock_init(struct vhost_sock *sock, int fd)
{
	*sock = (struct vhost_sock){ .fd = fd };
}

int vhost_msg_take_fd(struct vhost_msg *msg, unsigned int i)
{
	int fd;

	if (i >= msg->fd_count)
		return -1;
	fd = msg->fds[i];
	msg->fds[i] = -1;
	return fd;
}

void vhost_sock_next(struct vhost_sock *sock)
{
	for (unsigned int i = 0; i < sock->msg.fd_count; i++) {
		int fd = vhost_msg_take_fd(&sock->msg, i);

		vhost_close_fd(&fd);
	}
	sock->msg.fd_count = 0;
	sock->msg.fds_lost = false;
	sock->msg.too_long = false;
	sock->have = 0;
}

void vhost_sock_fini(struct vhost_sock *sock)
{
	vhost_sock_next(sock);
	close(sock->fd);
	sock->fd = -1;
}

static void take_control(struct vhost_msg *msg, struct msghdr *hdr)
{
	if (hdr->msg_flags & MSG_CTRUNC)
		msg->fds_lost = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c;
	     c = CMSG_NXTHDR(hdr, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (msg->fd_count < VHOST_USER_MAX_FDS) {
				msg->fds[msg->fd_count++] = fd;
			} else {
				vhost_close_fd(&fd);
				msg->fds_lost = true;
			}
		}
	}
}

/* Calls recvmsg(2) once for up to @want bytes. Returns how many it got. */
static ssize_t recv_some(struct vhost_sock *sock, void *buf, size_t want)
{
	union {
		char bytes[CMSG_SPACE(RECV_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = want };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	n = recvmsg(sock->fd, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	take_control(&sock->msg, &hdr);
	return n ? n : -ECONNRESET;
}

/*
 * Finds the buffer and size of the next part of the message. A payload that is
 * too long is read over the end of the buffer's payload, and lost, so that the
 * message after it can be read.
 */
static size_t next_part(struct vhost_sock *sock, uint8_t **buf)
{
	struct vhost_msg *msg = &sock->msg;
	size_t done, left;

	if (sock->have < HEADER_SIZE) {
		*buf = (uint8_t *)&msg->header + sock->have;
		return HEADER_SIZE - sock->have;
	}
	done = sock->have - HEADER_SIZE;
	left = msg->header.size - done;
	msg->too_long = msg->header.size > sizeof(msg->payload);
	*buf = (uint8_t *)&msg->payload;
	if (msg->too_long)
		return left < sizeof(msg->payload) ? left
						   : sizeof(msg->payload);
	*buf += done;
	return left;
}

bool vhost_sock_peek(const struct vhost_sock *sock, void *bytes, size_t size)
{
	return !sock->have && recv(sock->fd, bytes, size,
				   MSG_PEEK | MSG_DONTWAIT) == (ssize_t)size;
}

int vhost_sock_recv(struct vhost_sock *sock)
{
	for (unsigned int reads = 0;; reads++) {
		uint8_t *buf;
		size_t want = next_part(sock, &buf);
		ssize_t n;

		if (!want)
			return 1;
		if (sock->have >= HEADER_SIZE &&
		    sock->msg.header.size > MAX_SIZE)
			return -EPROTO;
		/* A peer that never pauses must not keep the caller here. */
		if (reads == MAX_READS)
			return 0;
		n = recv_some(sock, buf, want);
		if (n == -EAGAIN || n == -EINTR)
			return 0;
		if (n < 0)
			return (int)n;
		sock->have += (size_t)n;
	}
}

int vhost_sock_send(struct vhost_sock *sock,
		    const struct vhost_wire_header *header, const void *payload,
		    const int *fds, unsigned int fd_count)
{
	union {
		char bytes[CMSG_SPACE(VHOST_USER_MAX_FDS * sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
			      .cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
		      } };
	struct iovec iov[] = {
		{ .iov_base = (void *)(uintptr_t)header,
		  .iov_len = sizeof(*header) },
		{ .iov_base = (void *)(uintptr_t)payload,
		  .iov_len = header->size },
	};
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	if (fd_count) {
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, fd_count * sizeof(int));
	}
	n = sendmsg(sock->fd, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	/* To send the rest later would need a queue: the peer does not read. */
	return (size_t)n == sizeof(*header) + header->size ? 0 : -EAGAIN;
}

int vhost_sock_reply(struct vhost_sock *sock, uint32_t request,
		     const void *payload, uint32_t size)
{
	return vhost_sock_reply_fd(sock, request, payload, size, -1);
}

int vhost_sock_reply_fd(struct vhost_sock *sock, uint32_t request,
			const void *payload, uint32_t size, int fd)
{
	struct vhost_wire_header header = {
		.request = request,
		.flags = VHOST_USER_VERSION | VHOST_USER_REPLY,
		.size = size,
	};

	return vhost_sock_send(sock, &header, payload, &fd, fd >= 0);
}
