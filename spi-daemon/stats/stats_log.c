/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/stats/stats_log.h"

/* A line of text to append to. What does not fit is cut off. */
struct line {
	size_t len;
	char text[900];
};

static const char *const state_names[GUEST_STATES] = {
	[GUEST_ALONE] = "no front end",
	[GUEST_CONNECTED] = "connected",
	[GUEST_RUNS] = "running",
	[GUEST_BROKEN] = "ring broken",
};

static const char *const error_names[REQUEST_ERRORS] = {
	[REQUEST_REFUSED] = "refused",	 [REQUEST_DEVICE] = "device",
	[REQUEST_MEMORY] = "memory",	 [REQUEST_LOST] = "lost",
	[REQUEST_TOO_LONG] = "too long", [REQUEST_STOPPED] = "stopped",
	[REQUEST_UNKNOWN] = "unknown",
};

static const char *const cut_names[CUT_CAUSES] = {
	[CUT_HOLD] = "cs-hold",
	[CUT_MAX_MESSAGE] = "max-message",
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line,
						      const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room - 1;
}

/* Appends @ns in seconds, to the microsecond. */
static void add_seconds(struct line *line, const char *what, uint64_t ns)
{
	add(line, "%s%" PRIu64 ".%06" PRIu64 " s", what, ns / NS_PER_S,
	    ns % NS_PER_S / NS_PER_US);
}

/* Appends the counters that are not 0, as " (a 1, b 2)". */
static void add_kinds(struct line *line, const struct counter *counters,
		      const char *const *names, unsigned int count)
{
	const char *separator = " (";

	for (unsigned int i = 0; i < count; i++) {
		uint64_t n = counter_get(&counters[i]);

		if (!n)
			continue;
		add(line, "%s%s %" PRIu64, separator, names[i], n);
		separator = ", ";
	}
	if (*separator == ',')
		add(line, ")");
}

static void add_turns(struct line *line, const struct turn_stats *turn)
{
	add(line, "; bus turns %" PRIu64, stats_turns(turn));
	add_seconds(line, ", waited ", counter_get(&turn->wait_ns));
	add_seconds(line, " (longest ", counter_get(&turn->wait_longest_ns));
	add_seconds(line, "), had it ", counter_get(&turn->hold_ns));
	add_seconds(line, " (longest ", counter_get(&turn->hold_longest_ns));
	add(line, ")");
}

static void add_present_turn(struct line *line, const struct stats_view *view,
			     const struct guest *guest)
{
	const struct pool_bus *has = stats_view_has(guest);
	const struct pool_bus *waits = stats_view_waits_for(guest);

	if (has) {
		add(line, "; has bus %s", has->name);
		add_seconds(line, " for ", stats_view_has_ns(view, guest));
	}
	if (waits) {
		add(line, "; waits for bus %s", waits->name);
		add_seconds(line, " for ", stats_view_waits_ns(view, guest));
	}
}

/* What cs=auto stands for, for each chip that has it. */
static void add_framings(struct line *line, const struct controller *controller)
{
	const char *separator = "; cs=auto:";

	for (unsigned int i = 0; i < controller->chip_count; i++) {
		const struct chip *chip = &controller->chips[i];

		if (!chip->shown)
			continue;
		add(line, "%s chip select %u is %s", separator, i,
		    chip_shown_name(chip));
		separator = ",";
	}
}

