/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/stats/stats_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "spi-daemon/system/clock.h"

int stats_set_setup(void **state)
{
	struct guest_set *set = calloc(1, sizeof(*set));

	assert_non_null(set);
	pool_init(&set->pool);
	*state = set;
	return 0;
}

int stats_set_teardown(void **state)
{
	struct guest_set *set = *state;

	while (set->count) {
		struct guest *guest = set->guests[--set->count];

		controller_close(&guest->controller);
		guest_spec_free(&guest->spec);
		free(guest);
	}
	pool_fini(&set->pool);
	free(set);
	return 0;
}

struct guest_stats *stats_set_add(struct guest_set *set, const char *text)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	char error[512];

	assert_non_null(guest);
	if (guest_spec_parse(text, &guest->spec, error, sizeof(error)) ||
	    controller_open(&guest->controller, &set->pool, guest->spec.devices,
			    error, sizeof(error)))
		fail_msg("%s: %s", text, error);
	set->guests[set->count++] = guest;
	return &guest->worker.service.stats;
}

struct chip *stats_set_chip(struct guest_set *set, unsigned int index,
			    unsigned int chip)
{
	return &set->guests[index]->controller.chips[chip];
}

static struct turn_stats *turn_for(struct guest_set *set, unsigned int index,
				   unsigned int chip)
{
	struct turn_stats *turn =
		&set->guests[index]->worker.service.stats.turn;

	counter_set(&turn->chip, chip);
	return turn;
}

void stats_set_waits(struct guest_set *set, unsigned int index,
		     unsigned int chip, uint64_t ns)
{
	counter_set(&turn_for(set, index, chip)->waits_since, clock_now() - ns);
}

void stats_set_has(struct guest_set *set, unsigned int index, unsigned int chip,
		   uint64_t ns)
{
	counter_set(&turn_for(set, index, chip)->holds_since, clock_now() - ns);
}
