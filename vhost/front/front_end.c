/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_end.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "vhost/front/deadline.h"

void front_end_adopt(struct front_end *fe, int fd, int timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	*fe = (struct front_end){
		.fd = fd,
		.timeout_ms = timeout_ms,
	};
	/* It applies to connect(2), too, when the backlog is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

int front_end_connect(struct front_end *fe, const char *path, int timeout_ms)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err, fd;

	*fe = (struct front_end){ .fd = -1 };
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	front_end_adopt(fe, fd, timeout_ms);
	if (connect(fe->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
		front_end_close(fe);
		return err;
	}
	return 0;
}

static void drop_reply_fd(struct front_end *fe)
{
	if (fe->has_reply_fd)
		close(fe->reply_fd);
	fe->has_reply_fd = false;
}

int front_end_take_fd(struct front_end *fe)
{
	int fd = fe->has_reply_fd ? fe->reply_fd : -1;

	fe->has_reply_fd = false;
	return fd;
}

void front_end_close(struct front_end *fe)
{
	if (fe->fd >= 0)
		close(fe->fd);
	fe->fd = -1;
	drop_reply_fd(fe);
}

static void attach_fds(struct msghdr *msg, const int *fds, unsigned int count)
{
	struct cmsghdr *cmsg;

	msg->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	memset(msg->msg_control, 0, msg->msg_controllen);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * count);
}

static int send_error(int err)
{
	if (err == EPIPE)
		return -ECONNRESET;
	return err == EAGAIN ? -ETIMEDOUT : -err;
}

int front_end_send_bytes(struct front_end *fe, const void *bytes, size_t len,
			 const int *fds, unsigned int fd_count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FRONT_END_MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd_count > FRONT_END_MAX_FDS)
		return -EINVAL;
	msg.msg_control = control.bytes;
	if (fd_count > 0)
		attach_fds(&msg, fds, fd_count);
	while (iov.iov_len > 0) {
		ssize_t n = sendmsg(fe->fd, &msg, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return send_error(errno);
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= n;
		msg.msg_controllen = 0;
	}
	return 0;
}

int front_end_send(struct front_end *fe, uint32_t request, uint32_t flags,
		   const void *payload, uint32_t size, const int *fds,
		   unsigned int fd_count)
{
	struct vhost_wire_header header = { request, flags, size };
	char bytes[sizeof(header) + sizeof(union vhost_wire_payload)];

	if (size > sizeof(union vhost_wire_payload))
		return -EMSGSIZE;
	memcpy(bytes, &header, sizeof(header));
	if (size > 0)
		memcpy(bytes + sizeof(header), payload, size);
	return front_end_send_bytes(fe, bytes, sizeof(header) + size, fds,
				    fd_count);
}

/* Waits until the socket is readable. */
static int wait_readable(struct front_end *fe, int64_t deadline)
{
	struct pollfd pfd = { .fd = fe->fd, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, deadline_left(deadline));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

/*
 * Receives bytes and keeps the first descriptor. There is room for one, so the
 * kernel closes further ones.
 */
static ssize_t receive_some(struct front_end *fe, void *bytes, size_t len)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		/* CMSG_SPACE() would leave room for a second one. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(fe->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *cmsg = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	if (cmsg && cmsg->cmsg_level == SOL_SOCKET &&
	    cmsg->cmsg_type == SCM_RIGHTS &&
	    cmsg->cmsg_len == CMSG_LEN(sizeof(int))) {
		drop_reply_fd(fe);
		memcpy(&fe->reply_fd, CMSG_DATA(cmsg), sizeof(int));
		fe->has_reply_fd = true;
	}
	return n;
}

static int receive_bytes(struct front_end *fe, void *bytes, size_t len,
			 int64_t deadline)
{
	char *at = bytes;

	while (len > 0) {
		int err = wait_readable(fe, deadline);
		ssize_t n;

		if (err)
			return err;
		n = receive_some(fe, at, len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		at += n;
		len -= n;
	}
	return 0;
}

int front_end_receive(struct front_end *fe, struct front_reply *reply)
{
	int64_t deadline = deadline_in(fe->timeout_ms);
	struct vhost_wire_header *header = &reply->header;
	int err;

	drop_reply_fd(fe);
	err = receive_bytes(fe, header, sizeof(*header), deadline);
	if (err)
		return err;
	if (header->flags != (VHOST_USER_VERSION | VHOST_USER_REPLY) ||
	    header->size > sizeof(reply->payload))
		return -EPROTO;
	return receive_bytes(fe, &reply->payload, header->size, deadline);
}

/* Receives the reply to @request. */
static int receive_answer(struct front_end *fe, uint32_t request,
			  struct front_reply *reply)
{
	int err = front_end_receive(fe, reply);

	if (!err && reply->header.request != request)
		err = -EPROTO;
	return err;
}

int front_end_ask(struct front_end *fe, uint32_t request, const void *payload,
		  uint32_t size, struct front_reply *reply)
{
	int err = front_end_send(fe, request, VHOST_USER_VERSION, payload, size,
				 NULL, 0);

	return err ? err : receive_answer(fe, request, reply);
}

int front_end_tell(struct front_end *fe, uint32_t request, const void *payload,
		   uint32_t size, const int *fds, unsigned int fd_count)
{
	bool ack = !fe->no_acks &&
		   front_end_has(fe, VHOST_USER_PROTOCOL_F_REPLY_ACK);
	uint32_t flags = VHOST_USER_VERSION;
	struct front_reply reply;
	int err;

	if (ack)
		flags |= VHOST_USER_NEED_REPLY;
	err = front_end_send(fe, request, flags, payload, size, fds, fd_count);
	if (err || !ack)
		return err;
	err = receive_answer(fe, request, &reply);
	if (err)
		return err;
	if (reply.header.size != sizeof(uint64_t))
		return -EPROTO;
	return reply.payload.u64 == 0 ? 0 : -EREMOTEIO;
}

int front_end_get_u64(struct front_end *fe, uint32_t request, uint64_t *value)
{
	struct front_reply reply;
	int err = front_end_ask(fe, request, NULL, 0, &reply);

	if (err)
		return err;
	if (reply.header.size == 0)
		return -EREMOTEIO;
	if (reply.header.size != sizeof(uint64_t))
		return -EPROTO;
	*value = reply.payload.u64;
	return 0;
}

int front_end_set_u64(struct front_end *fe, uint32_t request, uint64_t value)
{
	return front_end_tell(fe, request, &value, sizeof(value), NULL, 0);
}

int front_end_wait_closed(struct front_end *fe)
{
	int64_t deadline = deadline_in(fe->timeout_ms);
	char byte;
	int err;

	do
		err = receive_bytes(fe, &byte, 1, deadline);
	while (!err);
	return err == -ECONNRESET ? 0 : err;
}
