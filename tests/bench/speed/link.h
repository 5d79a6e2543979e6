/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One guest's connection to what is measured: a ring of a daemon, or the two
 * eventfds of the floor (floor.h). The driver of the ring is as lean as a
 * driver can be: its buffers are allocated and laid out beforehand.
 *
 * Functions return 0 or a negative errno; -EREMOTEIO: a request failed.
 */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"
#include "tests/bench/speed/floor.h"

struct link_kind {
	unsigned int depth;   /* requests in flight, at most */
	uint32_t len;	      /* bytes, sent and received */
	unsigned int parts;   /* descriptors of each direction; 0: 1 */
	unsigned int regions; /* of guest memory, at least 2; 0: 2 */
	uint64_t features;    /* besides VIRTIO_F_EVENT_IDX */
	bool polls;	      /* the driver wants no calls */
};

struct link_slot;
struct link_ops;

struct link {
	const struct link_ops *ops;
	struct link_kind kind;
	int call_fd; /* signalled when something is to be taken */

	/* A ring */
	struct spi_front front;
	struct link_slot *slots;  /* ->kind.depth of them */
	struct link_slot **free;  /* a stack of those not in flight */
	struct link_slot **heads; /* by the head of the chain */
	unsigned int free_count;

	/* The floor */
	struct floor_guest *floor;
	int kick_fd;
	unsigned int added;
	unsigned long taken;
};

struct link_ops {
	/* Adds one request. */
	int (*add)(struct link *link);
	/* Shows the device all that were added, and notifies it. */
	void (*flush)(struct link *link);
	/* Takes all that is done. Returns how many, or a negative errno. */
	int (*take)(struct link *link);
	void (*close)(struct link *link);
};

/* Connects to the daemon at @socket. */
int link_open_ring(struct link *link, const char *socket,
		   const struct link_kind *kind);

/* Takes the place of guest @index on @floor, which outlives the link. */
void link_open_floor(struct link *link, struct floor *floor, unsigned int index,
		     const struct link_kind *kind);

#endif
