/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Rings that no driver makes: each row below breaks a split ring in one way,
 * and garbage breaks any ring sooner or later. Nothing here fails a test, so
 * that attackers (attack.h) can use it in their own processes.
 */
#ifndef TEST_HOSTILE_RING_H
#define TEST_HOSTILE_RING_H

#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"

/* Guest addresses of a spi_front with the default 16 MiB. */
#define HOSTILE_UNMAPPED (UINT64_C(1) << 40)
#define HOSTILE_MEM_END	 (SPI_FRONT_HIGH_ADDR + (16 << 20))
#define HOSTILE_SPARE	 (SPI_FRONT_HIGH_ADDR + (8 << 20)) /* never allocated */
#define HOSTILE_TABLE	 (HOSTILE_SPARE + 4096)

/* A split ring's descriptor, in host byte order. */
struct hostile_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct hostile_ring {
	const char *name;	      /* what is wrong; rows can share one */
	uint16_t jump;		      /* the avail index goes on by so many, */
	uint16_t head;		      /* or, if 0, there is this new head */
	struct hostile_desc ring[2];  /* the ring's first descriptors */
	uint64_t table_at;	      /* where this lies, 0: HOSTILE_TABLE */
	struct hostile_desc table[2]; /* an indirect table */
};

extern const struct hostile_ring hostile_rings[];
extern const unsigned int hostile_ring_count;

/* The wire's form of a descriptor. */
struct virtq_desc hostile_desc(const struct hostile_desc *desc);

/*
 * Shows the device a ring that is broken as @row says. At HOSTILE_SPARE is a
 * valid head.
 */
void hostile_ring_show(struct spi_front *front, const struct hostile_ring *row);

/*
 * Shows it a request in an indirect table of @count descriptors, of a split
 * ring, of a byte each but for the head.
 */
void hostile_ring_show_long_chain(struct spi_front *front, unsigned int count);

/*
 * Shows it descriptors at random, the same for the same @seed, with buffers
 * near HOSTILE_SPARE, mostly. Of both layouts.
 */
void hostile_ring_show_garbage(struct spi_front *front, uint32_t seed);

#endif
