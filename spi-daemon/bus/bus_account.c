/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/bus/bus_account.h"

#include "spi-daemon/system/clock.h"

/*
 * A pause counts as PAUSE_LONG at most, or as twice the usual pause if that is
 * more, but never as more than PAUSE_MAX.
 */
#define PAUSE_LONG (UINT64_C(2) * BUS_LINGER_NS)
#define PAUSE_MAX  (UINT64_C(2) * BUS_LINGER_MAX_NS)

/* What a message may take besides twice the usual time, to count in full. */
#define OUTLIER_NS 1000

/* Pauses are not alike: by so much the next may be longer than expected. */
#define PAUSE_SLACK 20000

struct bus_account *bus_account_find(struct bus_account *accounts,
				     unsigned int count, const struct bus *bus)
{
	struct bus_account *account = &accounts[0];

	for (unsigned int i = 0; i < count; i++) {
		struct bus_account *a = &accounts[i];

		if (a->bus == bus)
			return a;
		if (a->finish < account->finish)
			account = a;
	}
	*account = (struct bus_account){ .bus = bus };
	return account;
}

/* The last few count, the last one most. 0 is left to what is not known. */
static uint64_t average(uint64_t so_far, uint64_t value)
{
	uint64_t next = so_far ? (3 * so_far + value) / 4 : value;

	return next ? next : 1;
}

void bus_account_comes(struct bus_account *account, uint64_t now)
{
	uint64_t most = clock_earlier(
		clock_later(2 * account->pause, PAUSE_LONG), PAUSE_MAX);
	uint64_t pause = clock_from(account->ended, now);

	if (account->ended)
		account->pause =
			average(account->pause, clock_earlier(pause, most));
}

/* One that took much longer than usual may have lost its processor. */
void bus_account_ends(struct bus_account *account, uint64_t begun, uint64_t now)
{
	uint64_t usual = counter_get(&account->message);
	uint64_t most = usual ? 2 * usual + OUTLIER_NS : UINT64_MAX;
	uint64_t took = clock_from(begun, now);

	counter_set(&account->message,
		    average(usual, clock_earlier(took, most)));
	account->ended = now;
}

uint64_t bus_account_linger(const struct bus_account *account,
			    const struct bus_account *next, uint64_t behind)
{
	uint64_t message = counter_get(&next->message);
	uint64_t most = clock_earlier(clock_later(message / 16, BUS_LINGER_NS),
				      BUS_LINGER_MAX_NS);

	if (account->pause >= behind || account->pause >= message ||
	    account->pause > most)
		return 0;
	return clock_earlier(2 * account->pause + PAUSE_SLACK, most);
}
