/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How guests share a bus, over seconds of simulated time. Jain's index of
 * what they have had is 1 when all have had the same, 1/n when one has had
 * all.
 */
#include <poll.h>
#include <string.h>

#include "spi-daemon/bus/bus.h"
#include "tests/lib/test.h"

#define US    UINT64_C(1000)
#define MS    (1000 * US)
#define S     (1000 * MS)
#define MAX   16
#define NEVER UINT64_MAX

enum phase {
	THINKS, /* about its next message, until ->due */
	WAITS,	/* for the bus */
	RUNS,	/* until ->due */
};

struct guest {
	struct bus_user user;
	uint64_t length; /* of its messages */
	uint64_t think;	 /* between two messages; 0: they are queued */
	uint64_t due;
	uint64_t lingers; /* until then, the bus is kept for it; or NEVER */
	uint64_t asked;	  /* for the bus */
	enum phase phase;

	uint64_t had;	  /* time with the bus */
	uint64_t longest; /* wait */
	unsigned int messages;
};

struct world {
	struct bus bus;
	struct guest guests[MAX];
	unsigned int count;
	uint64_t now;
	uint64_t wake; /* so long takes a wake-up */
};

static struct guest *add(struct world *w, uint64_t length, uint64_t think)
{
	struct guest *g = &w->guests[w->count++];

	*g = (struct guest){ .length = length, .think = think };
	assert_int_equal(bus_user_init(&g->user, 1), 0);
	g->lingers = NEVER;
	g->due = w->now;
	return g;
}

static int setup(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	w.now = S;
	bus_init(&w.bus, false, w.now);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	for (unsigned int i = 0; i < w->count; i++) {
		bus_leave(&w->bus, &w->guests[i].user, w->now);
		bus_user_fini(&w->guests[i].user);
	}
	assert_null(w->bus.owner);
	bus_fini(&w->bus);
	return 0;
}

static void ask(struct world *w, struct guest *g)
{
	uint64_t waited;

	g->lingers = NEVER;
	if (!bus_acquire(&w->bus, &g->user, w->now)) {
		g->phase = WAITS;
		g->due = NEVER;
		return;
	}
	waited = w->now - g->asked;
	if (waited > g->longest)
		g->longest = waited;
	g->phase = RUNS;
	g->due = w->now + g->length;
}

/* As spi_turn_end() does. */
static void end_message(struct world *w, struct guest *g)
{
	uint64_t lingers = bus_linger(&w->bus, &g->user, w->now);

	g->had += g->length;
	g->messages++;
	g->phase = THINKS;
	g->due = w->now + g->think;
	if (lingers)
		g->lingers = w->now + lingers;
}

static uint64_t next_of(const struct guest *g)
{
	return g->lingers < g->due ? g->lingers : g->due;
}

static void turn(struct world *w, struct guest *g)
{
	if (g->phase == RUNS) {
		end_message(w, g);
	} else if (g->due <= w->now) {
		if (g->phase == THINKS)
			g->asked = g->due;
		ask(w, g);
	} else {
		g->lingers = NEVER;
		bus_leave(&w->bus, &g->user, w->now);
	}
}

/* Whoever was handed the bus was told of it, and begins as soon as it can. */
static void serve_woken(struct world *w)
{
	for (unsigned int i = 0; i < w->count; i++) {
		struct guest *g = &w->guests[i];
		struct pollfd fd = { .fd = g->user.wake, .events = POLLIN };

		if (g->phase != WAITS || g->due != NEVER ||
		    w->bus.owner != &g->user)
			continue;
		assert_int_equal(poll(&fd, 1, 0), 1);
		bus_user_woken(&g->user);
		if (w->wake)
			g->due = w->now + w->wake;
		else
			ask(w, g);
	}
}

static void run(struct world *w, uint64_t duration)
{
	uint64_t end = w->now + duration;

	for (;;) {
		struct guest *first = &w->guests[0];

		for (unsigned int i = 1; i < w->count; i++)
			if (next_of(&w->guests[i]) < next_of(first))
				first = &w->guests[i];
		if (next_of(first) >= end)
			break;
		w->now = next_of(first);
		turn(w, first);
		serve_woken(w);
	}
	w->now = end;
}

/* In thousandths, of what guests had by weight. */
static unsigned int jain(const struct world *w)
{
	double sum = 0, squares = 0;

	for (unsigned int i = 0; i < w->count; i++) {
		double x = (double)w->guests[i].had / w->guests[i].user.weight;

		sum += x;
		squares += x * x;
	}
	return (unsigned int)(1000 * sum * sum / (w->count * squares));
}

static void reset(struct world *w)
{
	void *state = w;

	teardown(&state);
	setup(&state);
}

TEST_WITH(equal_guests_with_equal_messages_take_turns, struct world *w)
{
	for (unsigned int n = 2; n <= MAX; n++) {
		for (unsigned int i = 0; i < n; i++)
			add(w, MS, 0);
		run(w, S);
		for (unsigned int i = 0; i < n; i++) {
			assert_in_range(w->guests[i].messages, 999 / n,
					1000 / n + 1);
			assert_in_range(w->guests[i].longest, (n - 1) * MS,
					(n - 1) * MS);
		}
		reset(w);
	}
}

