/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How a listener of VHOST_CONNECTS gets its next front end */
#ifndef VHOST_CONNECT_H
#define VHOST_CONNECT_H

#include "vhost/listen/listen.h"

/*
 * Connects to the socket @path, without waiting for it. Returns a descriptor,
 * like one of accept(2); -EAGAIN if the program that listens is behind with
 * accepting; or another negative errno.
 */
int vhost_connect_now(const char *path);

/*
 * Has @connect called in place of vhost_connect_now(), for a process that may
 * not connect. Call it before threads are made.
 */
void vhost_connect_by(int (*connect)(const char *path));

/*
 * For listen.c: tries to connect. Returns the descriptor of the connection; or
 * a negative errno, after which ->fd is readable when it is time to try again:
 * -EAGAIN if nobody listens yet, or if the caller was told of the error
 * already.
 */
int vhost_connect_try(struct vhost_listener *listener);

#endif
