/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The connection to a program that is a chip. It is made when it is needed,
 * and again after it was lost: the program may come and go. A failure of any
 * kind ends the connection, so that no late answer is taken for another's; the
 * program takes that for the release of its chip.
 */
#ifndef CHIP_LINK_H
#define CHIP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <sys/un.h>

struct chip_link {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint32_t timeout_ms;
	uint32_t max_len;      /* bytes of the longest transfer */
	int fd;		       /* -1: not connected */
	uint64_t deadline;     /* of what runs; monotonic ns */
	uint64_t retry_at;     /* no attempt to connect before; monotonic ns */
	unsigned int timeouts; /* since the last result */
	const char *failed_step; /* the step that failed last, or NULL */
};

/*
 * Prepares a link to the socket @path, which need not exist. Each exchange has
 * @timeout_ms.
 * Returns 0, or -ENAMETOOLONG.
 */
int chip_link_init(struct chip_link *link, const char *path,
		   uint32_t timeout_ms, uint32_t max_len);

void chip_link_close(struct chip_link *link);

/* Begins an exchange: what follows has ->timeout_ms in all. */
void chip_link_begin(struct chip_link *link);

/*
 * Connects and agrees on the version, unless that is done. A program that does
 * not answer that is left alone for a second.
 * Returns 0; -ETIMEDOUT; -EPROTO for an answer that is none of this protocol;
 * -EPROTONOSUPPORT for another version; or what connect(2) gives.
 */
int chip_link_connect(struct chip_link *link);

/*
 * Sends all of @parts, whose entries change.
 * Returns 0; -EPIPE if the program had closed the connection before, and has
 * got nothing of it; -ETIMEDOUT; or what sendmsg(2) gives.
 */
int chip_link_send(struct chip_link *link, struct iovec *parts, size_t count);

/*
 * Receives exactly @len bytes to @to.
 * Returns 0; -ECONNRESET if the program closed the connection; -ETIMEDOUT; or
 * what recv(2) gives.
 */
int chip_link_receive(struct chip_link *link, void *to, size_t len);

/* Ends the connection after a bad answer. Returns -EPROTO. */
int chip_link_reject(struct chip_link *link, const char *step);

static inline bool chip_link_is_connected(const struct chip_link *link)
{
	return link->fd >= 0;
}

#endif
