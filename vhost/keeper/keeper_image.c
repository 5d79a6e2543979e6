/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/keeper_image.h"

#include <stdlib.h>
#include <unistd.h>

#include "vhost/keeper/guests.h"
#include "vhost/keeper/session/relay_image.h"

#define GUESTS_MAX 4096

static void image_listener(struct image *image, struct vhost_listener *listener)
{
	uint32_t kind = listener->kind;

	image_u32(image, &kind, VHOST_CONNECTS);
	listener->kind = (enum vhost_listener_kind)kind;
	image_fd(image, &listener->fd);
	image_text(image, &listener->path);
	image_text(image, &listener->alias);
	image_data(image, &listener->dev, sizeof(listener->dev));
	image_data(image, &listener->ino, sizeof(listener->ino));
	image_data(image, &listener->peers, sizeof(listener->peers));
	if (listener->path &&
	    (listener->fd >= 0 || vhost_listen_is_over(listener)))
		return;
	image_reject(image);
	if (image->reads) {
		/* There is no socket to remove. */
		if (listener->fd >= 0)
			close(listener->fd);
		free(listener->path);
		free(listener->alias);
		listener->path = listener->alias = NULL;
		listener->fd = -1;
	}
}

/* A descriptor that leads to the back end */
static void image_back(struct image *image, int *fd,
		       enum keeper_image_kind kind)
{
	int none = -1;

	image_fd(image, kind == KEEPER_IMAGE_ALL ? fd : &none);
}

static void image_guest(struct image *image, struct keeper_guest *guest,
			enum keeper_image_kind kind, uint64_t now)
{
	image_name(image, guest->name, sizeof(guest->name));
	image_listener(image, &guest->listener);
	image_back(image, &guest->channel, kind);
	image_u64(image, &guest->hidden);
	image_flag(image, &guest->connected);
	image_data(image, &guest->peer, sizeof(guest->peer));
	image_u64(image, &guest->accept_at);
	image_u64(image, &guest->budget.until);
	image_u32(image, &guest->budget.crashes, UINT32_MAX);
	image_u64(image, &guest->held_until);
	if (guest->connected)
		keeper_relay_image(image, &guest->relay, kind);
	if (!image->reads || kind == KEEPER_IMAGE_ALL)
		return;
	guest->relay.since = guest->relay.alone_since = now;
	/* Somebody may have removed it meanwhile; another one is made. */
	if (guest->listener.kind == VHOST_LISTENS && guest->listener.fd >= 0 &&
	    !vhost_listen_has_file(&guest->listener)) {
		close(guest->listener.fd);
		guest->listener.fd = -1;
	}
}

static void image_guests(struct image *image, struct keeper *keeper,
			 enum keeper_image_kind kind, uint64_t now)
{
	uint32_t count = keeper->guest_count;

	image_u32(image, &count, GUESTS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		struct keeper_guest *guest = image->reads
						     ? keeper_guest_new(keeper)
						     : keeper->guests[i];

		if (guest)
			image_guest(image, guest, kind, now);
		else
			image_reject(image);
		if (image->error)
			return;
	}
}

void keeper_image(struct image *image, struct keeper *keeper,
		  enum keeper_image_kind kind, uint64_t now)
{
	uint32_t written = kind;

	image_u32(image, &written, KEEPER_IMAGE_KINDS - 1);
	if (written != (uint32_t)kind)
		image_reject(image);
	image_back(image, &keeper->link, kind);
	image_flag(image, &keeper->ready);
	if (image->reads && kind == KEEPER_IMAGE_ALONE)
		keeper->ready = false;
	image_data(image, &keeper->history, sizeof(keeper->history));
	keeper->history.reason[sizeof(keeper->history.reason) - 1] = '\0';
	keeper_memories_image(image, &keeper->memories);
	image_guests(image, keeper, kind, now);
}
