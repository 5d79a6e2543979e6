/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A binary that becomes the daemon, but stops before that, or dies, when a test
 * wants it to. It is the test's own program, which calls puppet_play() first,
 * and takes the place of the copy of tests/lib/keeper/copy.h. An error here
 * fails the running cmocka test.
 */
#ifndef TEST_PUPPET_H
#define TEST_PUPPET_H

#include "tests/lib/daemon/rig.h"

/*
 * What a process is to be: "check" looks at its options, "probe" tries whether
 * it could be the keeper, "keeper" takes its place, "child" is to serve.
 */

/* Returns if this process is the test, and not a puppet. */
void puppet_play(char **argv);

/* copy_start(), and an upgrade to a puppet. The daemon has no sandbox. */
void puppet_start(struct rig *rig, const char *keys);

/* Puts a new puppet in place of the copy. */
void puppet_replace(const struct rig *rig);

/* The next process that is to be @role waits, until puppet_release(). */
void puppet_hold(const struct rig *rig, const char *role);

/* Waits until one does. */
void puppet_wait(const struct rig *rig, const char *role);

/* Does nothing if none was to wait. */
void puppet_release(const struct rig *rig, const char *role);

/* Processes that are to serve, and run the copy that is there now, die. */
void puppet_break(const struct rig *rig);

/* They do not, from now on. */
void puppet_mend(const struct rig *rig);

#endif
