/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Reports the state of the daemon to the service manager: systemd, or another
 * one that passes the address of a datagram socket in the environment variable
 * NOTIFY_SOCKET. See sd_notify(3). Does nothing if the variable is not set. A
 * failure is logged, and the daemon continues.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* All guests are served, after a start or a reload. @status: see launch.h. */
void notify_ready(const char *status);

/* The configuration is about to be read again; notify_ready() must follow. */
void notify_reloading(void);

/* The daemon is about to end. */
void notify_stopping(void);

/*
 * Sends @message, lines of NAME=VALUE, with @count descriptors, at most
 * NOTIFY_FDS_MAX, which stay the caller's.
 */
#define NOTIFY_FDS_MAX 4
void notify_send(const char *message, const int *fds, unsigned int count);

#endif
