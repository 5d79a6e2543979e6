/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Uses descriptors that a front end sent. The front end shares them: it can
 * change their flags, read them and fill them between any two system calls of
 * the back end. It can also send descriptors of any other kind.
 *
 * O_NONBLOCK is never set on a kick, a call or an error eventfd, because it
 * would be set for the front end as well.
 */
#ifndef VHOST_PEER_FD_H
#define VHOST_PEER_FD_H

#include <stdbool.h>

/*
 * Returns true if @fd can be a kick, a call, an error or a log descriptor: an
 * eventfd, a pipe or a socket.
 */
bool vhost_fd_can_signal(int fd);

/* Returns true if @fd is an eventfd. */
bool vhost_fd_is_eventfd(int fd);

/*
 * Returns true if a write to @fd blocks when there is no room: O_NONBLOCK is
 * not set. The front end can change that at any time.
 */
bool vhost_fd_blocks(int fd);

/*
 * Signals the eventfd, unless it is -1. One that is full, broken or closed
 * needs no signal. If it @blocks, as vhost_fd_blocks() says, it is looked at
 * before it is written to. If it does not, that is one system call. Returns 0;
 * or -EINTR when the write blocked all the same until a signal (of the
 * watchdog) ended it: stop using @fd.
 */
int vhost_signal_fd(int fd, bool blocks);

/*
 * Takes a kick from @fd, if there is one. Returns 0; or a negative errno when
 * no kick can come any more, -EINTR as above.
 */
int vhost_take_signal(int fd);

/* Returns true if close(2) of the file may block: one in user space. */
bool vhost_close_may_block(int fd);

/*
 * Closes *@fd, unless it is -1, and makes it -1. A file whose close(2) may
 * block is closed by a thread of its own. When 64 of these threads run, the
 * caller closes it, and may block.
 */
void vhost_close_fd(int *fd);

#endif
