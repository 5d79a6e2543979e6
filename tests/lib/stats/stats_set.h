/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests without sockets and threads, whose counters a test sets. What goes
 * wrong here fails the running cmocka test.
 */
#ifndef TEST_STATS_SET_H
#define TEST_STATS_SET_H

#include "spi-daemon/stats/stats_view.h"

/* cmocka fixtures; *state is the struct guest_set, without guests. */
int stats_set_setup(void **state);
int stats_set_teardown(void **state);

/* Adds a guest, as --guest would; returns its counters. */
struct guest_stats *stats_set_add(struct guest_set *set, const char *text);

/* The chip that guest @index knows as chip select @chip. */
struct chip *stats_set_chip(struct guest_set *set, unsigned int index,
			    unsigned int chip);

/*
 * Guest @index waits for the bus of its chip @chip since @ns before now, or
 * has it since then.
 */
void stats_set_waits(struct guest_set *set, unsigned int index,
		     unsigned int chip, uint64_t ns);
void stats_set_has(struct guest_set *set, unsigned int index, unsigned int chip,
		   uint64_t ns);

#endif
