/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A place for an image that outlives the process: a pair of sockets, in which
 * the image waits with its descriptors. Who has the reading end has the image.
 */
#ifndef KEEPER_NEST_H
#define KEEPER_NEST_H

#include "vhost/keeper/image/image.h"

struct nest {
	int in;		   /* owned, like ->out; -1: none */
	int out;	   /* to be read */
	uint32_t number;   /* of the last image that was put in */
	unsigned int held; /* messages that are in it */
};

/* Makes an empty one. Returns 0 or a negative errno. */
int nest_init(struct nest *nest);

/* Closes both ends. */
void nest_fini(struct nest *nest);

/*
 * Puts the image, which was ended, in place of the one before. If this process
 * dies meanwhile, one of the two is there. Returns 0; or a negative errno:
 * what was there is there still.
 */
int nest_put(struct nest *nest, const struct image *image);

/* Takes out what is in the nest. */
void nest_clear(struct nest *nest);

/*
 * Takes the last image out of @out, to be read. Returns 0; -ENOENT if there is
 * none; -EPROTONOSUPPORT for one of another IMAGE_VERSION; -EBADMSG for one
 * that is damaged; or another negative errno. image_fini() is needed in no case
 * but 0.
 */
int nest_take(int out, struct image *image);

#endif
