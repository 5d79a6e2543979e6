/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A monitor that listens, and that a daemon with --connect connects to. An
 * error here fails the running cmocka test.
 */
#ifndef TEST_MONITOR_H
#define TEST_MONITOR_H

#include "tests/lib/daemon/rig.h"

/*
 * Listens at file @name of the daemon's directory. Returns the socket, which
 * the caller closes.
 */
int monitor_listen(const struct rig *rig, const char *name);

/* The same with a socket of another @type, which cannot be connected to. */
int monitor_listen_as(const struct rig *rig, const char *name, int type);

/* Waits for a connection, and returns it. The caller closes it. */
int monitor_accept(int listener);

/* Waits until the daemon has closed @connection, and closes it. */
void monitor_expect_end(int connection);

/* Opens front end @slot on the next connection. */
struct spi_front *monitor_open(struct rig *rig, unsigned int slot,
			       int listener);

#endif
