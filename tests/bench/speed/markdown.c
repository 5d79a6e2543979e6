/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The tables of docs/performance.md, in Markdown. */
#include "tests/bench/speed/result.h"

#include <string.h>

#include "tests/bench/speed/peer.h"

/* One column more; of what was not measured it is empty. */
static void print_figure(FILE *file, bool measured, double value)
{
	if (!measured)
		fprintf(file, "  |");
	else if (value < 10)
		fprintf(file, " %.2f |", value);
	else
		fprintf(file, " %.1f |", value);
}

static void print_share(FILE *file, bool measured, double share)
{
	if (measured)
		fprintf(file, " %.0f %% |", share * 100);
	else
		fprintf(file, "  |");
}

/* A row of one of the tables: what @kind took, besides the floor. */
static void print_result(FILE *file, const struct results *results,
			 enum peer_kind kind)
{
	const struct result *floor = &results->of[PEER_FLOOR];
	const struct result *r = &results->of[kind];
	const bool has_bus = results->row->message_ns;

	fprintf(file, "| %s%s%s |", results->row->name,
		kind == PEER_DAEMON ? "" : ", ",
		kind == PEER_DAEMON ? "" : peer_name(kind));
	if (r->failed) {
		fprintf(file, " fails |  |  |  |  |  |  |  |\n");
		return;
	}
	print_figure(file, true, floor->us.median);
	print_figure(file, true, r->us.median);
	print_figure(file, true, r->ratio.median);
	print_figure(file, true, r->cpu_ratio.median);
	print_figure(file, r->calls.per_request >= 0, r->calls.per_request);
	print_share(file, has_bus, floor->bus.median);
	print_share(file, has_bus, r->bus.median);
	print_share(file, has_bus && r->idle >= 0, r->idle);
	fprintf(file, "\n");
}

static void print_title(FILE *file, const char *group)
{
	for (size_t i = 0; i < row_group_count; i++)
		if (!strcmp(row_groups[i].name, group))
			fprintf(file, "\n%s (`--rows=%s`)\n\n",
				row_groups[i].title, group);
	fprintf(file,
		"|  | floor, us | daemon, us | over the floor | processor "
		"time over the floor | system calls | bus used, floor | bus "
		"used, daemon | idle while wanted |\n"
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | "
		"---: |\n");
}

static void print_idle(FILE *file, const struct idle *idle)
{
	fprintf(file, "\nA further guest that is idle (`--rows=idle`)\n\n"
		      "|  | memory | threads | descriptors | wake-ups in a "
		      "second, of all |\n"
		      "| --- | ---: | ---: | ---: | ---: |\n");
	for (unsigned int i = 0; i < PEER_KINDS; i++)
		if (idle[i].present && !idle[i].failed)
			fprintf(file,
				"| %s | %.0f KiB | %.0f | %.0f | %.0f |\n",
				peer_name(i), idle[i].memory_kb,
				idle[i].threads, idle[i].fds, idle[i].wakeups);
}

void report_write_markdown(FILE *file, const struct report *report)
{
	const char *group = "";

	for (unsigned int i = 0; i < report->count; i++) {
		const struct results *results = &report->results[i];

		if (strcmp(group, results->row->group))
			print_title(file, results->row->group);
		group = results->row->group;
		for (unsigned int kind = PEER_FLOOR + 1; kind < PEER_KINDS;
		     kind++)
			if (results->of[kind].present)
				print_result(file, results, kind);
	}
	if (report->idle[PEER_DAEMON].present)
		print_idle(file, report->idle);
}
