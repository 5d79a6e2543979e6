/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon under test, as a child process. */
#ifndef TESTS_GUEST_BACKEND_H
#define TESTS_GUEST_BACKEND_H

#include <stdbool.h>

struct backend;

/* Its path: VHOST_DEVICE_SPI in the environment, or where make puts it. */
const char *backend_program(void);

/*
 * Start the daemon with its sockets and its log in @dir, and wait until it
 * listens. @devices are the values of its --device options and end with NULL;
 * the first is chip select 0. @without, unless NULL, is that of --without.
 * Returns NULL after having shown why not.
 */
struct backend *backend_start(const char *dir, unsigned int socket_count,
			      const char *const *devices, const char *without);

/* The path of a socket; it belongs to @b. */
const char *backend_socket(const struct backend *b, unsigned int index);

bool backend_is_running(struct backend *b);

void backend_show_log(const struct backend *b);

/*
 * End the daemon with SIGTERM and free @b (which may be NULL). Returns its
 * exit status, 128 + the signal that ended it, -EEXIST when it left a socket
 * behind, or another negative errno.
 */
int backend_stop(struct backend *b);

#endif
