/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How a listener of VHOST_CONNECTS gets its next front end: for listen.c. */
#ifndef VHOST_CONNECT_H
#define VHOST_CONNECT_H

#include "vhost/listen/listen.h"

/*
 * Tries to connect. Returns the descriptor of the connection; or a negative
 * errno, after which ->fd is readable when it is time to try again: -EAGAIN if
 * nobody listens yet, or if the caller was told of the error already.
 */
int vhost_connect_try(struct vhost_listener *listener);

#endif
