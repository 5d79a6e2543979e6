/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the front end of a relay is told: the back end's answer, or that of the
 * keeper alone. Each function that sends an answer ends the front end's message
 * and returns 0, or a negative errno when the front end is gone or does not
 * read its answers.
 */
#ifndef KEEPER_ANSWERS_H
#define KEEPER_ANSWERS_H

#include "vhost/keeper/session/relay.h"

/* Answers the message in place of a back end: nack, or empty reply. */
int keeper_answer_refuse(struct keeper_relay *relay);

/*
 * No back end can answer the message. One that has died has stopped all that
 * it did, which is noted; and what never changes is known. A message that needs
 * no answer is part of the replay.
 */
int keeper_answer_alone(struct keeper_relay *relay);

/* Returns true if the back end's answer says that @request was accepted. */
bool keeper_answer_accepts(const struct keeper_relay *relay, uint32_t request);

/* The back end has answered the message: notes and passes on what it said. */
int keeper_answer_pass(struct keeper_relay *relay);

#endif
