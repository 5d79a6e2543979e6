/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Replaces a process that serves by one that runs the binary which is there
 * now, with the configuration file as it is now. If that cannot serve, the
 * program of before goes on, with the configuration that it had. A reload is
 * made in the same way, with the same binary, while no process serves.
 */
#ifndef KEEPER_UPGRADE_H
#define KEEPER_UPGRADE_H

#include "spi-daemon/keeper/life.h"

/* The process that checks has ended, with the wait status @status. */
void upgrade_checked(struct keeping *k, int status);

/* Begins what was asked for, or goes on with it. */
void upgrade_go_on(struct keeping *k);

/*
 * The process that served has ended, as @how says. Returns true if that is
 * part of the upgrade.
 */
bool upgrade_bury(struct keeping *k, const char *how);

#endif
