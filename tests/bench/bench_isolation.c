/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What one guest feels of what another does: how long its exchanges take
 * under each attack, against how long they take alone; and what ten thousand
 * connections leave behind.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/usage.h"
#include "tests/lib/hostile/attack.h"
#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/steady.h"

#define MAX_MESSAGE_MS "10"
#define VICTIM	       0
#define ATTACKER       1

struct world {
	struct daemon daemon;
	struct spi_front front;
	struct steady victim;
	char attacked[DAEMON_PATH_MAX + 12];
};

struct times {
	double median, p99, worst; /* ms */
};

static void start(struct world *w)
{
	static const char *const args[] = {
		"--device=sim:loopback,bus=a,timing=real,cs=spec,"
		"cs-hold=10000,max-message=" MAX_MESSAGE_MS,
		"--device=sim:nor,size=64k,bus=a,timing=real,cs=nor,"
		"cs-hold=10000,max-message=60000",
		RIG_WITH_PACKED, /* for rings of garbage */
		NULL,
	};
	struct spi_front_options options;

	daemon_init(&w->daemon);
	daemon_start(&w->daemon, 2, args);
	snprintf(w->attacked, sizeof(w->attacked), "%s",
		 daemon_socket(&w->daemon, ATTACKER));
	options = spi_front_defaults(daemon_socket(&w->daemon, VICTIM));
	if (spi_front_open(&w->front, &options) ||
	    steady_begin(&w->victim, &w->front))
		bench_die("the victim is not served: %s", w->victim.error);
}

static struct times exchange(struct world *w, double seconds)
{
	struct latency *latency = &w->victim.latency;
	struct times times;

	latency_clear(latency);
	if (steady_run(&w->victim, (int)(seconds * 1e3), 20))
		bench_die("the victim felt it: %s", w->victim.error);
	times = (struct times){
		.median = (double)latency_percentile(latency, 50) / 1e6,
		.p99 = (double)latency_percentile(latency, 99) / 1e6,
		.worst = (double)latency_percentile(latency, 100) / 1e6,
	};
	return times;
}

static void print_times(const char *what, const struct times *times,
			const struct times *alone)
{
	printf("%-46s %8.2f %8.2f %8.2f %7.1f %7.1f %7.1f\n", what,
	       times->median, times->p99, times->worst,
	       times->median / alone->median, times->p99 / alone->p99,
	       times->worst / alone->worst);
	fflush(stdout);
}

static void wait_rounds(struct world *w, const struct attacker *attacker,
			unsigned long rounds)
{
	while (attack_rounds(attacker) < rounds) {
		if (steady_exchange(&w->victim))
			bench_die("the victim felt it: %s", w->victim.error);
		if (!process_is_running(attacker->pid))
			bench_die("the attacker gave up");
	}
}

static void endure(struct world *w, const struct attack *attack,
		   const struct times *alone, double seconds)
{
	struct attacker attacker;
	struct times times;

	if (attack_start(&attacker, attack, w->attacked, 0))
		bench_die("no attacker");
	wait_rounds(w, &attacker, 1);
	times = exchange(w, seconds);
	attack_stop(&attacker);
	print_times(attack->what, &times, alone);
}

static void print_usage(const char *when, const struct world *w)
{
	struct usage usage = usage_of(w->daemon.pid);

	printf("%-24s %5u %8u %10lu\n", when, usage.fds, usage.threads,
	       usage.own_kb);
}

/* For a short measurement, fewer of them. */
static void reconnect(struct world *w, unsigned long connections)
{
	struct attacker attacker;

	printf("\n%-24s %5s %8s %10s\n", "", "fds", "threads", "own kB");
	print_usage("before", w);
	if (attack_start(&attacker, attack_find("reconnects"), w->attacked, 0))
		bench_die("no attacker");
	wait_rounds(w, &attacker, connections / 2);
	attack_stop(&attacker);
	bench_sleep(0.3);
	printf("after %-18lu", connections);
	print_usage("", w);
}

/* With a name of attack.c as its argument: that attack alone. */
int main(int argc, char **argv)
{
	double seconds = bench_seconds(2);
	static struct world w;
	struct times alone, times;

	printf("Exchanges of 64 bytes at 10 MHz on two chips of one bus; "
	       "max-message is " MAX_MESSAGE_MS " ms.\n"
	       "Times in ms, and how many times those of a guest that is "
	       "alone.\n\n%-46s %8s %8s %8s %7s %7s %7s\n",
	       "the other guest", "median", "99 %", "worst", "median", "99 %",
	       "worst");
	start(&w);
	alone = exchange(&w, seconds);
	print_times("is absent", &alone, &alone);
	for (unsigned int i = 0; i < attack_count; i++)
		if (argc < 2 || !strcmp(argv[1], attacks[i].name))
			endure(&w, &attacks[i], &alone, seconds);
	times = exchange(&w, seconds);
	print_times("has disconnected", &times, &alone);
	reconnect(&w, seconds < 1 ? 200 : 10000);
	latency_clear(&w.victim.latency);
	spi_front_close(&w.front);
	bench_stop(&w.daemon);
	return 0;
}
