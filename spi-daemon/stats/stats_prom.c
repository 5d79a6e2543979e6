/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/stats/prom.h"
#include "spi-daemon/stats/stats_labels.h"
#include "spi-daemon/stats/stats_prom.h"

#define NAME(name) "vhost_device_spi_" name

struct writer {
	FILE *file;
	const struct stats_view *view;
	struct stats_labels labels;
};

/* A counter of each guest or of each device. Its name includes the unit. */
struct metric {
	const char *name;
	const char *help;
	size_t offset;
};

/* Counters of each guest, one for each cause. */
struct kinds {
	const char *name;
	const char *help;
	size_t offset; /* of the first */
	unsigned int count;
	const char *const *causes; /* labels */
};

static const char *const states[GUEST_STATES] = {
	[GUEST_ALONE] = "state=\"no_front_end\"",
	[GUEST_CONNECTED] = "state=\"connected\"",
	[GUEST_RUNS] = "state=\"running\"",
	[GUEST_BROKEN] = "state=\"ring_broken\"",
};

static const char *const errors[REQUEST_ERRORS] = {
	[REQUEST_REFUSED] = "cause=\"refused\"",
	[REQUEST_DEVICE] = "cause=\"device\"",
	[REQUEST_MEMORY] = "cause=\"memory\"",
	[REQUEST_LOST] = "cause=\"lost\"",
	[REQUEST_TOO_LONG] = "cause=\"too_long\"",
	[REQUEST_STOPPED] = "cause=\"stopped\"",
	[REQUEST_UNKNOWN] = "cause=\"unknown\"",
};

static const char *const cuts[CUT_CAUSES] = {
	[CUT_HOLD] = "cause=\"cs_hold\"",
	[CUT_MAX_MESSAGE] = "cause=\"max_message\"",
};

/* The upper limits of stats_bucket_ns, in seconds. */
static const char *const buckets[STATS_BUCKETS] = {
	"le=\"0.0001\"", "le=\"0.0003\"", "le=\"0.001\"", "le=\"0.003\"",
	"le=\"0.01\"",	 "le=\"0.03\"",	  "le=\"0.1\"",	  "le=\"0.3\"",
	"le=\"1\"",	 "le=\"10\"",	  "le=\"+Inf\"",
};

#define GUEST_AT(field) offsetof(struct guest_stats, field)

static const struct metric guest_metrics[] = {
	{ NAME("guest_connections_total"), "Front ends that were accepted.",
	  GUEST_AT(connections) },
	{ NAME("guest_turned_away_total"),
	  "Front ends refused because another was connected.",
	  GUEST_AT(turned_away) },
	{ NAME("guest_disconnected_total"),
	  "Connections that the daemon ended because of bytes that are no message.",
	  GUEST_AT(disconnected) },
	{ NAME("guest_refused_messages_total"),
	  "Messages of the front end that were refused.",
	  GUEST_AT(refused_messages) },
	{ NAME("guest_broken_rings_total"),
	  "Times that the ring was found broken and was stopped.",
	  GUEST_AT(broken_rings) },
	{ NAME("guest_sent_bytes_total"), "Bytes sent to devices.",
	  GUEST_AT(sent) },
	{ NAME("guest_received_bytes_total"), "Bytes received from devices.",
	  GUEST_AT(received) },
	{ NAME("guest_operation_waits_total"),
	  "Messages that waited for another guest's operation on a flash.",
	  GUEST_AT(operation_waits) },
	{ NAME("guest_polls_total"),
	  "Times that the ring was looked at for the next request.",
	  GUEST_AT(polls) },
	{ NAME("guest_polls_found_total"), "Those that found a request.",
	  GUEST_AT(polls_found) },
	{ NAME("guest_bus_wait_longest_seconds"),
	  "Longest wait for a bus so far.", GUEST_AT(turn.wait_longest_ns) },
	{ NAME("guest_bus_hold_longest_seconds"),
	  "Longest time with a bus so far.", GUEST_AT(turn.hold_longest_ns) },
};

static const struct kinds guest_kinds[] = {
	{ NAME("guest_request_errors_total"),
	  "Requests answered with an error.", GUEST_AT(errors), REQUEST_ERRORS,
	  errors },
	{ NAME("guest_cut_messages_total"),
	  "Messages whose device was released before their end.",
	  GUEST_AT(cuts), CUT_CAUSES, cuts },
};

