/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests, and their monitors, that do their worst: each attack runs in a
 * process of its own, again and again until it is killed, on the same chip as
 * everybody. What comes of it is for others to see; an attacker checks
 * nothing. It sends chips nothing but zeros, which no flash takes for a
 * command, so that a chip it shares does not change.
 */
#ifndef TEST_ATTACK_H
#define TEST_ATTACK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "spi-daemon/xfer/spi_front.h"

/* What the attacking process knows. */
struct attack_run {
	const char *socket;
	uint8_t chip;
	atomic_ulong *rounds;	/* shared with who started it */
	struct spi_front front; /* if ->open */
	bool open;
	uint32_t seed; /* goes on with each attack_random() */
};

struct attack {
	const char *name; /* what becomes of the others, for a test's name */
	const char *what; /* what it does, for a table */
	void (*run)(struct attack_run *run); /* does not return */
};

extern const struct attack attacks[];
extern const unsigned int attack_count;

/* The attack whose ->name that is, or NULL. */
const struct attack *attack_find(const char *name);

/* One that is under way. */
struct attacker {
	pid_t pid;
	atomic_ulong *rounds; /* a mapping that both see */
};

/*
 * Begins an attack on chip @chip of the guest at @socket, whose front end it
 * is. The attacker dies with the thread that called this.
 * Returns 0 or a negative errno.
 */
int attack_start(struct attacker *attacker, const struct attack *attack,
		 const char *socket, uint8_t chip);

/* How often it has done it. */
unsigned long attack_rounds(const struct attacker *attacker);

/* Kills the attacker, in whatever state it is. Returns its rounds. */
unsigned long attack_stop(struct attacker *attacker);

/* For attacks. Connects and starts a ring, as soon as the daemon lets it. */
void attack_open(struct attack_run *run, const struct spi_front_options *with);
struct spi_front_options attack_options(const struct attack_run *run);
/* The same, and sends the first part of a message (cs=spec). */
void attack_hold_chip(struct attack_run *run);
void attack_close(struct attack_run *run);

/* A request that moves @len zeros at @hz, both ways if @both, or out. */
struct spi_front_request attack_request(const struct attack_run *run,
					uint32_t len, uint32_t hz);
uint32_t attack_random(struct attack_run *run);
void attack_count_round(struct attack_run *run);
void attack_nap_us(unsigned int us);

#endif
