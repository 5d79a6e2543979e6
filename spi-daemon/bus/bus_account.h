/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a user has had of one bus, and its habits there: how long its messages
 * take, and how soon the next one follows. Times are ns; those of the clock are
 * monotonic.
 */
#ifndef BUS_ACCOUNT_H
#define BUS_ACCOUNT_H

#include <stdint.h>

#include "spi-daemon/bus/stats.h"

struct bus;

/*
 * A bus is kept idle for at most BUS_LINGER_NS for a guest whose turn it is:
 * the time of an interrupt, a driver and a kick. If the message that waits
 * takes long, the limit is a sixteenth of it, up to BUS_LINGER_MAX_NS, so that
 * a guest on a slow machine does not lose its turn.
 */
#define BUS_LINGER_NS	  200000
#define BUS_LINGER_MAX_NS (25 * BUS_LINGER_NS)

struct bus_account {
	const struct bus *bus; /* NULL: none yet */
	uint64_t finish;       /* its last message's, in virtual time */
	struct counter
		message; /* one takes so long, on average; 0: not known */
	uint64_t pause;	 /* between two of them; 0: not known */
	uint64_t ended;	 /* the last one did; 0: none did yet */
};

/*
 * The account of @bus among @count (1 or more) @accounts. A new one takes the
 * place of the one that is behind all others: a free one, or one that says the
 * least.
 */
struct bus_account *bus_account_find(struct bus_account *accounts,
				     unsigned int count, const struct bus *bus);

/* The user comes with a message. */
void bus_account_comes(struct bus_account *account, uint64_t now);

/* The user's message, which had begun at @begun, is over. */
void bus_account_ends(struct bus_account *account, uint64_t begun,
		      uint64_t now);

/*
 * How long to keep the bus idle for the user's next message, which is @behind
 * (virtual time) ahead of that of @next in the queue; 0: not at all.
 *
 * To wait pays if the next message is expected sooner than the one of @next
 * would be over, if that went first, and before the user has caught up.
 */
uint64_t bus_account_linger(const struct bus_account *account,
			    const struct bus_account *next, uint64_t behind);

#endif
