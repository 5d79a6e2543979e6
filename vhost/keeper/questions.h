/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a keeper answers to its back end: see link.h. */
#ifndef KEEPER_QUESTIONS_H
#define KEEPER_QUESTIONS_H

#include "vhost/keeper/keeper.h"

/*
 * Reads a question of the back end, and answers it. A link that has ended, or
 * over which something else comes, is closed.
 */
void keeper_questions_read(struct keeper *keeper, uint64_t now);

/* Reads what a back end that has died may have reported before: fault.h. */
void keeper_questions_read_rest(struct keeper *keeper, uint64_t now);

#endif
