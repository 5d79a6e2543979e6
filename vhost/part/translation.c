/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/translation.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "vhost/wire/peer_fd.h"
#include "vhost/wire/wire.h"

static_assert((unsigned int)IOTLB_READ == VHOST_ACCESS_RO, "protocol value");
static_assert((unsigned int)IOTLB_WRITE == VHOST_ACCESS_WO, "protocol value");

void vhost_translation_init(struct vhost_translation *t)
{
	*t = (struct vhost_translation){ .channel = -1 };
	iotlb_init(&t->iotlb);
}

void vhost_translation_clear(struct vhost_translation *t)
{
	iotlb_clear(&t->iotlb);
}

void vhost_translation_close_channel(struct vhost_translation *t)
{
	vhost_close_fd(&t->channel);
	/* The next channel is asked again for what this one was asked for. */
	vhost_translation_forget_wants(t);
}

void vhost_translation_close_old_channel(struct vhost_translation *t)
{
	if (!t->channel_is_new)
		vhost_translation_close_channel(t);
	t->channel_is_new = false;
}

void vhost_translation_set_channel(struct vhost_translation *t, int fd)
{
	vhost_translation_close_channel(t);
	t->channel = fd;
	t->channel_is_new = true;
}

/*
 * No answer is asked for, so none has to come. Whatever comes is thrown away,
 * so that the channel does not fill up.
 */
static void drop_input(int fd)
{
	uint8_t bytes[256];

	for (unsigned int i = 0; i < 8; i++)
		if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
			return;
}

/* Returns true if it was sent. A channel that died is closed. */
static bool send_miss(struct vhost_translation *t,
		      const struct iotlb_miss *miss)
{
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_iotlb iotlb;
	} __attribute__((packed)) msg = {
		.header = {
			.request = VHOST_USER_BACKEND_IOTLB_MSG,
			.flags = VHOST_USER_VERSION,
			.size = sizeof(msg.iotlb),
		},
		.iotlb = {
			.iova = miss->iova,
			.access = (uint8_t)miss->access,
			.type = VHOST_IOTLB_MISS,
		},
	};
	int *fd = &t->channel;
	ssize_t n;

	if (*fd < 0)
		return false;
	drop_input(*fd);
	n = send(*fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == sizeof(msg))
		return true;
	/* A message that was sent in part cannot be taken back. */
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		vhost_close_fd(fd);
	return false;
}

/*
 * Finds the want for @miss. NULL if it was not missing before, or if an answer
 * may have come, and become invalid, since.
 */
static const struct vhost_want *find_want(const struct vhost_translation *t,
					  const struct iotlb_miss *miss)
{
	if (t->asked_at != t->iotlb.changes)
		return NULL;
	for (unsigned int i = 0; i < t->want_count; i++)
		if (t->wants[i].miss.iova == miss->iova &&
		    t->wants[i].miss.access == miss->access)
			return &t->wants[i];
	return NULL;
}

void vhost_translation_want(struct vhost_translation *t,
			    const struct iotlb_miss *misses, unsigned int count)
{
	struct vhost_want wants[VHOST_MAX_WANTS] = { 0 };

	for (unsigned int i = 0; i < count; i++) {
		const struct vhost_want *known = find_want(t, &misses[i]);

		if (!known)
			t->asks++;
		wants[i].miss = misses[i];
		wants[i].asked = known && known->asked;
		if (!wants[i].asked)
			wants[i].asked = send_miss(t, &misses[i]);
	}
	memcpy(t->wants, wants, count * sizeof(wants[0]));
	t->want_count = count;
	t->asked_at = t->iotlb.changes;
}

void vhost_translation_forget_wants(struct vhost_translation *t)
{
	t->want_count = 0;
}

bool vhost_translation_lacks(struct vhost_translation *t,
			     const struct guest_mem *mem,
			     const struct chain *chain)
{
	struct iotlb_miss misses[VHOST_MAX_WANTS];
	unsigned int count = chain_misses(chain, mem, misses, VHOST_MAX_WANTS);

	if (count)
		vhost_translation_want(t, misses, count);
	return count;
}
