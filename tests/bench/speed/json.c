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
		if (r->idle >= 0)
			fprintf(file, ", \"bus_wanted_idle\": %.4f", r->idle);
		if (r->calls.per_request >= 0)
			fprintf(file, ", \"calls\": %.3f",
				r->calls.per_request);
	}
	fprintf(file, " }");
}

static void write_row(FILE *file, const struct results *results)
{
	const struct row *row = results->row;

	fprintf(file,
		"  { \"group\": \"%s\", \"row\": \"%s\", \"x\": %.0f, "
		"\"rounds\": %u",
		row->group, row->name, row->x, results->rounds);
	for (unsigned int kind = 0; kind < PEER_KINDS; kind++) {
		if (results->of[kind].present)
			write_result(file, results, kind);
	}
	fprintf(file, "\n  }");
}

static void write_idle(FILE *file, const struct idle *idle, const char *name)
{
	fprintf(file, "  \"%s\": { \"failed\": %s", name,
		idle->failed ? "true" : "false");
	if (!idle->failed)
		fprintf(file,
			", \"memory_kib\": %.1f, \"threads\": %.2f, "
			"\"descriptors\": %.2f, \"wakeups\": %.0f",
			idle->memory_kb, idle->threads, idle->fds,
			idle->wakeups);
	fprintf(file, " }");
}

void report_write_json(FILE *file, const struct report *report)
{
	const char *comma = "";

	fprintf(file, "{ \"rows\": [\n");
	for (unsigned int i = 0; i < report->count; i++) {
		fprintf(file, "%s", i ? ",\n" : "");
		write_row(file, &report->results[i]);
	}
	fprintf(file, "\n], \"idle\": {\n");
	for (unsigned int i = 0; i < PEER_KINDS; i++) {
		if (!report->idle[i].present)
			continue;
		fprintf(file, "%s", comma);
		write_idle(file, &report->idle[i], peer_name(i));
		comma = ",\n";
	}
	fprintf(file, "\n} }\n");
}
