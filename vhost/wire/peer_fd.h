/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What is done with descriptors that a front end sent. It shares them, so it
 * can change their flags, and read or fill them, between any two of our system
 * calls; and what it sends need not be what the protocol says.
 *
 * O_NONBLOCK is never set on a kick, a call or an error eventfd: it would be
 * set for the front end as well.
 */
#ifndef VHOST_PEER_FD_H
#define VHOST_PEER_FD_H

#include <stdbool.h>

/*
 * Can @fd be a kick, a call, an error or a log descriptor? It must be an
 * eventfd, a pipe or a socket.
 */
bool vhost_fd_can_signal(int fd);

/*
 * Signals the eventfd, unless it is -1. What is full, broken or closed is
 * signalled enough. Returns 0; or -EINTR when the front end made the call wait
 * and a signal ended it: use @fd no more.
 */
int vhost_signal_fd(int fd);

/*
 * Takes a kick from @fd. Returns 0; or a negative errno when none can come
 * again, -EINTR as above.
 */
int vhost_take_signal(int fd);

/*
 * Closes *@fd, if it is one, and makes it -1. What may wait for others even
 * then is closed by a thread of its own; beyond 64 of these it is the caller
 * who waits.
 */
void vhost_close_fd(int *fd);

#endif
