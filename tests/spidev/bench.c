/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/spidev/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/qemu/qemu.h"
#include "tests/lib/skip.h"
#include "tests/spidev/board.h"

#define MAX_CASES 128

struct bench *bench_open(void **state)
{
	struct bench *b = *state;

	if (b->missing)
		skip_because("%s", b->missing);
	return b;
}

static int run(struct bench *b, const char *command)
{
	char line[4000];
	int status;

	snprintf(line, sizeof(line), ". /lab.sh; %s", command);
	status = b->run(b->machine, b->out, sizeof(b->out), BENCH_TIMEOUT_S,
			line);
	if (status < 0) {
		b->show_log(b->machine);
		fail_msg("%s: %s", command, strerror(-status));
	}
	if (b->out[0] && b->out[strlen(b->out) - 1] == '\n')
		b->out[strlen(b->out) - 1] = '\0';
	return status;
}

static void must_run(struct bench *b, const char *command)
{
	int status = run(b, command);

	if (!status)
		return;
	print_error("%s: status %d\n%s\n", command, status, b->out);
	run(b, "echo log of the daemon:; tail -n 20 /run/daemon.log; "
	       "echo log of the kernel:; dmesg | tail -n 20");
	fail_msg("%s", b->out);
}

int bench_try(struct bench *b, const char *format, ...)
{
	char command[3800];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return run(b, command);
}

const char *bench_run(struct bench *b, const char *format, ...)
{
	char command[3800];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	must_run(b, command);
	return b->out;
}

void bench_serve(struct bench *b, const char *keys)
{
	/* A loaded host is slow to answer, and here that is not the subject. */
	bench_run(b, "start_daemon /dev/spidev%s,%s%s",
		  b->device + strlen("spi"), keys,
		  strstr(keys, "cs-hold") ? "" : ",cs-hold=5000");
	/* The device may be in the mode of the test before. */
	bench_run(b, "spi-stream /run/s0 change=%d dup:0000",
		  !strstr(keys, "cs=transfer"));
}

const char *bench_log(struct bench *b)
{
	return bench_run(b, "cat /run/daemon.log");
}

const char *bench_stream(struct bench *b, const char *format, ...)
{
	static char out[4096];
	char words[3600];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	bench_run(b, "traced spi-stream /run/s0 %s", words);
	snprintf(out, sizeof(out), "%.4000s", b->out);
	bench_read_trace(b);
	return out;
}

void bench_read_trace(struct bench *b)
{
	/* Bytes of data aside, which would make it long. */
	bench_run(b, "sed 's/=\\[[0-9a-f][^]]*\\]/=[x]/g' /run/trace");
	trace_parse(&b->trace, b->out, b->device);
}

const char *bench_wire(struct bench *b)
{
	trace_wire(&b->trace, b->wire, sizeof(b->wire));
	return b->wire;
}

int64_t bench_us(struct bench *b, enum trace_kind from, unsigned int from_index,
		 enum trace_kind to, unsigned int to_index)
{
	const struct trace_event *a = trace_find(&b->trace, from, from_index);
	const struct trace_event *z = trace_find(&b->trace, to, to_index);

	if (!a || !z) {
		fail_msg("not in the trace: %s", bench_wire(b));
		return -1;
	}
	return z->us - a->us;
}

const struct bench_group bench_all_groups[] = {
	{ flash_cases, &flash_case_count },
	{ select_cases, &select_case_count },
	{ field_cases, &field_case_count },
	{ piece_cases, &piece_case_count },
	{ loss_cases, &loss_case_count },
	{ shared_cases, &shared_case_count },
	{ NULL, NULL },
};

int bench_run_groups(const char *name, const struct bench_group *groups,
		     CMFixtureFunction setup, CMFixtureFunction teardown)
{
	static struct CMUnitTest cases[MAX_CASES];
	size_t count = 0;

	for (; groups->cases; groups++)
		for (size_t i = 0; i < *groups->count && count < MAX_CASES; i++)
			cases[count++] = groups->cases[i];
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return _cmocka_run_group_tests(name, cases, count, setup, teardown);
}

/* cmocka's fixtures take no argument of ours. */
static const struct board_kind *board_kind;
static const char *board_append;
static struct bench board_bench;

static int board_bench_run(void *machine, char *out, size_t size, int timeout_s,
			   const char *command)
{
	return board_run(machine, out, size, timeout_s, command);
}

static void board_bench_show_log(void *machine)
{
	board_show_log(machine);
}

static int start_board(void **state)
{
	char kit[4096];

	*state = &board_bench;
	if (qemu_find_kit(BOARD_KIT, kit, sizeof(kit))) {
		board_bench.missing = "no kit; run tests/spidev/kit.sh";
		return 0;
	}
	board_bench.machine = board_start(board_kind, board_append);
	return board_bench.machine ? 0 : -1;
}

static int stop_board(void **state)
{
	struct bench *b = *state;

	return board_stop(b->machine) ? -1 : 0;
}

int bench_board_main(const struct board_kind *kind, const char *append,
		     const struct bench *facts,
		     const struct bench_group *groups)
{
	board_kind = kind;
	board_append = append;
	board_bench = *facts;
	board_bench.run = board_bench_run;
	board_bench.show_log = board_bench_show_log;
	return bench_run_groups(kind->name, groups, start_board, stop_board);
}
