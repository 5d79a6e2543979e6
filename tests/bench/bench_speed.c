/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How long a request takes, and what it costs, over the floor: the daemon, and
 * another one, in turns. See --help.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/idle.h"
#include "tests/bench/speed/measure.h"
#include "tests/bench/speed/speed_options.h"
#include "tests/bench/speed/urgent.h"

static bool is_wanted(const struct speed_options *options, const char *group,
		      const char *name)
{
	return !options->rows || strstr(name, options->rows) ||
	       !strcmp(group, options->rows);
}

static void list_rows(void)
{
	for (size_t i = 0; i < row_count; i++)
		printf("%-10s %s\n", rows[i].group, rows[i].name);
	printf("%-10s %s\n", "idle", "memory, threads, descriptors");
}

static void print_group(const char *name)
{
	for (size_t i = 0; i < row_group_count; i++)
		if (!strcmp(row_groups[i].name, name))
			result_print_group(&row_groups[i]);
}

static void print_head(double seconds)
{
	struct utsname machine;

	uname(&machine);
	printf("%s, Linux %s, %ld CPUs; medians of %u rounds in which all take "
	       "turns.\n"
	       "\"us\": time of a request; \"cpu us\": what the processes take "
	       "of the processors for it;\n"
	       "\"floors\": the same over the floor's in the same round.\n",
	       machine.machine, machine.release, sysconf(_SC_NPROCESSORS_ONLN),
	       measure_rounds(seconds));
}

static void measure_all(const struct speed_options *options,
			const struct fake_bus *bus, struct report *report)
{
	const struct measure_options how = {
		.other = options->other,
		.seconds = bench_seconds(1),
	};
	const char *group = "";

	print_head(how.seconds);
	for (size_t i = 0; i < row_count; i++) {
		struct results *results = &report->results[report->count];

		if (!is_wanted(options, rows[i].group, rows[i].name))
			continue;
		if (strcmp(group, rows[i].group))
			print_group(rows[i].group);
		group = rows[i].group;
		measure_row(&how, bus, &rows[i], results);
		result_print(results);
		report->count++;
	}
	if (is_wanted(options, "idle", "")) {
		idle_measure(bus, options->other, report->idle);
		idle_print(report->idle);
	}
}

static void write_file(const char *path, const struct report *report,
		       void (*write)(FILE *, const struct report *))
{
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!path)
		return;
	if (file)
		write(file, report);
	if (!file || fclose(file))
		bench_die("%s: cannot be written", path);
}

static void run(const struct speed_options *options)
{
	struct report report = { .count = 0 };
	struct fake_bus bus;
	const char *reason = fake_bus_open(&bus);

	if (reason) {
		printf("skipped: %s\n", reason);
		return;
	}
	report.results = calloc(row_count, sizeof(*report.results));
	if (!report.results)
		bench_die("out of memory");
	bench_raise_limits();
	measure_all(options, &bus, &report);
	write_file(options->json, &report, report_write_json);
	write_file(options->markdown, &report, report_write_markdown);
	write_file(options->svg, &report, report_write_svg);
	fake_bus_close(&bus);
	free(report.results);
}

int main(int argc, char **argv)
{
	struct speed_options options;

	if (argc > 1 && !strcmp(argv[1], "--floor"))
		floor_main(argv + 2);
	options = speed_options_parse(argc, argv);
	if (options.list) {
		list_rows();
		return 0;
	}
	if (options.urgent)
		urgent_begin();
	run(&options);
	return 0;
}
