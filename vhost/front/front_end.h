/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The front end of a vhost-user connection: messages out, replies in.
 * front_setup.h has the steps that are made of them.
 *
 * A hostile front end is this one with other bytes: front_end_send() takes
 * any request, flags and size, front_end_send_bytes() takes anything.
 *
 * All functions return 0 or a negative errno. Common ones:
 * -ECONNRESET	the back end closed the connection
 * -ETIMEDOUT	it did not answer, or did not read, in time
 * -EPROTO	it answered what the protocol forbids
 * -EREMOTEIO	it refused the message
 */
#ifndef FRONT_END_H
#define FRONT_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vhost/wire/wire.h"

#define FRONT_END_MAX_FDS 250 /* the kernel takes 253 in one message */

struct front_end {
	int fd;			   /* the connected socket, owned; -1: none */
	bool has_reply_fd;	   /* one came with the last reply: */
	int reply_fd;		   /* this, owned */
	int timeout_ms;		   /* for each answer */
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

/* Closes the connection, if there is one. */
void front_end_close(struct front_end *fe);

/*
 * Sends @len bytes as they are; @fds go with the first of them and stay the
 * caller's.
 */
int front_end_send_bytes(struct front_end *fe, const void *bytes, size_t len,
			 const int *fds, unsigned int fd_count);

/*
 * Sends one message, of at most sizeof(union vhost_wire_payload) bytes of
 * payload. @flags are as on the wire, VHOST_USER_VERSION included.
 */
int front_end_send(struct front_end *fe, uint32_t request, uint32_t flags,
		   const void *payload, uint32_t size, const int *fds,
		   unsigned int fd_count);

/*
 * Receives one reply. The first descriptor that comes with it is ->reply_fd,
 * until the next one is received; others are dropped.
 */
int front_end_receive(struct front_end *fe, struct front_reply *reply);

/*
 * Sends a request that has a reply of its own, and receives it. An error's
 * empty reply counts as a reply.
 */
int front_end_ask(struct front_end *fe, uint32_t request, const void *payload,
		  uint32_t size, struct front_reply *reply);

/*
 * Sends a request that has none. With REPLY_ACK negotiated it asks for an
 * acknowledgement and waits for it: -EREMOTEIO when that is a nack.
 */
int front_end_tell(struct front_end *fe, uint32_t request, const void *payload,
		   uint32_t size, const int *fds, unsigned int fd_count);

/* The same for one 64-bit number. An empty reply is -EREMOTEIO. */
int front_end_get_u64(struct front_end *fe, uint32_t request, uint64_t *value);
int front_end_set_u64(struct front_end *fe, uint32_t request, uint64_t value);

/* Takes the last reply's descriptor: it is the caller's now. -1: none. */
int front_end_take_fd(struct front_end *fe);

/* Waits until the back end has closed the connection; what it sends before
 * is thrown away. */
int front_end_wait_closed(struct front_end *fe);

/* Is the protocol feature with this bit number negotiated? */
static inline bool front_end_has(const struct front_end *fe, unsigned int bit)
{
	return fe->protocol_features >> bit & 1;
}

#endif
