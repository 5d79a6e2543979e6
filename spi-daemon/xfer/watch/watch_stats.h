/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the daemon's statistics file (docs/stats.md) says of guests and buses.
 */
#ifndef WATCH_STATS_H
#define WATCH_STATS_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct watch_guest {
	char *name;
	char state[24]; /* no_front_end, connected, running, ring_broken */
	double requests, errors, sent, received; /* since it is there */
	double holding, waiting;		 /* now, for so many seconds */
};

struct watch_bus {
	char *name;
	double waiting; /* guests */
};

/* A guest's time on a bus */
struct watch_share {
	unsigned int guest, bus; /* their indexes */
	double seconds;
};

struct watch_stats {
	struct timespec time; /* when the file was written */
	char version[32];
	struct watch_guest *guests;
	struct watch_bus *buses;
	struct watch_share *shares;
	unsigned int guest_count, bus_count, share_count;
};

/*
 * Reads the file. What it does not know is left out. Returns 0 and fills
 * @stats, to be freed with watch_stats_free(), or a negative errno.
 */
int watch_stats_read(struct watch_stats *stats, FILE *file);
void watch_stats_free(struct watch_stats *stats);

/* The guest or the bus of that name, or NULL; and what a guest had of a bus. */
const struct watch_guest *watch_stats_guest(const struct watch_stats *stats,
					    const char *name);
double watch_stats_share(const struct watch_stats *stats, const char *guest,
			 const char *bus);

#endif
