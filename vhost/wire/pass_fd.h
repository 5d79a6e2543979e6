/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Single records, with a descriptor, over a Unix socket of SOCK_SEQPACKET. */
#ifndef VHOST_PASS_FD_H
#define VHOST_PASS_FD_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Sends @size bytes and the descriptor @fd, which the caller keeps; -1: none.
 * Returns 0, or a negative errno of sendmsg(2).
 */
int vhost_pass_fd(int sock, const void *bytes, size_t size, int fd);

/*
 * Receives a record of exactly @size bytes, and in @fd its descriptor, which
 * the caller owns; -1: it has none. Returns 0; -ECONNRESET at the end of the
 * stream; -EPROTO for a record of another size; or a negative errno of
 * recvmsg(2).
 */
int vhost_receive_fd(int sock, void *bytes, size_t size, int *fd);

/* As vhost_pass_fd(), with the bytes of @count parts. */
int vhost_pass_parts(int sock, const struct iovec *parts, size_t count, int fd);

/*
 * Receives a record into @count parts, and in @fd its descriptor, which the
 * caller owns; -1: it has none. Returns how many bytes it has; -ECONNRESET at
 * the end of the stream; -EPROTO for a record that is longer than the parts; or
 * a negative errno of recvmsg(2).
 */
ssize_t vhost_receive_parts(int sock, const struct iovec *parts, size_t count,
			    int *fd);

#endif
