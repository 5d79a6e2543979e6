/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Capabilities, and what a process could get by execve(2) */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/* What root keeps: each keeps what the ones before it do, too. */
enum privileged {
	PRIVILEGED_SERVER, /* a higher limit to descriptors */
	PRIVILEGED_FILES,  /* files whatever their owner and mode is */
	PRIVILEGED_LOOKER, /* a look at who has a device open */
};

/*
 * Sets no_new_privs, and drops all capabilities but those of @who, which only
 * root keeps, of this process and of those that it will execute. With @hidden,
 * the process also leaves no core dump, and no other process of its user can
 * look into it. Returns 0 or a negative errno.
 */
int privileges_drop(enum privileged who, bool hidden);

#endif
