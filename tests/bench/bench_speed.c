/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How long a request takes, and what it costs, over the floor: the daemon, and
 * another one, in turns. See --help.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/measure.h"

static const char help[] =
	"usage: bench_speed [OPTION...]\n"
	"\n"
	"Measures requests to the daemon against the floor: a process that waits for\n"
	"the kick, makes the ioctl and writes the call. Both have a spidev without\n"
	"hardware, whose ioctl is one cheap system call. They take turns, for many\n"
	"rounds; ratios are those of one round.\n"
	"\n"
	"  --vs=COMMAND   another daemon besides: in COMMAND, SOCKET is the path of its\n"
	"                 sockets, to which it appends 0, 1, ...; COUNT is their\n"
	"                 number, and DEVICE the path of the spidev\n"
	"  --rows=TEXT    only rows that have TEXT in their group or name\n"
	"  --json=FILE    all figures: [first quartile, median, third quartile]\n"
	"  --svg=FILE     plots of what grows\n"
	"  --list         the rows\n"
	"  --help         this text\n"
	"\n"
	"BENCH_SECONDS of the environment is how long each of them has for a row (1).\n";

struct options {
	struct measure_options measure;
	const char *rows, *json, *svg;
	bool list;
};

static struct options parse(int argc, char **argv)
{
	static const struct option table[] = {
		{ "vs", required_argument, NULL, 'v' },
		{ "rows", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "svg", required_argument, NULL, 's' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .measure.seconds = bench_seconds(1) };
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'v':
			options.measure.other = optarg;
			break;
		case 'r':
			options.rows = optarg;
			break;
		case 'j':
			options.json = optarg;
			break;
		case 's':
			options.svg = optarg;
			break;
		case 'l':
			options.list = true;
			break;
		default:
			fputs(help, c == 'h' ? stdout : stderr);
			exit(c != 'h');
		}
	}
	return options;
}

static bool is_wanted(const struct options *options, const struct row *row)
{
	return !options->rows || strstr(row->name, options->rows) ||
	       !strcmp(row->group, options->rows);
}

static void print_group(const char *name)
{
	for (size_t i = 0; i < row_group_count; i++)
		if (!strcmp(row_groups[i].name, name))
			result_print_group(&row_groups[i]);
}

static unsigned int measure_all(const struct options *options,
				const struct fake_bus *bus,
				struct results *results)
{
	const char *group = "";
	unsigned int count = 0;

	for (size_t i = 0; i < row_count; i++) {
		if (!is_wanted(options, &rows[i]))
			continue;
		if (strcmp(group, rows[i].group))
			print_group(rows[i].group);
		group = rows[i].group;
		measure_row(&options->measure, bus, &rows[i], &results[count]);
		result_print(&results[count++]);
	}
	return count;
}

static void
write_file(const char *path, const struct results *results, unsigned int count,
	   void (*write)(FILE *, const struct results *, unsigned int))
{
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!path)
		return;
	if (file)
		write(file, results, count);
	if (!file || fclose(file))
		bench_die("%s: cannot be written", path);
}

int main(int argc, char **argv)
{
	struct results *results;
	struct options options;
	const char *reason;
	unsigned int count;
	struct fake_bus bus;

	if (argc > 1 && !strcmp(argv[1], "--floor"))
		floor_main(argv + 2);
	options = parse(argc, argv);
	for (size_t i = 0; options.list && i < row_count; i++)
		printf("%-10s %s\n", rows[i].group, rows[i].name);
	if (options.list)
		return 0;
	reason = fake_bus_open(&bus);
	if (reason) {
		printf("skipped: %s\n", reason);
		return 0;
	}
	bench_raise_limits();
	results = calloc(row_count, sizeof(*results));
	if (!results)
		bench_die("out of memory");
	count = measure_all(&options, &bus, results);
	write_file(options.json, results, count, result_write_json);
	write_file(options.svg, results, count, result_write_svg);
	fake_bus_close(&bus);
	free(results);
	return 0;
}
