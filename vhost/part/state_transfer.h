/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A transfer of the device's own state, for a migration. Where the rings stand
 * is not in it: the front end has that from GET_VRING_BASE and guest memory.
 * (vhost-user: SET_DEVICE_STATE_FD, CHECK_DEVICE_STATE)
 *
 *	stage		event				next stage
 *	any		vhost_state_save() succeeds	SAVED
 *	any		vhost_state_load() succeeds	LOADING
 *	any		either fails, vhost_state_drop() NONE
 *	LOADING		vhost_state_apply() succeeds	LOADED
 *	LOADING		it fails			NONE
 */
#ifndef VHOST_STATE_TRANSFER_H
#define VHOST_STATE_TRANSFER_H

#include <stdint.h>

#include "vhost/device.h"
#include "vhost/part/reason.h"
#include "vhost/wire/wait_set.h"
#include "vhost/wire/wire.h"

enum vhost_state_stage {
	VHOST_STATE_NONE,
	VHOST_STATE_SAVED,
	VHOST_STATE_LOADING, /* it comes in, and is not applied yet */
	VHOST_STATE_LOADED,
};

/* More than any state is long, bytes */
#define VHOST_STATE_MAX (24 + VHOST_USER_CONFIG_MAX + VHOST_DEVICE_STATE_MAX)

struct vhost_state {
	enum vhost_state_stage stage;
	int fd; /* where it comes from, owned; -1: none, or it ended */
	struct wait_set *waits; /* may wait for ->fd; NULL: there is none */
	uint32_t have;		/* bytes of ->blob */
	uint8_t blob[VHOST_STATE_MAX + 1];
};

/* No transfer. @waits is the set that ->fd may be in; NULL: there is none. */
void vhost_state_init(struct vhost_state *state, struct wait_set *waits);

/* Ends the transfer, if there is one. */
void vhost_state_drop(struct vhost_state *state);

/*
 * Ends the transfer before it and begins one: writes @device's state to @fd,
 * or reads one from it from now on. @fd is the transfer's in any case, and set
 * to non-blocking. Returns 0, or -EINVAL with a @reason.
 */
int vhost_state_save(struct vhost_state *state,
		     const struct vhost_device *device, int fd,
		     struct vhost_reason *reason);
int vhost_state_load(struct vhost_state *state, int fd,
		     struct vhost_reason *reason);

/* Reads what has come. Closes ->fd at the end of the stream. */
void vhost_state_read(struct vhost_state *state);

/*
 * LOADING: gives @device what was read, which must be all of it. Returns 0, or
 * -EINVAL with a @reason.
 */
int vhost_state_apply(struct vhost_state *state,
		      const struct vhost_device *device,
		      struct vhost_reason *reason);

#endif
