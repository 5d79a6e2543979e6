/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A device's own state, for a migration. Where the rings stand is not in it:
 * the front end has that from GET_VRING_BASE, and guest memory.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vhost/handlers.h"
#include "virtio/mem/file_kind.h"

static const uint8_t magic[8] = { 'V', 'H', 'D', 'S', 'T', 'A', 'T', 'E' };

#define STATE_VERSION 1

/*
 * Begins the state; little-endian. The config space and the device's bytes
 * follow it. A guest has read its config space and relies on it, so the
 * destination must have the same.
 */
struct wire_head {
	uint8_t magic[8];
	uint32_t version;
	uint32_t config_size;
	uint32_t device_size;
	uint32_t padding; /* zero */
};
static_assert(sizeof(struct wire_head) == 24, "our layout");
static_assert(VHOST_STATE_MAX == sizeof(struct wire_head) +
					 VHOST_USER_CONFIG_MAX +
					 VHOST_DEVICE_STATE_MAX,
	      "whatever is saved fits");

static uint32_t encode(const struct vhost_session *s, uint8_t *to)
{
	const struct vhost_device *device = s->device;
	uint8_t *device_state =
		to + sizeof(struct wire_head) + device->config_size;
	struct wire_head head = { 0 };
	uint32_t size = 0;

	if (device->ops->save)
		size = device->ops->save(device->opaque, device_state);
	memcpy(head.magic, magic, sizeof(magic));
	head.version = htole32(STATE_VERSION);
	head.config_size = htole32(device->config_size);
	head.device_size = htole32(size);
	memcpy(to, &head, sizeof(head));
	if (device->config_size)
		memcpy(to + sizeof(head), device->config, device->config_size);
	return (uint32_t)(device_state - to) + size;
}

/* The channel is the front end's: never wait for its other end. */
static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int kind = file_kind(fd);

	if (kind != FILE_PIPE && kind != FILE_SOCKET && kind != FILE_MEMORY &&
	    kind != FILE_DISK)
		return -EINVAL;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* All at once: what has no room for so little will not be read at all. */
static int save(struct vhost_session *s, int fd)
{
	uint8_t blob[VHOST_STATE_MAX];
	uint32_t size = encode(s, blob);
	ssize_t n = write(fd, blob, size);

	if (n < 0)
		return vhost_refuse(s, "write: %s", strerror(errno));
	if (n != (ssize_t)size)
		return vhost_refuse(s, "the channel takes %zd of %u bytes", n,
				    size);
	s->state.stage = VHOST_STATE_SAVED;
	return 0;
}

void vhost_drop_state(struct vhost_session *s)
{
	vhost_close_fd(&s->state.fd);
	s->state.stage = VHOST_STATE_NONE;
	s->state.have = 0;
}

int vhost_set_device_state_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_state_transfer *t = &msg->payload.transfer;
	int fd = vhost_msg_take_fd(msg, 0);
	int ret = 0;

	vhost_drop_state(s);
	if (fd < 0)
		return vhost_refuse(s, "comes without a descriptor");
	if (t->direction > VHOST_USER_STATE_LOAD ||
	    t->phase != VHOST_USER_STATE_STOPPED)
		ret = vhost_refuse(s, "direction %u, phase %u", t->direction,
				   t->phase);
	else if (set_nonblocking(fd) < 0)
		ret = vhost_refuse(s, "a descriptor that is no channel");
	else if (t->direction == VHOST_USER_STATE_SAVE)
		ret = save(s, fd);
	else
		s->state.stage = VHOST_STATE_LOADS;

	if (s->state.stage == VHOST_STATE_LOADS)
		s->state.fd = fd;
	else
		vhost_close_fd(&fd); /* the end of what was saved */
	s->reply.u64 = VHOST_USER_STATE_NO_FD;
	s->reply_size = sizeof(s->reply.u64);
	return ret;
}

void vhost_session_read_state(struct vhost_session *s)
{
	struct vhost_state *state = &s->state;
	ssize_t n;

	while (state->fd >= 0) {
		/* One byte of room more than any state has. */
		n = read(state->fd, state->blob + state->have,
			 sizeof(state->blob) - state->have);
		/* EINTR is not among them: see vhost_signal_fd(). */
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0)
			state->have += (uint32_t)n;
		if (n > 0 && state->have < sizeof(state->blob))
			continue;
		/* What is too long is nothing that was saved here. */
		if (n)
			state->have = 0;
		vhost_close_fd(&state->fd);
	}
}

static int apply(struct vhost_session *s)
{
	const struct vhost_device *device = s->device;
	const uint8_t *blob = s->state.blob;
	struct wire_head head;
	uint64_t left = s->state.have;
	uint32_t size;

	if (left < sizeof(head))
		return vhost_refuse(s, "it is cut short, or none of ours");
	memcpy(&head, blob, sizeof(head));
	left -= sizeof(head);
	if (memcmp(head.magic, magic, sizeof(magic)) || head.padding)
		return vhost_refuse(s, "it is none of ours");
	if (le32toh(head.version) != STATE_VERSION)
		return vhost_refuse(s, "it has version %u",
				    le32toh(head.version));
	size = le32toh(head.device_size);
	if (left != (uint64_t)le32toh(head.config_size) + size)
		return vhost_refuse(s, "it is cut short, or too long");
	blob += sizeof(head);
	if (le32toh(head.config_size) != device->config_size ||
	    (device->config_size &&
	     memcmp(blob, device->config, device->config_size)))
		return vhost_refuse(s, "it is of a device with another config");
	if (device->ops->load
		    ? device->ops->load(device->opaque,
					blob + device->config_size, size) < 0
		    : size != 0)
		return vhost_refuse(s, "it makes no sense to the device");
	return 0;
}

/* The driver goes on, wherever a ring starts next. */
static int load(struct vhost_session *s)
{
	int ret;

	vhost_session_read_state(s);
	if (s->state.fd >= 0)
		return vhost_refuse(s, "the channel has not ended");
	ret = apply(s);
	if (ret < 0) {
		s->state.stage = VHOST_STATE_NONE;
		return ret;
	}
	s->state.stage = VHOST_STATE_LOADED;
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		s->rings[i].loaded = true;
	return 0;
}

int vhost_check_device_state(struct vhost_session *s, struct vhost_msg *msg)
{
	int ret = 0;

	(void)msg;
	switch (s->state.stage) {
	case VHOST_STATE_NONE:
		ret = vhost_refuse(s, "no state was transferred");
		break;
	case VHOST_STATE_LOADS:
		ret = load(s);
		break;
	case VHOST_STATE_SAVED:
		/* Better no migration than one with a stale page. */
		if (s->log.lost)
			ret = vhost_refuse(s, "dirty pages were not logged");
		break;
	case VHOST_STATE_LOADED:
		break;
	}
	s->reply.u64 = 0;
	s->reply_size = sizeof(s->reply.u64);
	return ret;
}