TEST_WITH(long_messages_of_one_give_it_no_more_time, struct world *w)
{
	for (unsigned int n = 2; n <= MAX; n++) {
		add(w, 50 * MS, 0);
		for (unsigned int i = 1; i < n; i++)
			add(w, MS / 2, 0);
		run(w, 100 * S);
		assert_in_range(jain(w), 999, 1000);
		reset(w);
	}
}

TEST_WITH(many_short_messages_of_one_give_it_no_more_time, struct world *w)
{
	for (unsigned int n = 2; n <= MAX; n++) {
		add(w, 10 * US, 0);
		for (unsigned int i = 1; i < n; i++)
			add(w, MS, 0);
		run(w, 2 * S);
		assert_in_range(jain(w), 999, 1000);
		reset(w);
	}
}

TEST_WITH(all_lengths_together_have_equal_time, struct world *w)
{
	for (unsigned int i = 0; i < MAX; i++)
		add(w, (i + 1) * (i + 1) * 100 * US + i * 7 * US, 0);
	run(w, 100 * S);
	assert_in_range(jain(w), 999, 1000);
}

TEST_WITH(time_goes_by_weight, struct world *w)
{
	static const uint64_t lengths[][3] = {
		{ MS, MS, MS },
		{ 4 * MS, 2 * MS, MS },
		{ 100 * US, MS, 10 * MS },
	};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (unsigned int j = 0; j < 3; j++)
			add(w, lengths[i][j], 0)->user.weight = 1u << j;
		run(w, 70 * S);
		for (unsigned int j = 0; j < 3; j++)
			assert_in_range(w->guests[j].had,
					(10 * S - 20 * MS) << j,
					(10 * S + 20 * MS) << j);
		assert_in_range(jain(w), 999, 1000);
		reset(w);
	}
}

/* It sends its next message when it has seen the last one's end. */
TEST_WITH(guest_with_one_request_in_flight_gets_its_share, struct world *w)
{
	static const uint64_t thinks[] = { 10 * US, 50 * US, 150 * US };

	for (size_t i = 0; i < sizeof(thinks) / sizeof(thinks[0]); i++) {
		struct guest *flood = add(w, 20 * MS, 0);
		struct guest *g = add(w, 200 * US, thinks[i]);

		run(w, 100 * S);
		/* It pays for the time that the bus is kept for it. */
		g->had += g->messages * thinks[i];
		assert_in_range(jain(w), 990, 1000);
		assert_true(flood->had > 45 * S);
		reset(w);
	}
}

/* The bus waits for a guest for a moment, and no longer than that pays. */
TEST_WITH(slow_guest_costs_little, struct world *w)
{
	struct guest *flood = add(w, 10 * MS, 0);
	struct guest *slow = add(w, 100 * US, 5 * MS);

	run(w, 100 * S);
	assert_true(flood->had > 95 * S);
	/* It waits for the message on the bus, and sends its own. */
	assert_true(slow->messages > 100 * S / (20 * MS));
	assert_true(slow->longest <= 10 * MS);
}

TEST_WITH(newcomer_waits_for_one_message, struct world *w)
{
	struct guest *g;

	add(w, 50 * MS, 0);
	add(w, 50 * MS, 0)->user.weight = 100;
	add(w, 100 * US, 0);
	for (unsigned int i = 0; i < 10; i++) {
		run(w, S + i * 3 * MS);
		g = add(w, MS, 100 * S);
		run(w, S);
		assert_int_equal(g->messages, 1);
		assert_true(g->longest <= 50 * MS);
	}
}

/* The bus was never free, so its time has to go on by itself. */
TEST_WITH(idle_guest_has_no_credit, struct world *w)
{
	struct guest *idle;

	idle = add(w, MS, 0);
	for (int i = 0; i < 2; i++)
		add(w, MS, 0);
	run(w, S);
	idle->think = 10 * S; /* from its next message on */
	run(w, 10 * S);
	idle->think = 0;
	run(w, S);
	for (unsigned int i = 0; i < w->count; i++)
		w->guests[i].had = 0;
	run(w, S);
	assert_in_range(jain(w), 999, 1000);
	for (unsigned int i = 1; i < w->count; i++)
		assert_true(w->guests[i].longest <= 3 * MS);
}

/* Others may go first while one wakes up: that gives them no more time. */
TEST_WITH(who_overtakes_gets_no_more_time, struct world *w)
{
	static const uint64_t lengths[] = { 2 * US, 10 * US, 40 * US };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		w->wake = 15 * US;
		add(w, 20 * US, 0);
		add(w, 2 * US, 30 * US);
		for (unsigned int j = 2; j < MAX; j++)
			add(w, lengths[i], 0);
		run(w, 4 * S);
		/* All but the one that seldom comes. */
		w->guests[1].had = w->guests[2].had;
		assert_in_range(jain(w), 990, 1000);
		for (unsigned int j = 0; j < w->count; j++)
			assert_true(w->guests[j].longest < 4 * MS);
		reset(w);
	}
}

TEST_MAIN(setup, teardown)
