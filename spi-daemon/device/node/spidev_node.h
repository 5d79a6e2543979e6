/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device file of a spidev: its lock, who else has it open, and the bus
 * that its chip is on. Calls no ioctl.
 */
#ifndef DEVICE_SPIDEV_NODE_H
#define DEVICE_SPIDEV_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for a process as spidev_node_holder() and others write it. */
#define SPIDEV_PROCESS_MAX 48

/*
 * Opens the device file @path and locks it with flock(2): exclusively, or if
 * @shared is true, together with others that lock it in the same way. The lock
 * ends when the descriptor is closed. A file that cannot be locked at all is
 * opened with a warning in the log.
 * Returns the descriptor, which is close-on-exec; -EWOULDBLOCK if another
 * process holds a lock that excludes this one; -ENOTTY if @path is no
 * character device; or another negative errno.
 */
int spidev_node_open(const char *path, bool shared);

/*
 * Writes to @text, of @size bytes, who has locked the device file @path, for
 * example "flashrom (process 1234)"; "another process" if that is not known.
 * @except as in spidev_node_find_user().
 */
void spidev_node_holder(const char *path, pid_t except, char *text,
			size_t size);

/*
 * Looks for a process but @except, the one that asks, that has the device @path
 * open, by any name in /proc that ends as @path does. What it cannot see, such
 * as processes of other users without root, it leaves out, and it stops when
 * clock_now() is @until. Returns the process and writes it to @text, of @size
 * bytes, or returns 0.
 */
pid_t spidev_node_find_user(const char *path, pid_t except, uint64_t until,
			    char *text, size_t size);

/*
 * Stores in @name, of @size bytes, the name of the controller that the chip
 * @path belongs to, e.g. "spi0". Chips of one controller share a bus. If the
 * controller is not found, its name is @path.
 */
void spidev_bus_name(const char *path, char *name, size_t size);

#endif
