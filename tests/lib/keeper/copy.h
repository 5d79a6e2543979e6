/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A rig whose daemon runs a copy of the binary, which a test can replace, with
 * --keeper, a pid file and a configuration file. An error here fails the
 * running cmocka test.
 */
#ifndef TEST_COPY_H
#define TEST_COPY_H

#include "tests/lib/daemon/rig.h"

/* Writes the file: a guest with a sim:loopback, and @keys behind that. */
void copy_configure(const struct rig *rig, const char *keys);

/* Makes the file and the copy, "copy" in the daemon's directory; starts it. */
void copy_start(struct rig *rig, const char *keys);

/* Puts a new file with the same contents in place of the copy. */
void copy_replace(const struct rig *rig);

/* Runs --upgrade. Returns its wait status. */
int copy_upgrade(const struct rig *rig);

/* Ends the daemon with SIGTERM. */
void copy_stop(struct rig *rig);

#endif
