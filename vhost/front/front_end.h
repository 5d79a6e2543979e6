/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The front end of a vhost-user connection: sends messages and receives
 * replies. front_setup.h builds the steps of a session from them.
 *
 * Tests use it as a hostile front end too: front_end_send() takes any request,
 * flags and size, front_end_send_bytes() takes any bytes.
 *
 * All functions return 0 or a negative errno:
 * -ECONNRESET	the back end closed the connection
 * -ETIMEDOUT	it did not reply, or did not read, in time
 * -EPROTO	its reply breaks the protocol
 * -EREMOTEIO	it refused the message
 */
#ifndef FRONT_END_H
#define FRONT_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost/wire/wire.h"

#define FRONT_END_MAX_FDS 250 /* the kernel allows 253 in one message */

struct front_end {
	int fd;			   /* the connected socket, owned; -1: none */
	bool has_reply_fd;	   /* the last reply came with a descriptor: */
	int reply_fd;		   /* this one, owned */
	int timeout_ms;		   /* for each reply */
	bool no_acks;		   /* front_end_tell() asks for none */
	uint64_t features_offered; /* filled in by front_negotiate() */
	uint64_t features;	   /* negotiated */
	uint64_t protocol_offered;
	uint64_t protocol_features; /* negotiated */
};

struct front_reply {
	struct vhost_wire_header header;
	union vhost_wire_payload payload; /* header.size bytes of it */
};

/* Connects to the Unix socket at @path. Sends nothing. */
int front_end_connect(struct front_end *fe, const char *path, int timeout_ms);

/* Uses @fd, a socket that is connected to a back end, which is owned. */
void front_end_adopt(struct front_end *fe, int fd, int timeout_ms);

/* Closes the connection, if there is one. */
void front_end_close(struct front_end *fe);

/*
 * Sends @len bytes unchanged. @fds go with the first byte. The caller keeps
 * them.
 */
int front_end_send_bytes(struct front_end *fe, const void *bytes, size_t len,
			 const int *fds, unsigned int fd_count);

/*
 * Sends one message with a payload of @size bytes, at most
 * sizeof(union vhost_wire_payload). @flags include VHOST_USER_VERSION.
 */
int front_end_send(struct front_end *fe, uint32_t request, uint32_t flags,
		   const void *payload, uint32_t size, const int *fds,
		   unsigned int fd_count);

/*
 * Receives one reply. Its first descriptor becomes ->reply_fd, until the next
 * reply; others are closed.
 */
int front_end_receive(struct front_end *fe, struct front_reply *reply);

/*
 * Sends a request that has a reply of its own, and receives the reply. An
 * empty reply, which means an error, is returned as a reply.
 */
int front_end_ask(struct front_end *fe, uint32_t request, const void *payload,
		  uint32_t size, struct front_reply *reply);

/*
 * Sends a request that has none. With REPLY_ACK negotiated it asks for an
 * acknowledgement, unless ->no_acks, and waits for it: -EREMOTEIO when that is
 * a nack.
 */
int front_end_tell(struct front_end *fe, uint32_t request, const void *payload,
		   uint32_t size, const int *fds, unsigned int fd_count);

/* Ask for and send one 64-bit number. An empty reply is -EREMOTEIO. */
int front_end_get_u64(struct front_end *fe, uint32_t request, uint64_t *value);
int front_end_set_u64(struct front_end *fe, uint32_t request, uint64_t value);

/* Returns the descriptor of the last reply, now owned by the caller, or -1. */
int front_end_take_fd(struct front_end *fe);

/* Waits until the back end closes the connection. Drops what it sends. */
int front_end_wait_closed(struct front_end *fe);

/* Returns true if protocol feature number @bit was negotiated. */
static inline bool front_end_has(const struct front_end *fe, unsigned int bit)
{
	return fe->protocol_features >> bit & 1;
}

#endif
