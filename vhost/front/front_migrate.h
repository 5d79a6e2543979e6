/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The messages of a migration. They return the errors of front_end.h.
 */
#ifndef FRONT_MIGRATE_H
#define FRONT_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost/front/front_end.h"
#include "vhost/front/front_log.h"
#include "vhost/front/ring/front_ring.h"

/* SET_LOG_BASE. Returns -EREMOTEIO if the back end refuses. */
int front_set_log_base(struct front_end *fe, const struct front_log *log);

/* SET_LOG_FD. The caller keeps the eventfd @fd. */
int front_set_log_fd(struct front_end *fe, int fd);

/* SET_FEATURES with or without VHOST_F_LOG_ALL, offered or not. */
int front_log_all(struct front_end *fe, bool on);

/* SET_VRING_ADDR with VHOST_VRING_F_LOG and @log_addr, or without. */
int front_log_vring(struct front_end *fe, uint32_t index,
		    const struct front_ring *ring, bool on, uint64_t log_addr);

/*
 * SET_DEVICE_STATE_FD: starts a transfer through @fd. The caller keeps @fd.
 * @direction: VHOST_USER_STATE_SAVE or _LOAD.
 */
int front_start_state(struct front_end *fe, uint32_t direction, int fd);

/* CHECK_DEVICE_STATE. -EREMOTEIO: the transfer failed. */
int front_check_state(struct front_end *fe);

/*
 * Saves the device's state to @state, a buffer of @room bytes, and stores its
 * size. Returns -EMSGSIZE if the state is longer.
 */
int front_save_state(struct front_end *fe, void *state, size_t room,
		     size_t *size);

/* Loads a state of at most PIPE_BUF bytes. */
int front_load_state(struct front_end *fe, const void *state, size_t size);

#endif
