/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/result.h"

static void write_spread(FILE *file, const char *name,
			 const struct spread *spread)
{
	fprintf(file, ", \"%s\": [%.4f, %.4f, %.4f]", name, spread->low,
		spread->median, spread->high);
}

static void write_result(FILE *file, const struct results *results,
			 enum peer_kind kind)
{
	const struct result *r = &results->of[kind];

	fprintf(file, ",\n    \"%s\": { \"failed\": %s", peer_name(kind),
		r->failed ? "true" : "false");
	if (!r->failed) {
		write_spread(file, "us", &r->us);
		write_spread(file, "floors", &r->ratio);
		write_spread(file, "cpu_us", &r->cpu_us);
		write_spread(file, "cpu_floors", &r->cpu_ratio);
		if (results->row->message_ns)
			write_spread(file, "bus_used", &r->bus);
		if (r->calls.per_request >= 0)
			fprintf(file, ", \"calls\": %.3f",
				r->calls.per_request);
	}
	fprintf(file, " }");
}

void result_write_json(FILE *file, const struct results *results,
		       unsigned int count)
{
	fprintf(file, "[");
	for (unsigned int i = 0; i < count; i++) {
		const struct row *row = results[i].row;

		fprintf(file,
			"%s\n  { \"group\": \"%s\", \"row\": \"%s\", "
			"\"x\": %.0f, \"rounds\": %u",
			i ? "," : "", row->group, row->name, row->x,
			results[i].rounds);
		for (unsigned int kind = 0; kind < PEER_KINDS; kind++) {
			if (results[i].of[kind].present)
				write_result(file, &results[i], kind);
		}
		fprintf(file, "\n  }");
	}
	fprintf(file, "\n]\n");
}
