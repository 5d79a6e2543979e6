/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest's system sleep. */
#ifndef TESTS_GUEST_SUSPEND_H
#define TESTS_GUEST_SUSPEND_H

#include "tests/guest/guest.h"

/*
 * All of these return 0 when the guest is awake again and takes commands, -EIO
 * if its kernel refused to sleep, or another negative errno.
 */

/* Suspends to idle: `echo freeze`. A key wakes the guest. */
int suspend_to_idle(struct guest *g);

/* The same for a guest that hangs when it resumes: returns when it does. */
int suspend_without_waiting(struct guest *g);

/*
 * Runs the guest's hibernation up to a level of its /sys/power/pm_test, as
 * "devices" or "core", and back from there.
 */
int suspend_test_hibernation(struct guest *g, const char *level);

#endif
