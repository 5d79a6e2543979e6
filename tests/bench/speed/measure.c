/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/measure.h"

#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/turn.h"

#define TURN_NS	   20000000u
#define MIN_ROUNDS 3
#define MAX_ROUNDS 501

/*
 * Where threads may run on any processor, one process can be several times as
 * fast as the next one of the same program, for as long as it lives: it depends
 * on where the scheduler has placed its threads. So in these rows the peers are
 * started so often, but not for fewer rounds than that.
 */
#define STARTS	     5
#define ROUNDS_START 10

/* A peer's figures of each round */
struct series {
	double us[MAX_ROUNDS], cpu_us[MAX_ROUNDS], bus[MAX_ROUNDS];
	uint64_t ns;	   /* of all */
	double idle_s;	   /* the bus was, while guests waited; */
	bool idle_unknown; /* or nobody tells */
};

struct measure {
	const struct row *row;
	struct results *results;
	struct peer peers[PEER_KINDS];
	struct series series[PEER_KINDS];
	unsigned int rounds;
	uint64_t turn_ns;
};

static void start_peer(struct measure *m, enum peer_kind kind)
{
	struct result *result = &m->results->of[kind];
	struct peer *peer = &m->peers[kind];
	const struct row *row = m->row;
	struct turn turn;
	int err;

	result->present = true;
	result->calls.per_request = -1;
	err = peer_start(peer, row->guests, &row->kind);
	if (!err)
		err = peer_connect(peer, row->guests, &row->kind);
	peer_find_processes(peer);
	/* The first requests find out whether it works, and warm it up. */
	if (!err)
		err = turn_run(peer, row, m->turn_ns / 4, &turn);
	result->failed = err;
	if (err && kind != PEER_OTHER)
		bench_die("%s: %s: error %d, see %s/log", row->name,
			  peer_name(kind), err, peer->dir);
}

static void run_turn(struct measure *m, enum peer_kind kind, unsigned int round)
{
	struct result *result = &m->results->of[kind];
	struct series *series = &m->series[kind];
	struct turn turn;
	int err;

	if (!result->present || result->failed)
		return;
	peer_bind(&m->peers[kind], m->row->cpus);
	err = turn_run(&m->peers[kind], m->row, m->turn_ns, &turn);
	if (err && kind != PEER_OTHER)
		bench_die("%s: %s: error %d", m->row->name, peer_name(kind),
			  err);
	result->failed = err;
	series->us[round] = (double)(m->row->rests ? turn.waited_ns : turn.ns) /
			    1e3 / (double)turn.requests;
	series->cpu_us[round] =
		(double)turn.cpu_ns / 1e3 / (double)turn.requests;
	series->ns += turn.ns;
	series->bus[round] =
		(double)turn.messages * m->row->message_ns / (double)turn.ns;
}

static struct spread ratio_of(const double *values, const double *floor,
			      unsigned int count)
{
	double ratios[MAX_ROUNDS];

	for (unsigned int i = 0; i < count; i++)
		ratios[i] = values[i] / floor[i];
	return spread_of(ratios, count);
}

/* Ratios come first: spread_of() sorts. The floor is the first peer. */
static void sum_up(struct measure *m)
{
	const struct series *floor = &m->series[PEER_FLOOR];
	const unsigned int n = m->rounds;

	for (unsigned int i = PEER_KINDS; i-- > 0;) {
		struct result *result = &m->results->of[i];
		struct series *s = &m->series[i];

		if (!result->present || result->failed)
			continue;
		result->ratio = ratio_of(s->us, floor->us, n);
		result->cpu_ratio = ratio_of(s->cpu_us, floor->cpu_us, n);
		result->us = spread_of(s->us, n);
		result->cpu_us = spread_of(s->cpu_us, n);
		result->bus = spread_of(s->bus, n);
	}
}

/* The peer is about to end. */
static void find_idle(struct measure *m, enum peer_kind kind)
{
	struct result *result = &m->results->of[kind];
	struct series *series = &m->series[kind];
	double idle = -1;

	if (result->present && !result->failed && m->row->message_ns &&
	    kind == PEER_DAEMON)
		idle = peer_bus_idle(&m->peers[kind]);
	series->idle_s += idle;
	series->idle_unknown |= idle < 0;
	result->idle = series->idle_unknown
			       ? -1
			       : series->idle_s * 1e9 / (double)series->ns;
}

static void count_calls(struct measure *m, enum peer_kind kind)
{
	struct result *result = &m->results->of[kind];

	if (result->present && !result->failed && m->row->counts_calls)
		result->calls =
			calls_count(&m->peers[kind], m->row, m->turn_ns);
}

unsigned int measure_rounds(double seconds)
{
	double rounds = seconds * 1e9 / TURN_NS;

	return rounds < MIN_ROUNDS   ? MIN_ROUNDS
	       : rounds > MAX_ROUNDS ? MAX_ROUNDS
				     : (unsigned int)rounds;
}

static void set_time(struct measure *m, double seconds)
{
	double turn = seconds * 1e9 / MIN_ROUNDS;

	m->rounds = measure_rounds(seconds);
	m->turn_ns = turn < TURN_NS ? (uint64_t)turn : TURN_NS;
}

static bool takes_part(const struct measure_options *options,
		       const struct row *row, enum peer_kind kind)
{
	switch (kind) {
	case PEER_KEEPER:
		return row->has_keeper;
	case PEER_POLL:
		return row->has_poll;
	case PEER_TRACE:
		return row->has_trace;
	case PEER_OTHER:
		return options->other;
	default:
		return true;
	}
}

static void start_peers(struct measure *m,
			const struct measure_options *options,
			const struct fake_bus *bus)
{
	for (unsigned int i = 0; i < PEER_KINDS; i++) {
		m->peers[i] = (struct peer){
			.kind = i,
			.command = options->other,
			.bus = bus,
		};
		if (takes_part(options, m->row, i))
			start_peer(m, i);
	}
}

static void stop_peers(struct measure *m, bool last)
{
	for (unsigned int i = 0; i < PEER_KINDS; i++) {
		find_idle(m, i);
		if (last)
			count_calls(m, i);
		if (m->results->of[i].present)
			peer_stop(&m->peers[i]);
	}
}

static unsigned int starts_of(const struct measure *m)
{
	unsigned int starts = m->rounds / ROUNDS_START;

	if (m->row->cpus != CPUS_FREE || starts < 1)
		return 1;
	return starts < STARTS ? starts : STARTS;
}

void measure_row(const struct measure_options *options,
		 const struct fake_bus *bus, const struct row *row,
		 struct results *results)
{
	static struct measure m;
	unsigned int starts, round = 0;

	m = (struct measure){ .row = row, .results = results };
	set_time(&m, options->seconds);
	*results = (struct results){ .row = row, .rounds = m.rounds };
	starts = starts_of(&m);
	for (unsigned int start = 1; start <= starts; start++) {
		start_peers(&m, options, bus);
		for (; round < m.rounds * start / starts; round++)
			for (unsigned int i = 0; i < PEER_KINDS; i++)
				run_turn(&m, i, round);
		stop_peers(&m, start == starts);
	}
	sum_up(&m);
}
