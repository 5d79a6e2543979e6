/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

/* As front_end_ask(), with a descriptor. An empty reply is -EREMOTEIO. */
static int ask_with_fd(struct front_end *fe, uint32_t request,
		       const void *payload, uint32_t size, int fd,
		       struct front_reply *reply)
{
	int err = front_end_send(fe, request, VHOST_USER_VERSION, payload, size,
				 &fd, 1);

	if (!err)
		err = front_end_receive(fe, reply);
	if (!err && reply->header.request != request)
		err = -EPROTO;
	if (!err && reply->header.size == 0)
		err = -EREMOTEIO;
	return err;
}

int front_set_log_base(struct front_end *fe, const struct front_log *log)
{
	struct vhost_wire_log payload = { log->size, log->offset };
	struct front_reply reply;
	int err = ask_with_fd(fe, VHOST_USER_SET_LOG_BASE, &payload,
			      sizeof(payload), log->fd, &reply);

	if (err)
		return err;
	if (reply.header.size != sizeof(payload) ||
	    reply.payload.log.size != payload.size ||
	    reply.payload.log.offset != payload.offset)
		return -EPROTO;
	return 0;
}

int front_set_log_fd(struct front_end *fe, int fd)
{
	return front_end_tell(fe, VHOST_USER_SET_LOG_FD, NULL, 0, &fd, 1);
}

int front_log_all(struct front_end *fe, bool on)
{
	uint64_t features = fe->features & ~FRONT_BIT(VHOST_F_LOG_ALL);
	int err;

	if (on)
		features |= FRONT_BIT(VHOST_F_LOG_ALL);
	err = front_end_set_u64(fe, VHOST_USER_SET_FEATURES, features);
	if (!err)
		fe->features = features;
	return err;
}

int front_log_vring(struct front_end *fe, uint32_t index,
		    const struct front_ring *ring, bool on, uint64_t log_addr)
{
	struct vhost_wire_vring_addr addr = front_vring_addr(index, ring);

	addr.flags = on ? 1u << VHOST_VRING_F_LOG : 0;
	addr.log = log_addr;
	return front_end_tell(fe, VHOST_USER_SET_VRING_ADDR, &addr,
			      sizeof(addr), NULL, 0);
}

int front_start_state(struct front_end *fe, uint32_t direction, int fd)
{
	struct vhost_wire_state_transfer transfer = {
		.direction = direction,
		.phase = VHOST_USER_STATE_STOPPED,
	};
	struct front_reply reply;
	int err = ask_with_fd(fe, VHOST_USER_SET_DEVICE_STATE_FD, &transfer,
			      sizeof(transfer), fd, &reply);

	if (err)
		return err;
	if (reply.header.size != sizeof(uint64_t))
		return -EPROTO;
	if (reply.payload.u64 & VHOST_USER_STATE_ERROR)
		return -EREMOTEIO;
	/* Without this flag the back end offers a channel of its own. */
	return reply.payload.u64 == VHOST_USER_STATE_NO_FD ? 0 : -EPROTO;
}

int front_check_state(struct front_end *fe)
{
	uint64_t result;
	int err = front_end_get_u64(fe, VHOST_USER_CHECK_DEVICE_STATE, &result);

	if (err)
		return err;
	return result ? -EREMOTEIO : 0;
}

/* Reads until the other end closes the pipe. */
static int read_all(struct front_end *fe, int fd, char *to, size_t room,
		    size_t *size)
{
	int64_t deadline = deadline_in(fe->timeout_ms);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	*size = 0;
	for (;;) {
		char extra;
		bool full = *size == room;
		ssize_t n;

		if (poll(&pfd, 1, deadline_left(deadline)) != 1)
			return -ETIMEDOUT;
		n = read(fd, full ? &extra : to + *size,
			 full ? 1 : room - *size);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (full)
			return -EMSGSIZE;
		*size += n;
	}
}

int front_save_state(struct front_end *fe, void *state, size_t room,
		     size_t *size)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	err = front_start_state(fe, VHOST_USER_STATE_SAVE, ends[1]);
	/* Else read_all() would never see the end. */
	close(ends[1]);
	if (!err)
		err = read_all(fe, ends[0], state, room, size);
	close(ends[0]);
	return err ? err : front_check_state(fe);
}

int front_load_state(struct front_end *fe, const void *state, size_t size)
{
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	err = front_start_state(fe, VHOST_USER_STATE_LOAD, ends[0]);
	close(ends[0]);
	if (!err && write(ends[1], state, size) != (ssize_t)size)
		err = -EIO;
	close(ends[1]);
	return err ? err : front_check_state(fe);
}
