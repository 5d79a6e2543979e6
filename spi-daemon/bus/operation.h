/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * An operation of a flash chip: several messages of one guest, between which
 * the chip must not hear another guest. docs/bus.md tells why.
 *
 * state | event                                           | next state
 * ------+-------------------------------------------------+-----------
 * any   | its guest sends a write enable                  | OPEN
 * any   | its guest starts a program, erase, write, reset | BUSY
 * any   | its guest has a page read into the chip's cache | LOADS
 * OPEN  | its guest sends a write disable                 | NONE
 * BUSY  | its guest reads that the chip is ready          | NONE
 * LOADS | its guest reads that the chip is ready          | CACHE
 * CACHE | its guest begins another operation              | NONE
 * any   | another guest takes the chip: the lease is over | NONE
 * LEFT  | somebody reads that the chip is ready           | FOUND
 * FOUND | a guest sends a write disable                   | NONE
 *
 * LEFT and FOUND have no owner: an earlier process had the chip, and nothing
 * tells for which guest. From both, each guest can begin an operation.
 */
#ifndef OPERATION_H
#define OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/spi/spi_request.h"

enum operation_state {
	OPERATION_NONE,
	OPERATION_OPEN,	 /* writes are enabled; nothing was started */
	OPERATION_BUSY,	 /* the chip works, for all that is known */
	OPERATION_LOADS, /* likewise: it reads a page into its cache */
	OPERATION_CACHE, /* the cache holds what its guest wants */
	OPERATION_LEFT,	 /* an earlier process may have had the chip work */
	OPERATION_FOUND, /* it is ready; writes may be enabled for a guest */
};

/* Of a chip. Only the owner of the chip's bus uses it. Zero: none. */
struct operation {
	enum operation_state state;
	uint64_t owner;	      /* whose it is: see struct own_operation;
				 0: nobody's */
	uint64_t since;	      /* monotonic ns: the state was entered */
	uint64_t touched;     /* monotonic ns: its guest's last message */
	struct spi_head head; /* of that: how to talk to the chip */
};

/* What a guest knows of its operation. Only its own thread uses it. */
struct own_operation {
	/* As it left it. FOUND: as it was when this process began. */
	enum operation_state state;
	uint8_t opener;	 /* the write enable that nothing has used yet, or 0 */
	bool uses_cache; /* data of it are in the chip's cache */
	bool lost;	 /* they were, until another guest had the chip */
};

/* Returns true if no guest has to wait for the chip. */
static inline bool operation_is_free(const struct operation *operation)
{
	return operation->state == OPERATION_NONE ||
	       operation->state == OPERATION_FOUND;
}

/*
 * Returns true if the operation is that of guest @owner, and still what its
 * guest believes.
 */
static inline bool operation_is_intact(const struct operation *operation,
				       const struct own_operation *own,
				       uint64_t owner)
{
	if (own->state == OPERATION_FOUND)
		return operation->state == OPERATION_LEFT ||
		       operation->state == OPERATION_FOUND;
	return operation->owner == owner && operation->state == own->state;
}

#endif
