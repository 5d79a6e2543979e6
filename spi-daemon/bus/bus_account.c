/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/bus/bus_account.h"

/* A pause that is longer than that says no more of the next one. */
#define PAUSE_MAX (UINT64_C(2) * BUS_LINGER_NS)

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

/* Times of different readings of the clock can be out of order. */
static uint64_t time_from(uint64_t begin, uint64_t end)
{
	return end > begin ? end - begin : 0;
}

/* The last few count, the last one most. 0 is left to what is not known. */
static uint64_t average(uint64_t so_far, uint64_t value)
{
	uint64_t next = so_far ? (3 * so_far + value) / 4 : value;

	return next ? next : 1;
}

void bus_account_comes(struct bus_account *account, uint64_t now)
{
	uint64_t pause = time_from(account->ended, now);

	if (account->ended)
		account->pause = average(account->pause,
					 pause < PAUSE_MAX ? pause : PAUSE_MAX);
}

/* One that took much longer than usual may have lost its processor. */
void bus_account_ends(struct bus_account *account, uint64_t begun, uint64_t now)
{
	uint64_t most = account->message ? 2 * account->message + OUTLIER_NS
					 : UINT64_MAX;
	uint64_t took = time_from(begun, now);

	account->message = average(account->message, took < most ? took : most);
	account->ended = now;
}

uint64_t bus_account_linger(const struct bus_account *account,
			    const struct bus_account *next, uint64_t behind)
{
	uint64_t patience = 2 * account->pause + PAUSE_SLACK;

	if (account->pause >= behind || account->pause >= next->message ||
	    account->pause > BUS_LINGER_NS)
		return 0;
	return patience < BUS_LINGER_NS ? patience : BUS_LINGER_NS;
}
