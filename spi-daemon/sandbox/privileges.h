/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Capabilities, and what a process could get by execve(2) */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/*
 * Sets no_new_privs, and drops all capabilities, of this process and of those
 * that it will execute. Root keeps the few that it needs to open devices, to
 * make sockets as the operator wants them, and to say who else has a device
 * open. With @hidden, the process also leaves no core dump, and no other
 * process of its user can look into it. Returns 0 or a negative errno.
 */
int privileges_drop(bool hidden);

#endif
