/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A process that looks for who has a device open, for one that a sandbox keeps
 * from looking at other processes.
 */
#ifndef SPIDEV_LOOKER_H
#define SPIDEV_LOOKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Starts the process, which ends when this one does. It calls @confine with
 * @arg first. Call this before threads are made and before this process is
 * confined. Returns 0 or a negative errno.
 */
int spidev_looker_start(void (*confine)(const void *arg), const void *arg);

/*
 * Returns the descriptor that leads to the process; -1: there is none. One
 * process at a time may ask over it.
 */
int spidev_looker_fd(void);

/* Another process has started it, and has left us @fd: owned, or -1. */
void spidev_looker_use(int fd);

/*
 * Do what spidev_node_holder() and spidev_node_find_user() say, in the process
 * if there is one. Any thread may call them.
 */
void spidev_looker_find_holder(const char *path, char *text, size_t size);
pid_t spidev_looker_find_user(const char *path, uint64_t until, char *text,
			      size_t size);

#endif
