/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the keeper remembers, in the hands of the service manager: a nest
 * (vhost/keeper/image/nest.h) whose ends systemd keeps, with
 * FileDescriptorStoreMax=. So a keeper that was killed, or ended for a restart
 * of the service, leaves its front ends' connections and all else to the next
 * one. The image in the nest follows each change.
 */
#ifndef KEEPER_STORE_H
#define KEEPER_STORE_H

#include "spi-daemon/keeper/life.h"

/*
 * Takes over what an earlier keeper has left into @k, whose keeper was
 * initialized and knows nothing; and has the service manager keep a nest, if
 * there is one. Returns true if something was taken over: then
 * ->child.program.config is the configuration of before, or -1.
 */
bool store_begin(struct keeping *k);

/* Stores what has changed since the last call. */
void store_save(struct keeping *k);

/*
 * The keeper is about to end, and its child has. If the next keeper gets what
 * is in the nest, leaves it there, and the sockets' files.
 */
void store_end(struct keeping *k);

#endif
