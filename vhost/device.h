/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a virtio device supplies to the vhost-user back end. */
#ifndef VHOST_DEVICE_H
#define VHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct vhost_device_ops {
	/*
	 * The ring is about to stop or to be disabled, and must be still when
	 * this returns: each chain that was popped from it is pushed (and the
	 * driver called) or given back, and none is popped until the ring is
	 * active again. Bounded in time: the front end waits.
	 * (vhost-user: GET_VRING_BASE, SET_VRING_ENABLE)
	 */
	void (*quiesce)(void *opaque, unsigned int ring);

	/*
	 * The ring starts. @fresh is false when it goes on where it was last
	 * stopped, true when the driver begins anew.
	 */
	void (*start)(void *opaque, unsigned int ring, bool fresh);

	/*
	 * What another host's device has to know to go on in place of this
	 * one, whose rings are still. save() writes up to
	 * VHOST_DEVICE_STATE_MAX bytes and returns how many. load() takes
	 * them, from anyone: -EINVAL, and no change, if they cannot be. Either
	 * may be NULL: no state. (vhost-user: SET_DEVICE_STATE_FD)
	 */
	uint32_t (*save)(void *opaque, uint8_t *to);
	int (*load)(void *opaque, const uint8_t *from, uint32_t size);
};

/* Features of virtio and of the protocol, as sets of bits. */
struct vhost_feature_set {
	uint64_t features;
	uint64_t protocol;
};

/* Adds the feature called @name to @set. Returns whether there is one. */
bool vhost_feature_find(const char *name, struct vhost_feature_set *set);

struct vhost_device {
	const struct vhost_device_ops *ops;
	void *opaque;			  /* for the ops */
	uint64_t features;		  /* virtio feature bits offered */
	struct vhost_feature_set without; /* what not to offer */
	unsigned int ring_count;	  /* 1..VHOST_MAX_RINGS */
	const void *config;		  /* the config space, constant */
	uint32_t config_size; /* bytes, up to VHOST_USER_CONFIG_MAX */
};

#define VHOST_MAX_RINGS	       4
#define VHOST_DEVICE_STATE_MAX 64 /* bytes */

#endif