static void log_guest(const struct stats_view *view, unsigned int index)
{
	const struct guest *guest = view->guests[index];
	const struct guest_stats *s = stats_view_counters(guest);
	struct line line = { .len = 0 };

	add(&line, "guest %s: %s", guest->spec.name,
	    state_names[view->states[index]]);
	add(&line, "; requests %" PRIu64 ", errors %" PRIu64, stats_requests(s),
	    stats_errors(s));
	add_kinds(&line, s->errors, error_names, REQUEST_ERRORS);
	add(&line, "; bytes sent %" PRIu64 ", received %" PRIu64,
	    counter_get(&s->sent), counter_get(&s->received));
	add_turns(&line, &s->turn);
	add(&line, "; messages cut %" PRIu64,
	    counter_get(&s->cuts[CUT_HOLD]) +
		    counter_get(&s->cuts[CUT_MAX_MESSAGE]));
	add_kinds(&line, s->cuts, cut_names, CUT_CAUSES);
	add(&line, ", operation waits %" PRIu64,
	    counter_get(&s->operation_waits));
	add(&line,
	    "; connections %" PRIu64 ", turned away %" PRIu64
	    ", disconnected %" PRIu64,
	    counter_get(&s->connections), counter_get(&s->turned_away),
	    counter_get(&s->disconnected));
	add(&line, "; refused messages %" PRIu64 ", broken rings %" PRIu64,
	    counter_get(&s->refused_messages), counter_get(&s->broken_rings));
	add_framings(&line, &guest->controller);
	add_present_turn(&line, view, guest);
	log_info("%s", line.text);
}

static void log_device(const struct handle *device)
{
	const struct device_stats *s = &device->stats;
	struct line line = { .len = 0 };

	add(&line, "device %s: on bus %s; guests %u", device->name,
	    device->bus->name, device->users);
	add(&line, "; requests %" PRIu64 ", errors %" PRIu64,
	    counter_get(&s->requests), counter_get(&s->errors));
	add(&line, "; bytes sent %" PRIu64 ", received %" PRIu64,
	    counter_get(&s->sent), counter_get(&s->received));
	add_seconds(&line, "; had the bus ", counter_get(&s->hold_ns));
	log_info("%s", line.text);
}

/* Logs which guest has the bus, and which has waited longest. */
static void log_bus(const struct stats_view *view, const struct pool_bus *bus)
{
	const struct guest *owner = NULL, *longest = NULL;
	struct line line = { .len = 0 };

	for (unsigned int i = 0; i < view->guest_count; i++) {
		const struct guest *guest = view->guests[i];

		if (stats_view_has(guest) == bus)
			owner = guest;
		if (stats_view_waits_for(guest) == bus &&
		    (!longest || stats_view_waits_ns(view, guest) >
					 stats_view_waits_ns(view, longest)))
			longest = guest;
	}
	add(&line, "bus %s: ", bus->name);
	if (owner) {
		add(&line, "guest %s has it", owner->spec.name);
		add_seconds(&line, " for ", stats_view_has_ns(view, owner));
	} else {
		add(&line, "idle");
	}
	add(&line, "; waiting %u", stats_view_waiting(view, bus));
	if (longest) {
		add(&line, " (longest guest %s", longest->spec.name);
		add_seconds(&line, " for ", stats_view_waits_ns(view, longest));
		add(&line, ")");
	}
	add(&line, "; owner changes %" PRIu64,
	    counter_get(&bus->stats.owner_changes));
	add_seconds(&line, ", idle while guests waited ",
		    counter_get(&bus->bus.idle_ns));
	log_info("%s", line.text);
}

static void log_keeper(const struct keeper_history *history)
{
	struct line line = { .len = 0 };

	add(&line, "keeper: restarts %" PRIu64, history->restarts);
	if (history->reason[0])
		add(&line, " (the last after %s)", history->reason);
	add(&line, ", upgrades %" PRIu64, history->upgrades);
	add_seconds(&line, ", longest pause ", history->longest_pause_ns);
	add(&line, ", front ends given up %" PRIu64, history->given_up);
	add(&line, ", guests held back %" PRIu64, history->held_back);
	log_info("%s", line.text);
}

void stats_log(const struct stats_view *view)
{
	if (view->history)
		log_keeper(view->history);
	for (unsigned int i = 0; i < view->guest_count; i++)
		log_guest(view, i);
	for (unsigned int i = 0; i < view->device_count; i++)
		log_device(view->devices[i]);
	for (unsigned int i = 0; i < view->bus_count; i++)
		log_bus(view, view->buses[i]);
}
