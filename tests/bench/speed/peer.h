/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What is measured: a process that serves guests, with their connections. The
 * floor, the daemon, the daemon with an option, or another daemon.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <sys/types.h>

#include "tests/bench/speed/fake_bus.h"
#include "tests/bench/speed/link.h"

enum peer_kind {
	PEER_FLOOR,
	PEER_DAEMON,
	PEER_KEEPER, /* the daemon, with --keeper, */
	PEER_POLL,   /* or with --poll, */
	PEER_TRACE,  /* or with a trace of the wire */
	PEER_OTHER,
	PEER_KINDS,
};

/* Where the processes run. The driver is on CPU 1, if there are two. */
enum peer_cpus {
	CPUS_ONE,  /* all of them on the driver's */
	CPUS_TWO,  /* all of them on CPU 0 */
	CPUS_FREE, /* wherever, the driver too */
};

#define PEER_PROCESSES 8

struct peer {
	enum peer_kind kind;
	const char *command; /* of PEER_OTHER */
	const struct fake_bus *bus;
	char dir[64], socket[96]; /* sockets are this path and a number */
	struct floor floor;
	pid_t pid;
	pid_t pids[PEER_PROCESSES]; /* it and its descendants */
	unsigned int pid_count;
	struct link *links;
	unsigned int link_count;
};

/* Returns what it is called, in tables. */
const char *peer_name(enum peer_kind kind);

/*
 * Starts ->kind on @guests sockets. The caller has set ->kind, ->command and
 * ->bus, and the others to 0. Returns 0, or a negative errno: then ->dir has
 * its log; peer_stop() it in any case.
 */
int peer_start(struct peer *peer, unsigned int guests,
	       const struct link_kind *kind);

/* Connects as @guests guests. Returns 0 or a negative errno. */
int peer_connect(struct peer *peer, unsigned int guests,
		 const struct link_kind *kind);

/* Ends the connections and the process, and removes its files. */
void peer_stop(struct peer *peer);

/* Binds the process, and the caller, to CPUs. */
void peer_bind(const struct peer *peer, enum peer_cpus cpus);

/* Looks for its processes: after peer_start() or peer_connect(). */
void peer_find_processes(struct peer *peer);

/*
 * Returns how long the bus stood idle so far while guests waited for it, in
 * seconds, as the daemon counts; < 0: it does not. Takes more than a second.
 */
double peer_bus_idle(const struct peer *peer);

/* Processor time of all its processes so far, ns. */
uint64_t peer_cpu_ns(const struct peer *peer);

#endif
