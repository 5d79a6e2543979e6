/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/speed_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
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
"  --urgent       before all other programs on the machine (takes root)\n"
"  --rows=TEXT    only the group TEXT, or rows that have TEXT in their name\n"
"  --json=FILE    all figures: [first quartile, median, third quartile]\n"
"  --svg=FILE     plots of what grows\n"
"  --markdown=FILE the tables of docs/performance.md\n"
"  --list         the groups and their rows\n"
"  --help         this text\n"
"\n"
"BENCH_SECONDS of the environment is how long each of them has for a row (1).\n";
/* clang-format on */

static void take(struct speed_options *options, int c)
{
	switch (c) {
	case 'v':
		options->other = optarg;
		break;
	case 'r':
		options->rows = optarg;
		break;
	case 'j':
		options->json = optarg;
		break;
	case 's':
		options->svg = optarg;
		break;
	case 'm':
		options->markdown = optarg;
		break;
	case 'u':
		options->urgent = true;
		break;
	case 'l':
		options->list = true;
		break;
	default:
		fputs(help, c == 'h' ? stdout : stderr);
		exit(c != 'h');
	}
}

struct speed_options speed_options_parse(int argc, char **argv)
{
	static const struct option table[] = {
		{ "vs", required_argument, NULL, 'v' },
		{ "rows", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "svg", required_argument, NULL, 's' },
		{ "markdown", required_argument, NULL, 'm' },
		{ "urgent", no_argument, NULL, 'u' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct speed_options options = { .other = NULL };
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1)
		take(&options, c);
	return options;
}
