/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Memory that a back end leaves to the next one when it dies. The keeper holds
 * it and does not look into it.
 */
#ifndef KEEPER_MEMORY_H
#define KEEPER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/keeper/image/image.h"

/* What a back end can ask for */
#define KEEPER_MEMORY_COUNT 256
#define KEEPER_MEMORY_SIZE  (1ull << 30) /* bytes, each */

struct keeper_memory;

/* Starts as all zeros. */
struct keeper_memories {
	struct keeper_memory *first; /* owned */
	unsigned int count;
};

void keeper_memories_fini(struct keeper_memories *memories);

/* Another back end has started: it has asked for nothing yet. */
void keeper_memories_renew(struct keeper_memories *memories);

/*
 * The back end asks for @size bytes, a multiple of 4096, called @name. It gets
 * what those before had under that name and of that size, or new zeroed memory
 * if there is none, or if @fresh is set. Returns a descriptor that the caller
 * owns, of a file that cannot change its size;
 * -EINVAL: a size that cannot be had; -ENOSPC: there are too many; or what
 * memfd_create(2) and dup(2) give.
 */
int keeper_memories_get(struct keeper_memories *memories, const char *name,
			uint64_t size, bool fresh);

/* Writes them, or adds those that are read. */
void keeper_memories_image(struct image *image,
			   struct keeper_memories *memories);

/* Drops what this back end has not asked for. */
void keeper_memories_drop(struct keeper_memories *memories);

#endif
