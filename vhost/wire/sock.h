/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Sends and receives single vhost-user messages, with their descriptors, over a
 * connected Unix socket. No function blocks: a message that arrives in parts is
 * put together over several calls.
 */
#ifndef VHOST_SOCK_H
#define VHOST_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost/wire/wire.h"

/* A received message. It owns its descriptors: take them or close them. */
struct vhost_msg {
	struct vhost_wire_header header;
	union vhost_wire_payload payload;
	int fds[VHOST_USER_MAX_FDS]; /* -1 where one was taken */
	unsigned int fd_count;
	bool fds_lost; /* more came than fit, or than the process may open */
	bool too_long; /* the payload was dropped: do not use it */
};

struct vhost_sock {
	int fd;
	struct vhost_msg msg;
	size_t have; /* bytes of msg received so far */
};

/* Reads messages from @fd, which the sock owns from now on. */
void vhost_sock_init(struct vhost_sock *sock, int fd);

/* Closes the socket, and the descriptors of ->msg. */
void vhost_sock_fini(struct vhost_sock *sock);

/*
 * Continues to receive the current message. Returns 1 when it is complete, in
 * ->msg: call vhost_sock_next() when done with it. Returns 0 when more has to
 * arrive, or has to be read by another call (the socket is still readable
 * then); -ECONNRESET at the end of the stream; -EPROTO when the bytes cannot be
 * vhost-user messages; or another negative errno of recvmsg(2).
 */
int vhost_sock_recv(struct vhost_sock *sock);

/*
 * Returns true if vhost_sock_recv() is about to begin with a message whose
 * first @size bytes, header included, have come. Copies those to @bytes.
 */
bool vhost_sock_peek(const struct vhost_sock *sock, void *bytes, size_t size);

/* Ends ->msg: closes the descriptors that were not taken. */
void vhost_sock_next(struct vhost_sock *sock);

/*
 * Sends one message with ->size bytes of @payload, and up to VHOST_USER_MAX_FDS
 * descriptors, which the caller keeps. Errors as vhost_sock_reply().
 */
int vhost_sock_send(struct vhost_sock *sock,
		    const struct vhost_wire_header *header, const void *payload,
		    const int *fds, unsigned int fd_count);

/*
 * Sends one reply. Returns 0; -EAGAIN when the socket is full because the peer
 * does not read its replies; or another negative errno of sendmsg(2).
 */
int vhost_sock_reply(struct vhost_sock *sock, uint32_t request,
		     const void *payload, uint32_t size);

/* Sends the descriptor @fd with the reply; the caller keeps it. -1: none. */
int vhost_sock_reply_fd(struct vhost_sock *sock, uint32_t request,
			const void *payload, uint32_t size, int fd);

/* Returns descriptor @i of @msg, which the caller owns now; -1: none. */
int vhost_msg_take_fd(struct vhost_msg *msg, unsigned int i);

#endif
