/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/turn.h"

#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define STUCK_MS   2000
#define MAX_GUESTS FLOOR_GUESTS
#define SPINS	   1024 /* between two looks at the clock */

/* How long the driver rests */
#define PAUSE_NS     30000
#define PAUSE_YIELDS 3

/* A load in progress */
struct load_state {
	struct peer *peer;
	const struct row *row;
	unsigned int in_flight[MAX_GUESTS], all_in_flight;
	unsigned long done;
	uint64_t waited_ns; /* with pauses: from kicks to calls */
	uint64_t end;	    /* no more requests from then on */
	bool ended;
};

uint64_t turn_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int submit(struct load_state *load, unsigned int i)
{
	struct link *link = &load->peer->links[i];
	int err = 0;

	for (; !err && load->in_flight[i] < load->row->kind.depth;
	     load->in_flight[i]++, load->all_in_flight++)
		err = link->ops->add(link);
	link->ops->flush(link);
	return err;
}

/* Takes what guest @i has to take, and follows up. Returns how many. */
static int serve(struct load_state *load, unsigned int i)
{
	struct link *link = &load->peer->links[i];
	int count = link->ops->take(link), err = 0;

	if (count <= 0)
		return count;
	load->in_flight[i] -= (unsigned int)count;
	load->all_in_flight -= (unsigned int)count;
	load->done += (unsigned int)count;
	load->ended = load->ended || turn_now() >= load->end;
	if (!load->ended && !(load->row->batch && load->in_flight[i]))
		err = submit(load, i);
	return err ? err : count;
}

static int run_polling(struct load_state *load)
{
	unsigned int guests = load->peer->link_count, spins = 0;

	while (load->all_in_flight) {
		int count = serve(load, spins++ % guests);

		if (count < 0)
			return count;
		if (spins % SPINS == 0 &&
		    turn_now() > load->end + STUCK_MS * UINT64_C(1000000))
			return -ETIMEDOUT;
	}
	return 0;
}

static int run_sleeping(struct load_state *load, int epoll)
{
	struct epoll_event events[MAX_GUESTS];

	while (load->all_in_flight) {
		int n = epoll_wait(epoll, events, MAX_GUESTS, STUCK_MS);

		if (n == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			int count = serve(load, events[i].data.u32);

			if (count < 0)
				return count;
		}
	}
	return 0;
}

/* Edge-triggered, so that nobody has to read the eventfds. */
static int watch_calls(const struct peer *peer)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (uint32_t i = 0; epoll >= 0 && i < peer->link_count; i++) {
		struct epoll_event event = { EPOLLIN | EPOLLET, { .u32 = i } };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->links[i].call_fd,
			      &event) < 0) {
			close(epoll);
			return -errno;
		}
	}
	return epoll < 0 ? -errno : epoll;
}

static int await(struct load_state *load, int epoll)
{
	return load->row->kind.polls ? run_polling(load)
				     : run_sleeping(load, epoll);
}

static int run_at_once(struct load_state *load, int epoll)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < load->peer->link_count; i++)
		err = submit(load, i);
	return err ? err : await(load, epoll);
}

/* Lets the peer go to sleep. On the CPU of the driver it needs that CPU. */
static void rest(const struct row *row)
{
	uint64_t end = turn_now() + PAUSE_NS;

	while (row->cpus == CPUS_TWO && turn_now() < end)
		;
	for (int i = 0; row->cpus == CPUS_ONE && i < PAUSE_YIELDS; i++)
		sched_yield();
}

/* One request, of one guest, after another */
static int run_resting(struct load_state *load, int epoll)
{
	int err = 0;

	load->ended = true; /* serve() begins none */
	while (!err && turn_now() < load->end) {
		uint64_t begin;

		rest(load->row);
		begin = turn_now();
		err = submit(load, 0);
		if (!err)
			err = await(load, epoll);
		load->waited_ns += turn_now() - begin;
	}
	return err;
}

static int run(struct load_state *load)
{
	int epoll = watch_calls(load->peer), err = 0;

	if (epoll < 0)
		return epoll;
	if (load->row->rests)
		err = run_resting(load, epoll);
	else
		err = run_at_once(load, epoll);
	close(epoll);
	return err;
}

int turn_run(struct peer *peer, const struct row *row, uint64_t ns,
	     struct turn *turn)
{
	unsigned long messages = atomic_load(&peer->bus->page->messages);
	uint64_t cpu = peer_cpu_ns(peer), begin = turn_now();
	struct load_state load = {
		.peer = peer,
		.row = row,
		.end = begin + ns,
	};
	int err;

	atomic_store(&peer->bus->page->message_ns, row->message_ns);
	atomic_store(&peer->bus->page->sleeps, row->bus_sleeps);
	err = run(&load);
	*turn = (struct turn){
		.requests = load.done,
		.ns = turn_now() - begin,
		.waited_ns = load.waited_ns,
		.cpu_ns = peer_cpu_ns(peer) - cpu,
		.messages = atomic_load(&peer->bus->page->messages) - messages,
	};
	return err;
}