#define DEVICE_AT(field) offsetof(struct device_stats, field)

static const struct metric device_metrics[] = {
	{ NAME("device_requests_total"), "Requests that reached the device.",
	  DEVICE_AT(requests) },
	{ NAME("device_errors_total"),
	  "Requests that failed in the device's driver.", DEVICE_AT(errors) },
	{ NAME("device_sent_bytes_total"), "Bytes sent to the device.",
	  DEVICE_AT(sent) },
	{ NAME("device_received_bytes_total"),
	  "Bytes received from the device.", DEVICE_AT(received) },
	{ NAME("device_bus_seconds_total"),
	  "Time that messages for the device had its bus.",
	  DEVICE_AT(hold_ns) },
};

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len >= end && !strcmp(name + len - end, suffix);
}

static void begin(const struct metric *metric, FILE *file)
{
	prom_family(file, metric->name,
		    ends_with(metric->name, "_total") ? "counter" : "gauge",
		    metric->help);
}

static const struct counter *at(const void *stats, size_t offset)
{
	return (const void *)((const char *)stats + offset);
}

static void sample(const struct metric *metric, FILE *file, const char *labels,
		   const void *stats)
{
	uint64_t value = counter_get(at(stats, metric->offset));

	if (strstr(metric->name, "_seconds"))
		prom_seconds(file, metric->name, labels, "", value);
	else
		prom_number(file, metric->name, labels, "", value);
}

static void write_kinds(const struct writer *w, const struct kinds *kinds)
{
	prom_family(w->file, kinds->name, "counter", kinds->help);
	for (unsigned int i = 0; i < w->view->guest_count; i++) {
		const struct counter *counters = at(
			stats_view_counters(w->view->guests[i]), kinds->offset);

		for (unsigned int k = 0; k < kinds->count; k++)
			prom_number(w->file, kinds->name, w->labels.guests[i],
				    kinds->causes[k],
				    counter_get(&counters[k]));
	}
}

static void write_requests(const struct writer *w)
{
	static const char name[] = NAME("guest_requests_total");

	prom_family(w->file, name, "counter",
		    "Requests answered, with or without an error.");
	for (unsigned int i = 0; i < w->view->guest_count; i++)
		prom_number(w->file, name, w->labels.guests[i], "",
			    stats_requests(
				    stats_view_counters(w->view->guests[i])));
}

static void write_states(const struct writer *w)
{
	static const char name[] = NAME("guest_state");

	prom_family(w->file, name, "gauge",
		    "1 for the state that the guest is in.");
	for (unsigned int i = 0; i < w->view->guest_count; i++)
		for (unsigned int s = 0; s < GUEST_STATES; s++)
			prom_number(w->file, name, w->labels.guests[i],
				    states[s], w->view->states[i] == s);
}

static void write_wait(FILE *file, const char *labels,
		       const struct turn_stats *turn)
{
	uint64_t sum = 0;

	for (unsigned int b = 0; b < STATS_BUCKETS; b++) {
		sum += counter_get(&turn->waited[b]);
		prom_number(file, NAME("guest_bus_wait_seconds_bucket"), labels,
			    buckets[b], sum);
	}
	prom_seconds(file, NAME("guest_bus_wait_seconds_sum"), labels, "",
		     counter_get(&turn->wait_ns));
	prom_number(file, NAME("guest_bus_wait_seconds_count"), labels, "",
		    sum);
}

static void write_hold(FILE *file, const char *labels,
		       const struct turn_stats *turn)
{
	prom_seconds(file, NAME("guest_bus_hold_seconds_sum"), labels, "",
		     counter_get(&turn->hold_ns));
	prom_number(file, NAME("guest_bus_hold_seconds_count"), labels, "",
		    counter_get(&turn->turns));
}

static void write_turns(const struct writer *w)
{
	prom_family(w->file, NAME("guest_bus_wait_seconds"), "histogram",
		    "Time from when a message needs the bus until it gets it.");
	for (unsigned int i = 0; i < w->view->guest_count; i++)
		write_wait(w->file, w->labels.guests[i],
			   &stats_view_counters(w->view->guests[i])->turn);
	prom_family(w->file, NAME("guest_bus_hold_seconds"), "summary",
		    "Time that a message has the bus.");
	for (unsigned int i = 0; i < w->view->guest_count; i++)
		write_hold(w->file, w->labels.guests[i],
			   &stats_view_counters(w->view->guests[i])->turn);
}

