/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One vhost-user message in or out, with its descriptors, over a connected
 * Unix socket. Nothing here waits: a message that comes in parts is put
 * together over several calls.
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
	bool fds_lost; /* more came than can be taken, or we can have */
	bool too_long; /* payload dropped: of no use */
};

struct vhost_sock {
	int fd;
	struct vhost_msg msg;
	size_t have; /* bytes of msg that have come */
};

/* Reads messages from @fd, which is now the sock's. */
void vhost_sock_init(struct vhost_sock *sock, int fd);

/* Closes everything. */
void vhost_sock_fini(struct vhost_sock *sock);

/*
 * Goes on with the current message. Returns 1 when it is whole, in ->msg, to
 * be ended with vhost_sock_next(); 0 when more has to come, or to be read by
 * another call, for which the socket stays readable; -ECONNRESET at the end of
 * the stream; -EPROTO when what comes cannot be vhost-user messages; or another
 * negative errno of recvmsg(2).
 */
int vhost_sock_recv(struct vhost_sock *sock);

/* Closes the descriptors of ->msg that were not taken, and starts anew. */
void vhost_sock_next(struct vhost_sock *sock);

/*
 * Sends one reply. Returns 0; -EAGAIN when the peer has not read so many
 * replies that the socket is full; or another negative errno of sendmsg(2).
 */
int vhost_sock_reply(struct vhost_sock *sock, uint32_t request,
		     const void *payload, uint32_t size);

/* The same with the descriptor @fd, which stays the caller's; -1: none. */
int vhost_sock_reply_fd(struct vhost_sock *sock, uint32_t request,
			const void *payload, uint32_t size, int fd);

/* Takes descriptor @i out of @msg: it is the caller's now. -1 if not there. */
int vhost_msg_take_fd(struct vhost_msg *msg, unsigned int i);

#endif
