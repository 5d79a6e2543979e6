/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Which system calls are made: seccomp, see seccomp(2). The list is in
 * call_list.c. Without libseccomp at build time there is no filter.
 */
#ifndef CALL_FILTER_H
#define CALL_FILTER_H

#include <stdbool.h>

/*
 * Refuses all other calls to this thread and those that it will make. One that
 * is made ends the process by SIGSYS, with a line in the log that names it;
 * with
 * @only_log the kernel's audit log names it, and it is done. Also prepares
 * call_filter_enter_guest_thread(). Returns 0; -ENOSYS if the kernel or the
 * build has no filters; or another negative errno.
 */
int call_filter_enter(bool only_log);

/*
 * The same for a keeper and the programs that it starts. Those have what
 * call_filter_enter() leaves, and what a program needs in order to begin and to
 * confine itself.
 */
int call_filter_enter_keeper(bool only_log);

/*
 * A program that is executed has the filters of the one before, but does not
 * name the call that ends it, unless it calls this. Returns 0 or a negative
 * errno.
 */
int call_filter_name_calls(void);

/*
 * Refuses this thread more, as sandbox_enter_guest_thread() says. Returns 0 or
 * a negative errno.
 */
int call_filter_enter_guest_thread(bool connects);

#endif
