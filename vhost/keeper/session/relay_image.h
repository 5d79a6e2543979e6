/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A relay as part of an image: vhost/keeper/image/image.h. */
#ifndef KEEPER_RELAY_IMAGE_H
#define KEEPER_RELAY_IMAGE_H

#include "vhost/keeper/image/image.h"
#include "vhost/keeper/session/relay.h"

/*
 * Writes or reads @relay. One that was read, from whatever image, can be used
 * and has to be given to keeper_relay_fini(), even if the image has an error.
 */
void keeper_relay_image(struct image *image, struct keeper_relay *relay);

#endif
