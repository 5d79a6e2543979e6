/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A keeper as part of an image: image/image.h. */
#ifndef KEEPER_KEEPER_IMAGE_H
#define KEEPER_KEEPER_IMAGE_H

#include "vhost/keeper/image/image.h"
#include "vhost/keeper/keeper.h"
#include "vhost/keeper/session/relay_image.h"

/*
 * Writes @keeper; with a back end that is neither drained nor on trial, if the
 * image is to have that. Or adds what is read to @keeper, which keeper_init()
 * has made and which can be given to keeper_fini() even if the image has an
 * error. @now counts for an image without a back end: front ends have been
 * without one since then.
 */
void keeper_image(struct image *image, struct keeper *keeper,
		  enum keeper_image_kind kind, uint64_t now);

#endif
