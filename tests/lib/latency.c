/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/latency.h"

#include <stdlib.h>

void latency_add(struct latency *latency, uint64_t ns)
{
	if (latency->count == latency->room) {
		size_t room = latency->room ? latency->room * 2 : 1024;
		void *grown = realloc(latency->ns, room * sizeof(uint64_t));

		if (!grown)
			return;
		latency->ns = grown;
		latency->room = room;
	}
	latency->ns[latency->count++] = ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t latency_percentile(struct latency *latency, double percent)
{
	size_t at;

	if (!latency->count)
		return 0;
	qsort(latency->ns, latency->count, sizeof(uint64_t), compare);
	at = (size_t)((double)latency->count * percent / 100);
	return latency->ns[at < latency->count ? at : latency->count - 1];
}

void latency_clear(struct latency *latency)
{
	free(latency->ns);
	*latency = (struct latency){ .ns = NULL };
}
