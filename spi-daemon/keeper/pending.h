/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the operator has asked for by a signal, and has not got yet. It waits
 * for a state in which it can be done (life.h), and is neither lost with a
 * process that dies nor when the keeper is replaced.
 */
#ifndef KEEPER_PENDING_H
#define KEEPER_PENDING_H

#include "spi-daemon/keeper/life.h"

/* The keeper has got @signal: SIGHUP, SIGUSR1 or SIGUSR2. */
void pending_ask(struct keeping *k, int signal);

/* Tells the process what it can do now. */
void pending_pass_on(struct keeping *k);

/*
 * The process is about to read its configuration. Returns a descriptor of what
 * it is to read, which the caller owns; -1: none.
 */
int pending_read(struct keeping *k);

/* It runs what it has read, or it goes on with what it had. */
void pending_accepted(struct keeping *k);
void pending_refused(struct keeping *k);

/* It has logged its statistics. */
void pending_told(struct keeping *k);

/* The process has died. */
void pending_bury(struct keeping *k);

#endif
