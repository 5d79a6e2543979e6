// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Tries one driver with one chip, in a guest, and says whether it works: see
 * usage(), and docs/drivers.md. try.sh makes what this needs.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/trial.h"

#define MESSAGES_SHOWN 40

/* Exit statuses */
enum {
	GOOD = 0,
	BAD = 1,
	MISUSED = 2
};

struct arguments {
	struct trial trial;
	struct guest_config guest;
	const char *trace; /* a copy of the daemon's goes there; or NULL */
	bool all;	   /* show all messages */
};

static void usage(FILE *to)
{
	fprintf(to, "\
Usage: try.sh --module=NAME --board=CHIP --chip=CHIP [OPTION...]\n\
Boots Linux with a chip on its SPI bus, binds a driver, and compares the\n\
messages that the driver meant with those that the chip saw.\n\
\n\
      --module=NAME     the driver's module, of this Linux or of --modules\n\
      --board=NAME[:HZ[:MODE[:PROPERTY...]]]\n\
                        how the driver is told of the chip: its name, as in\n\
                        the driver's spi_device_id, and properties, such as\n\
                        size=32768; interrupts for an interrupt, and\n\
                        reset-gpios=1 for a line that is high\n\
      --chip=CHIP       what answers: sim:nor, sim:regs,file=FILE..., as for\n\
                        --device= of the daemon, or a program and its\n\
                        arguments: the first one is the path of a socket\n\
      --cs=FRAMING      cs= of the daemon (default: the daemon's)\n\
      --check=COMMAND   a shell command in the guest that has to succeed;\n\
                        $CHIP is the chip in sysfs\n\
      --modules=DIR     put the *.ko of this directory into the guest\n\
      --patched         use the guest's SPI driver with our patches\n\
      --trace=FILE.txt  copy what went over the wire to this file\n\
      --all             show all messages, not the first %d\n\
\n\
The exit status is 0 if the driver took the chip, the check succeeded, and\n\
the messages are equal; 1 if not, and 2 for mistakes in the options.\n\
",
		MESSAGES_SHOWN);
}

/* Returns true if the options make sense. */
static bool parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "module", required_argument, NULL, 'm' },
		{ "board", required_argument, NULL, 'b' },
		{ "chip", required_argument, NULL, 'c' },
		{ "cs", required_argument, NULL, 'f' },
		{ "check", required_argument, NULL, 'k' },
		{ "modules", required_argument, NULL, 'd' },
		{ "patched", no_argument, NULL, 'p' },
		{ "trace", required_argument, NULL, 't' },
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (option) {
		case 'm':
			a->trial.module = optarg;
			break;
		case 'b':
			a->trial.board = optarg;
			break;
		case 'c':
			a->trial.chip = optarg;
			break;
		case 'f':
			a->trial.framing = optarg;
			break;
		case 'k':
			a->trial.check = optarg;
			break;
		case 'd':
			a->guest.modules = optarg;
			break;
		case 'p':
			a->guest.patched = true;
			break;
		case 't':
			a->trace = optarg;
			break;
		case 'a':
			a->all = true;
			break;
		case 'h':
			usage(stdout);
			exit(GOOD);
		default:
			return false;
		}
	if (a->trial.check && strchr(a->trial.check, '\n')) {
		fprintf(stderr, "try.sh: --check has to be one line\n");
		return false;
	}
	return optind == argc && a->trial.module && a->trial.board &&
	       a->trial.chip;
}

/* Prints @text, a heading before its first line. */
static void print_lines(const char *heading, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		printf("%-10s%.*s\n", heading, len, text);
		heading = "";
		text += len + (text[len] == '\n');
	}
}

static const char *message(const struct messages *m, unsigned int i)
{
	return i < m->count ? m->text[i] + 1 : "-";
}

/* The messages side by side, as lengths of their transfers */
static void print_messages(const struct trials *t, bool all)
{
	unsigned int count = t->meant.count > t->seen.count ? t->meant.count
							    : t->seen.count;

	printf("messages  %-34s %s\n", "meant by the driver",
	       "seen by the chip");
	for (unsigned int i = 0; i < count; i++) {
		const char *meant = message(&t->meant, i);
		const char *seen = message(&t->seen, i);
		bool failed = i < t->meant.count && t->meant.failed[i];

		if (i == MESSAGES_SHOWN && !all) {
			printf("          ... %u more, with --all\n",
			       count - i);
			break;
		}
		printf("          %-34s %s%s%s\n", meant, seen,
		       strcmp(meant, seen) != 0 ? "   <" : "",
		       failed ? " failed in the guest" : "");
	}
}

static void report(const struct arguments *a, const struct trials *t,
		   const struct trial_result *r)
{
	printf("driver    %s\n", *r->driver ? r->driver : "none took the chip");
	if (a->trial.check) {
		print_lines("check", r->output);
		printf("%-10sexit status %d\n", *r->output ? "" : "check",
		       r->status);
	}
	print_lines("kernel", r->log);
	if (*r->fault)
		printf("fault     %s\n", r->fault);
	print_messages(t, a->all);
	printf("verdict   %u messages, %u of several transfers: %s%s%s\n",
	       t->meant.count, messages_count_several(&t->meant),
	       r->as_meant ? "as meant" : "different: ", r->detail,
	       trial_is_good(r) ? "" : "; FAILED");
}

static void copy_trace(const char *from, const char *to)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	char line[512];

	while (in && out && fgets(line, sizeof(line), in))
		fputs(line, out);
	if (!in || !out)
		perror(to);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
}

int main(int argc, char **argv)
{
	static struct trials t;
	struct arguments a = { 0 };
	struct trial_result r;

	if (!parse(argc, argv, &a)) {
		usage(stderr);
		return MISUSED;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	trials_start(&t, &a.trial, 1, &a.guest);
	trials_run(&t, 0, &r);
	if (a.trace)
		copy_trace(trials_trace(&t, 0), a.trace);
	trials_stop(&t);
	report(&a, &t, &r);
	return trial_is_good(&r) ? GOOD : BAD;
}