/* Writes how long waits and turns that have not ended have lasted. */
static void write_present_turns(const struct writer *w)
{
	static const char waits[] = NAME("guest_bus_waiting_seconds");
	static const char holds[] = NAME("guest_bus_holding_seconds");
	const struct stats_view *view = w->view;

	prom_family(w->file, waits, "gauge",
		    "How long the guest has been waiting for a bus, or 0.");
	for (unsigned int i = 0; i < view->guest_count; i++)
		prom_seconds(w->file, waits, w->labels.guests[i], "",
			     stats_view_waits_ns(view, view->guests[i]));
	prom_family(w->file, holds, "gauge",
		    "How long the guest has had a bus, or 0.");
	for (unsigned int i = 0; i < view->guest_count; i++)
		prom_seconds(w->file, holds, w->labels.guests[i], "",
			     stats_view_has_ns(view, view->guests[i]));
}

static const char *device_labels(const struct writer *w,
				 const struct handle *device)
{
	unsigned int i = 0;

	while (w->view->devices[i] != device)
		i++;
	return w->labels.devices[i];
}

/* Only pairs in use: with many guests and devices there are many pairs. */
static void write_shares(const struct writer *w)
{
	static const char name[] = NAME("guest_device_bus_seconds_total");

	prom_family(
		w->file, name, "counter",
		"Time that messages of the guest for the device had its bus.");
	for (unsigned int i = 0; i < w->view->guest_count; i++) {
		const struct controller *c = &w->view->guests[i]->controller;

		for (unsigned int j = 0; j < c->chip_count; j++) {
			uint64_t ns = counter_get(&c->chips[j].hold_ns);

			if (ns)
				prom_seconds(
					w->file, name, w->labels.guests[i],
					device_labels(w, c->chips[j].handle),
					ns);
		}
	}
}

static void write_framing(const struct writer *w, const char *name,
			  const char *guest, const struct chip *chip)
{
	char *labels;

	if (asprintf(&labels, "%s,framing=\"%s\"",
		     device_labels(w, chip->handle), chip_shown_name(chip)) < 0)
		return;
	prom_number(w->file, name, guest, labels, 1);
	free(labels);
}

/* What cs=auto stands for */
static void write_framings(const struct writer *w)
{
	static const char name[] = NAME("guest_device_framing");

	prom_family(w->file, name, "gauge",
		    "1 for the framing of a device with cs=auto.");
	for (unsigned int i = 0; i < w->view->guest_count; i++) {
		const struct controller *c = &w->view->guests[i]->controller;

		for (unsigned int j = 0; j < c->chip_count; j++) {
			if (c->chips[j].shown)
				write_framing(w, name, w->labels.guests[i],
					      &c->chips[j]);
		}
	}
}

static void write_guests(const struct writer *w)
{
	const size_t metrics = sizeof(guest_metrics) / sizeof(guest_metrics[0]);
	const size_t kinds = sizeof(guest_kinds) / sizeof(guest_kinds[0]);

	write_states(w);
	write_requests(w);
	for (size_t k = 0; k < kinds; k++)
		write_kinds(w, &guest_kinds[k]);
	for (size_t m = 0; m < metrics; m++) {
		begin(&guest_metrics[m], w->file);
		for (unsigned int i = 0; i < w->view->guest_count; i++)
			sample(&guest_metrics[m], w->file, w->labels.guests[i],
			       stats_view_counters(w->view->guests[i]));
	}
	write_turns(w);
	write_present_turns(w);
	write_shares(w);
	write_framings(w);
}

static void write_devices(const struct writer *w)
{
	const size_t count = sizeof(device_metrics) / sizeof(device_metrics[0]);
	const struct stats_view *view = w->view;

	for (size_t m = 0; m < count; m++) {
		begin(&device_metrics[m], w->file);
		for (unsigned int i = 0; i < view->device_count; i++)
			sample(&device_metrics[m], w->file,
			       w->labels.devices[i], &view->devices[i]->stats);
	}
	prom_family(w->file, NAME("device_guests"), "gauge",
		    "Guests that may use the device.");
	for (unsigned int i = 0; i < view->device_count; i++)
		prom_number(w->file, NAME("device_guests"),
			    w->labels.devices[i], "", view->devices[i]->users);
}

