/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Tells the service manager how far the daemon is: systemd, or any other that
 * passes the address of a datagram socket in the environment variable
 * NOTIFY_SOCKET. See sd_notify(3). Without the variable nothing happens; a
 * message that cannot be sent is logged, and no more.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* All is served, after a start or a reload; @status is a line for people. */
void notify_ready(const char *status);

/* The configuration is about to be read again; notify_ready() must follow. */
void notify_reloading(void);

/* The daemon is about to end. */
void notify_stopping(void);

#endif
