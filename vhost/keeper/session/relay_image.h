/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A relay as part of an image: vhost/keeper/image/image.h. */
#ifndef KEEPER_RELAY_IMAGE_H
#define KEEPER_RELAY_IMAGE_H

#include "vhost/keeper/image/image.h"
#include "vhost/keeper/session/relay.h"

/* What an image has */
enum keeper_image_kind {
	KEEPER_IMAGE_ALL,
	KEEPER_IMAGE_ALONE, /* no back end, which does not outlive the keeper */
	KEEPER_IMAGE_KINDS,
};

/*
 * Writes or reads @relay. One that was read, from whatever image, can be used
 * and has to be given to keeper_relay_fini(), even if the image has an error.
 * One that is read ALONE is detached. How far the back end was told what was
 * set up is not in an image: it is told everything, or nothing yet.
 */
void keeper_relay_image(struct image *image, struct keeper_relay *relay,
			enum keeper_image_kind kind);

#endif
