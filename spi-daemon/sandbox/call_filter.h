/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Which system calls are made: seccomp, see seccomp(2). The list is in
 * call_list.c. Without libseccomp at build time there is no filter.
 */
#ifndef CALL_FILTER_H
#define CALL_FILTER_H

#include <stdbool.h>

#include "spi-daemon/sandbox/call_list.h"

/*
 * Leaves this thread, and those that it will make, the calls of @maker. Another
 * one ends the process by SIGSYS, with a line in the log that names it; with
 * @only_log the kernel's audit log names it, and it is done. For a process that
 * serves guests, also prepares call_filter_enter_guest_thread(). Returns 0;
 * -ENOSYS if the kernel or the build has no filters; or another negative errno.
 */
int call_filter_enter(enum call_maker maker, bool only_log);

/*
 * A program that is executed has the filters of the one before, but does not
 * name the call that ends it, unless it calls this. Returns 0 or a negative
 * errno.
 */
int call_filter_name_calls(void);

/*
 * Leaves this thread the calls of CALL_OF_ANY_THREAD. Returns 0 or a negative
 * errno.
 */
int call_filter_enter_guest_thread(void);

#endif
