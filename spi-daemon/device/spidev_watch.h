/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Other programs of this host that use the device of a spidev: when to look for
 * what they changed, and what the log says of it. The mode is the device's, and
 * one for all who have it open.
 */
#ifndef DEVICE_SPIDEV_WATCH_H
#define DEVICE_SPIDEV_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* How old the last look at the mode is, at most, when a message begins */
#define SPIDEV_WATCH_NS (UINT64_C(10) * 1000 * 1000)

struct spidev_watch {
	const char *path;    /* of the device */
	bool shared;	     /* host-shared=yes: others are expected */
	bool company;	     /* others were seen */
	uint64_t looked_at;  /* clock_tick() when the mode was read last */
	uint64_t scanned_at; /* when spidev_watch_failed() looked last; 0: never
			      */
	uint64_t told_at;    /* when a change was logged last; 0: never */
	unsigned int untold; /* changes since then */
};

/* Returns true if each message needs a look at the mode, before and after. */
bool spidev_watch_always(const struct spidev_watch *watch);

/*
 * Returns true if the mode is to be read before the message that begins now,
 * and counts on that. Without others it is read once in SPIDEV_WATCH_NS, or
 * somewhat sooner.
 */
bool spidev_watch_is_due(struct spidev_watch *watch);

/*
 * Another program changed the mode or another setting. Logs a warning, at most
 * one in a minute. From now on, spidev_watch_always() is true. @now is
 * monotonic ns; @mode is the mode that was found, SPI_... bits, where the guest
 * needs @wanted.
 */
void spidev_watch_changed(struct spidev_watch *watch, uint64_t now,
			  uint32_t mode, uint32_t wanted);

/*
 * Looks for other processes that have the device open, unless such are expected
 * or known. Logs a warning if there is one; from now on spidev_watch_always()
 * is true. Takes @max_ns at most.
 */
void spidev_watch_scan(struct spidev_watch *watch, uint64_t max_ns);

/*
 * A request failed at @now, monotonic ns: looks for other processes, for 20 ms
 * at most and once in ten seconds, since a guest can cause this.
 */
void spidev_watch_failed(struct spidev_watch *watch, uint64_t now);

#endif
