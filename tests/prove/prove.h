/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the proofs share: any value, and memory that changes while it is read.
 * A proof includes this first, then the source that it is about.
 */
#ifndef PROVE_H
#define PROVE_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cbmc takes a function with such a name and no body to return any value. */
bool nondet_bool(void);
int nondet_int(void);
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
size_t nondet_size(void);

#define assume __CPROVER_assume

/* @p must be readable. What is there is anything, each time. */
#define hostile_load(p)                 \
	({                              \
		__typeof__(*(p)) value; \
		(void)*(p);             \
		value;                  \
	})

/* A copy where only from where and to where matters */
static inline void check_copy(void *to, const void *from, size_t len)
{
	assert(__CPROVER_r_ok(from, len) && __CPROVER_w_ok(to, len));
}

static inline void check_set(void *to, size_t len)
{
	assert(__CPROVER_w_ok(to, len));
}

/* In the source that follows, this is how memory of others is read. */
#define __atomic_load_n(p, order) hostile_load(p)

#endif
