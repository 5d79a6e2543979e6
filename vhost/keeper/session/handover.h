/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How a session goes from a back end that lives to the next one: its rings are
 * stopped and its device state is saved; the state is loaded into the next
 * back end before the rings start there.
 * (vhost-user: GET_VRING_BASE, SET_DEVICE_STATE_FD, CHECK_DEVICE_STATE)
 */
#ifndef KEEPER_HANDOVER_H
#define KEEPER_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/keeper/session/record.h"

/*
 * In a GET_VRING_BASE of a keeper, as the number: the driver goes on, so that
 * the back end may let it finish something first. Otherwise it is 0, and means
 * nothing.
 */
#define KEEPER_FINISH_FIRST 1

/* A device state that is longer is not taken along. */
#define KEEPER_STATE_MAX 4096

/* All zero, but for ->pipe = -1: nothing is in hand. */
struct keeper_handover {
	unsigned int step;
	int pipe; /* our end while a state is saved; owned; -1: none */
	bool failed;
	uint32_t size; /* bytes of ->state; 0: none was saved */
	uint8_t state[KEEPER_STATE_MAX];
};

/* Begins anew to stop rings, or to load the state that there is. */
void keeper_handover_begin(struct keeper_handover *handover);

/* Closes what is open, and forgets the state. */
void keeper_handover_end(struct keeper_handover *handover);

/*
 * Fills in the next message that stops a ring or saves the state. Returns
 * false when all is done. @record notes where its rings stop, and that they are
 * to start again.
 */
bool keeper_handover_drain(struct keeper_handover *handover,
			   const struct keeper_record *record,
			   struct keeper_message *message);

/* Takes the answer to that. */
void keeper_handover_drained(struct keeper_handover *handover,
			     struct keeper_record *record,
			     const struct vhost_msg *reply);

/* The same for the messages that load the state. */
bool keeper_handover_load(struct keeper_handover *handover,
			  struct keeper_message *message);
void keeper_handover_loaded(struct keeper_handover *handover,
			    const struct vhost_msg *reply);

#endif
