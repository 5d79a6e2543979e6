/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/result.h"

void result_print_group(const struct row_group *group)
{
	printf("\n%s\n%-34s %-12s %10s  %6s %-14s %9s %6s  %s\n", group->title,
	       "", "", "us", "floors", "(quartiles)", "cpu us", "floors",
	       "besides");
}

static void print_ratio(const struct result *r, enum peer_kind kind)
{
	if (kind == PEER_FLOOR)
		printf("  %6s %-14s %9.2f %6s", "", "", r->cpu_us.median, "");
	else
		printf("  %6.2f (%5.2f..%5.2f) %9.2f %6.2f", r->ratio.median,
		       r->ratio.low, r->ratio.high, r->cpu_us.median,
		       r->cpu_ratio.median);
}

static void print_besides(const struct row *row, const struct result *r)
{
	if (r->calls.per_request >= 0)
		printf("  %.2f calls: %s", r->calls.per_request, r->calls.text);
	if (row->message_ns)
		printf("  bus used %.0f %%", r->bus.median * 100);
	if (r->idle >= 0)
		printf(", wanted and idle %.0f %%", r->idle * 100);
}

void result_print(const struct results *results)
{
	const char *name = results->row->name;

	for (unsigned int i = 0; i < PEER_KINDS; i++) {
		const struct result *r = &results->of[i];

		if (!r->present)
			continue;
		printf("%-34s %-12s", name, peer_name(i));
		name = "";
		if (r->failed) {
			printf(" %10s\n", "fails");
			continue;
		}
		printf(" %10.2f", r->us.median);
		print_ratio(r, i);
		print_besides(results->row, r);
		printf("\n");
	}
	fflush(stdout);
}
