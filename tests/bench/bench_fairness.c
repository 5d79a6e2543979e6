/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How guests that all want the bus share it: equal ones, equal ones and one
 * that floods it, and unequal ones by their weights. The bus is simulated, at
 * the pace of its clock. A guest's share is the bus time of the requests that
 * were done for it.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/load.h"

#define MAX_GUESTS 16
#define DEVICE	   "device=sim:loopback,bus=a,timing=real,cs=spec"

/* Flooders have a long message, and many of them; the others are alike. */
static const struct load_kind plain = { .depth = 4, .len = 125, .hz = 1000000 };
static const struct load_kind flood = { .depth = 32,
					.len = 5000,
					.hz = 1000000 };

struct run {
	unsigned int guests;
	bool floods; /* the first of them */
	const unsigned int *weights;
};

static struct load loads[MAX_GUESTS];

static void start(struct daemon *d, const struct run *run)
{
	static char guests[MAX_GUESTS][2 * DAEMON_PATH_MAX + 128];
	char stats[DAEMON_PATH_MAX + 32];
	const char *args[2 * MAX_GUESTS + 2] = { NULL };

	daemon_init(d);
	snprintf(stats, sizeof(stats), "--stats=%s", daemon_file(d, "stats"));
	args[2 * run->guests] = stats;
	for (unsigned int i = 0; i < run->guests; i++) {
		snprintf(guests[i], sizeof(guests[i]),
			 "name=%u,socket=%s,weight=%u," DEVICE, i,
			 daemon_socket(d, i),
			 run->weights ? run->weights[i] : 1);
		args[2 * i] = "--guest";
		args[2 * i + 1] = guests[i];
	}
	daemon_spawn(d, args);
	bench_wait_sockets(d, run->guests);
}

/*
 * What the daemon itself says, of the time since it was started; up to a
 * second ago, when it last wrote it.
 */
static void read_held(const struct daemon *d, double *held)
{
	FILE *file = fopen(daemon_file(d, "stats"), "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned int guest;
		double seconds;

		if (sscanf(line,
			   "vhost_device_spi_guest_bus_hold_seconds_sum"
			   "{guest=\"%u\"} %lf",
			   &guest, &seconds) == 2 &&
		    guest < MAX_GUESTS)
			held[guest] = seconds;
	}
	if (file)
		fclose(file);
}

struct shares {
	double done[MAX_GUESTS]; /* of the whole time, by requests done */
	double held[MAX_GUESTS]; /* seconds, as the daemon measures it */
};

static void measure(const struct run *run, double seconds,
		    struct shares *shares)
{
	struct daemon daemon;

	*shares = (struct shares){ .held = { 0 } };
	start(&daemon, run);
	for (unsigned int i = 0; i < run->guests; i++)
		load_start(&loads[i], daemon_socket(&daemon, i),
			   i == 0 && run->floods ? flood : plain);
	bench_sleep(0.2);
	for (unsigned int i = 0; i < run->guests; i++)
		shares->done[i] = -(double)load_bus_time(&loads[i]);
	bench_sleep(seconds);
	for (unsigned int i = 0; i < run->guests; i++)
		shares->done[i] += (double)load_bus_time(&loads[i]);
	for (unsigned int i = 0; i < run->guests; i++)
		shares->done[i] /= seconds * 1e9;
	read_held(&daemon, shares->held);
	for (unsigned int i = 0; i < run->guests; i++)
		load_stop(&loads[i]);
	bench_stop(&daemon);
}

/* The first, and the least and the most of the others */
static void print_shares(const double *shares, unsigned int guests)
{
	double least = shares[1], most = shares[1], all = shares[0];

	for (unsigned int i = 1; i < guests; i++) {
		least = shares[i] < least ? shares[i] : least;
		most = shares[i] > most ? shares[i] : most;
		all += shares[i];
	}
	printf(" %7.2f %7.2f %7.2f %7.2f\n", shares[0] * 100, least * 100,
	       most * 100, all * 100);
	fflush(stdout);
}

static void compare_equals(unsigned int guests, bool floods, double seconds)
{
	const struct run run = { .guests = guests, .floods = floods };
	struct shares shares;

	measure(&run, seconds, &shares);
	printf("%-6u %-24s %7.4f %7.4f %7.4f", guests,
	       floods ? "the first one floods" : "all alike",
	       load_jain(shares.done, guests),
	       floods ? load_jain(shares.done + 1, guests - 1)
		      : load_jain(shares.done, guests),
	       load_jain(shares.held, guests));
	print_shares(shares.done, guests);
}

static void compare_weights(double seconds)
{
	static const unsigned int weights[] = { 1, 2, 4 };
	const struct run run = { .guests = 3, .weights = weights };
	struct shares shares;
	double sum = 0;

	measure(&run, seconds, &shares);
	for (unsigned int i = 0; i < 3; i++)
		sum += shares.done[i];
	printf("\nweight  %% of the bus time that all had (fair: 14.29, 28.57, "
	       "57.14)\n");
	for (unsigned int i = 0; i < 3; i++) {
		printf("%-7u %.2f\n", weights[i], shares.done[i] / sum * 100);
		shares.done[i] /= weights[i];
		shares.held[i] /= weights[i];
	}
	printf("Jain's index of time by weight: %.4f; as the daemon measures "
	       "it: %.4f\n",
	       load_jain(shares.done, 3), load_jain(shares.held, 3));
}

int main(void)
{
	double seconds = bench_seconds(4);

	printf("Messages of 1 ms, four in flight; the one that floods has 32 "
	       "of 40 ms.\n"
	       "Jain's index of bus time: of all, by their requests, and of "
	       "those that do not flood;\n"
	       "of all, as the daemon measures it. %% of the time that the "
	       "first one had, those of\n"
	       "the others that had least and most, and all together.\n\n"
	       "%-6s %-24s %7s %7s %7s %7s %7s %7s %7s\n",
	       "guests", "", "all", "others", "held", "first", "least", "most",
	       "sum");
	for (unsigned int guests = 2; guests <= MAX_GUESTS; guests *= 2) {
		compare_equals(guests, false, seconds);
		compare_equals(guests, true, seconds);
	}
	compare_weights(seconds);
	return 0;
}