static void write_buses(const struct writer *w)
{
	static const char changes[] = NAME("bus_owner_changes_total");
	static const char idle[] = NAME("bus_idle_seconds_total");
	static const char waiting[] = NAME("bus_waiting_guests");
	const struct stats_view *view = w->view;

	prom_family(w->file, changes, "counter",
		    "Times that the bus went to another guest than before.");
	for (unsigned int i = 0; i < view->bus_count; i++)
		prom_number(w->file, changes, w->labels.buses[i], "",
			    counter_get(&view->buses[i]->stats.owner_changes));
	prom_family(
		w->file, idle, "counter",
		"Time that the bus was idle although guests waited for it.");
	for (unsigned int i = 0; i < view->bus_count; i++)
		prom_seconds(w->file, idle, w->labels.buses[i], "",
			     counter_get(&view->buses[i]->bus.idle_ns));
	prom_family(w->file, waiting, "gauge", "Guests that wait for the bus.");
	for (unsigned int i = 0; i < view->bus_count; i++)
		prom_number(w->file, waiting, w->labels.buses[i], "",
			    stats_view_waiting(view, view->buses[i]));
}

static void write_daemon(const struct writer *w, time_t start)
{
	static const char version[] = "version=\"" VERSION "\"";
	unsigned int in_state[GUEST_STATES] = { 0 };

	prom_family(w->file, NAME("build_info"), "gauge",
		    "1, with the version of the daemon.");
	prom_number(w->file, NAME("build_info"), version, "", 1);
	prom_family(w->file, NAME("start_time_seconds"), "gauge",
		    "When the daemon was started, since the epoch.");
	prom_number(w->file, NAME("start_time_seconds"), "", "",
		    (uint64_t)start);
	for (unsigned int i = 0; i < w->view->guest_count; i++)
		in_state[w->view->states[i]]++;
	prom_family(w->file, NAME("guests"), "gauge",
		    "Guests that are served, by their state.");
	for (unsigned int s = 0; s < GUEST_STATES; s++)
		prom_number(w->file, NAME("guests"), "", states[s],
			    in_state[s]);
}

static void write_keeper(const struct writer *w)
{
	const struct keeper_history *history = w->view->history;

	if (!history)
		return;
	prom_family(w->file, NAME("keeper_restarts_total"), "counter",
		    "Times that the serving process was started again.");
	prom_number(w->file, NAME("keeper_restarts_total"), "", "",
		    history->restarts);
	prom_family(w->file, NAME("keeper_upgrades_total"), "counter",
		    "Times that the serving process was upgraded.");
	prom_number(w->file, NAME("keeper_upgrades_total"), "", "",
		    history->upgrades);
	prom_family(w->file, NAME("keeper_longest_pause_seconds"), "gauge",
		    "The longest time without a process that serves.");
	prom_seconds(w->file, NAME("keeper_longest_pause_seconds"), "", "",
		     history->longest_pause_ns);
	prom_family(w->file, NAME("keeper_given_up_total"), "counter",
		    "Front ends that the keeper has disconnected.");
	prom_number(w->file, NAME("keeper_given_up_total"), "", "",
		    history->given_up);
	prom_family(w->file, NAME("keeper_held_back_total"), "counter",
		    "Times that a guest was not served for a while, as it "
		    "crashed the serving process too often.");
	prom_number(w->file, NAME("keeper_held_back_total"), "", "",
		    history->held_back);
}

char *stats_prom(const struct stats_view *view, time_t start)
{
	struct writer w = { .view = view };
	char *text = NULL;
	size_t size;

	w.file = stats_labels_make(&w.labels, view)
			 ? open_memstream(&text, &size)
			 : NULL;
	if (w.file) {
		write_daemon(&w, start);
		write_keeper(&w);
		write_guests(&w);
		write_devices(&w);
		write_buses(&w);
		if (fclose(w.file) != 0) {
			free(text);
			text = NULL;
		}
	}
	stats_labels_free(&w.labels, view);
	return text;
}
