/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A keeper as part of an image: image/image.h. */
#ifndef KEEPER_KEEPER_IMAGE_H
#define KEEPER_KEEPER_IMAGE_H

#include "vhost/keeper/image/image.h"
#include "vhost/keeper/keeper.h"

/*
 * Writes @keeper, whose back end is neither being drained nor on trial; or adds
 * what is read to @keeper, which keeper_init() has made. That can be given to
 * keeper_fini() even if the image has an error: then no socket is removed.
 */
void keeper_image(struct image *image, struct keeper *keeper);

#endif
