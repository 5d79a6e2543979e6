/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's addresses behind an IOMMU: the translations that the front end
 * has told, and which ones it was asked for. Nothing here waits for an answer.
 * (vhost-user: IOTLB_MSG, SET_BACKEND_REQ_FD; VIRTIO_F_ACCESS_PLATFORM)
 */
#ifndef VHOST_TRANSLATION_H
#define VHOST_TRANSLATION_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "virtio/mem/iotlb.h"
#include "virtio/ring/chain.h"

#define VHOST_MAX_WANTS 16

/* A translation that is missing. */
struct vhost_want {
	struct iotlb_miss miss;
	bool asked; /* the front end was asked for it */
};

struct vhost_translation {
	struct iotlb iotlb;  /* in use while the owner's memory points to it */
	int channel;	     /* back-end channel, owned; -1: none */
	bool channel_is_new; /* the owner's: see ..._close_old_channel() */
	uint64_t reached; /* ->iotlb.changes when the chain in hand was seen */
			  /* to be reachable */
	struct vhost_want wants[VHOST_MAX_WANTS]; /* what is missing now */
	unsigned int want_count;
	uint64_t asked_at; /* ->iotlb.changes when ->wants was looked up */
	uint64_t asks;	   /* how often something new was missing */
};

/* No translations, no channel. */
void vhost_translation_init(struct vhost_translation *t);

/* Forgets all translations; the channel stays. */
void vhost_translation_clear(struct vhost_translation *t);

/*
 * Asks over @fd, a Unix stream socket, from now on, and closes the channel
 * before it. @fd is the translation's.
 */
void vhost_translation_set_channel(struct vhost_translation *t, int fd);

/* Closes the channel, if there is one; */
void vhost_translation_close_channel(struct vhost_translation *t);

/* only one that was set before ->channel_is_new was last cleared. */
void vhost_translation_close_old_channel(struct vhost_translation *t);

/* Asks the front end, once, for the translations of @count addresses. */
void vhost_translation_want(struct vhost_translation *t,
			    const struct iotlb_miss *misses,
			    unsigned int count);

/* Nothing is missing any more; if it is again, the front end is asked again. */
void vhost_translation_forget_wants(struct vhost_translation *t);

/*
 * Returns true if a part of @chain cannot be reached in @mem because its
 * translation is missing; the front end is asked for it then.
 */
bool vhost_translation_lacks(struct vhost_translation *t,
			     const struct guest_mem *mem,
			     const struct chain *chain);

#endif
