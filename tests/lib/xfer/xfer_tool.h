/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Runs spi-xfer, the program that the environment variable SPI_XFER names, or
 * build/spi-xfer, on a rig's daemon. An error here fails the running cmocka
 * test.
 */
#ifndef TEST_XFER_TOOL_H
#define TEST_XFER_TOOL_H

#include "tests/lib/daemon/rig.h"

/*
 * Runs it on socket 0 with @args in shell syntax. Returns its exit status. What
 * it wrote, also to standard error, is in xfer_output.
 */
int xfer_run(const struct rig *rig, const char *args);
extern char xfer_output[65536];

/* Runs it, and compares its exit status and what it wrote. */
void xfer_expect(const struct rig *rig, const char *args, int status,
		 const char *text);

/* A spi-xfer with --serprog on socket 0 */
struct xfer_server {
	pid_t pid;
	char place[64]; /* where it listens */
	int port;	/* with TCP on 127.0.0.1 */
};

/* Starts it with --serprog=@place, and waits until it listens. */
void xfer_server_start(struct xfer_server *server, const struct rig *rig,
		       const char *place);

/* Ends it with @signal, and checks its exit status. */
void xfer_server_stop(struct xfer_server *server, int signal);

#endif
