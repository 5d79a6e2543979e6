/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Mount namespaces of the tests. */
#ifndef TEST_MOUNTS_H
#define TEST_MOUNTS_H

/*
 * Moves the calling process, which has one thread, into a mount namespace of
 * its own. No mount in it propagates to another namespace, and the root of the
 * process is the root of the namespace, also in a chroot whose root is an
 * ordinary directory. Needs root. Returns 0 or a negative errno.
 */
int mounts_make_private(void);

#endif
