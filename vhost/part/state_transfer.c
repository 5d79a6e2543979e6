/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/state_transfer.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vhost/wire/peer_fd.h"
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

static uint32_t encode(const struct vhost_device *device, uint8_t *to)
{
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

/* The channel is the front end's: nobody here waits for its other end. */
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

/* At once: a channel that has no room for so little is not read at all. */
static int write_all(const struct vhost_device *device, int fd,
		     struct vhost_reason *reason)
{
	uint8_t blob[VHOST_STATE_MAX];
	uint32_t size = encode(device, blob);
	ssize_t n = write(fd, blob, size);

	if (n < 0)
		return vhost_reason_set(reason, "write: %s", strerror(errno));
	if (n != (ssize_t)size)
		return vhost_reason_set(
			reason, "the channel takes %zd of %u bytes", n, size);
	return 0;
}

void vhost_state_init(struct vhost_state *state, struct wait_set *waits)
{
	*state = (struct vhost_state){ .fd = -1, .waits = waits };
}

static void close_channel(struct vhost_state *state)
{
	wait_set_forget(state->waits, state->fd);
	vhost_close_fd(&state->fd);
}

void vhost_state_drop(struct vhost_state *state)
{
	close_channel(state);
	state->stage = VHOST_STATE_NONE;
	state->have = 0;
}

int vhost_state_save(struct vhost_state *state,
		     const struct vhost_device *device, int fd,
		     struct vhost_reason *reason)
{
	int ret = 0;

	vhost_state_drop(state);
	if (set_nonblocking(fd) < 0)
		ret = vhost_reason_set(reason,
				       "a descriptor that is no channel");
	if (!ret)
		ret = write_all(device, fd, reason);
	vhost_close_fd(&fd); /* the end of what was saved */
	if (!ret)
		state->stage = VHOST_STATE_SAVED;
	return ret;
}

int vhost_state_load(struct vhost_state *state, int fd,
		     struct vhost_reason *reason)
{
	vhost_state_drop(state);
	if (set_nonblocking(fd) < 0) {
		vhost_close_fd(&fd);
		return vhost_reason_set(reason,
					"a descriptor that is no channel");
	}
	state->stage = VHOST_STATE_LOADING;
	state->fd = fd;
	return 0;
}

void vhost_state_read(struct vhost_state *state)
{
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
		close_channel(state);
	}
}

static int apply(const struct vhost_state *state,
		 const struct vhost_device *device, struct vhost_reason *reason)
{
	const uint8_t *blob = state->blob;
	struct wire_head head;
	uint64_t left = state->have;
	uint32_t size;

	if (left < sizeof(head))
		return vhost_reason_set(reason,
					"it is cut short, or none of ours");
	memcpy(&head, blob, sizeof(head));
	left -= sizeof(head);
	if (memcmp(head.magic, magic, sizeof(magic)) || head.padding)
		return vhost_reason_set(reason, "it is none of ours");
	if (le32toh(head.version) != STATE_VERSION)
		return vhost_reason_set(reason, "it has version %u",
					le32toh(head.version));
	size = le32toh(head.device_size);
	if (left != (uint64_t)le32toh(head.config_size) + size ||
	    size > VHOST_DEVICE_STATE_MAX)
		return vhost_reason_set(reason, "it is cut short, or too long");
	blob += sizeof(head);
	if (le32toh(head.config_size) != device->config_size ||
	    (device->config_size &&
	     memcmp(blob, device->config, device->config_size)))
		return vhost_reason_set(
			reason, "it is of a device with another config");
	if (device->ops->load
		    ? device->ops->load(device->opaque,
					blob + device->config_size, size) < 0
		    : size != 0)
		return vhost_reason_set(reason,
					"it makes no sense to the device");
	return 0;
}

int vhost_state_apply(struct vhost_state *state,
		      const struct vhost_device *device,
		      struct vhost_reason *reason)
{
	int ret;

	assert(state->stage == VHOST_STATE_LOADING);
	vhost_state_read(state);
	if (state->fd >= 0)
		return vhost_reason_set(reason, "the channel has not ended");
	ret = apply(state, device, reason);
	state->stage = ret < 0 ? VHOST_STATE_NONE : VHOST_STATE_LOADED;
	return ret;
}
