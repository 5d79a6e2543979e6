/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/stats/stats_prom.h"
#include "tests/lib/stats/prom_text.h"
#include "tests/lib/stats/stats_set.h"
#include "tests/lib/test.h"

/* Returns the metrics of @set, which are well-formed. The caller frees them. */
static char *metrics(const struct guest_set *set)
{
	struct stats_view view;
	char *text;

	assert_int_equal(stats_view_init(&view, set), 0);
	text = stats_prom(&view, 1234567890);
	stats_view_fini(&view);
	assert_non_null(text);
	prom_text_check(text);
	return text;
}

/* Asserts the value of the metric vhost_device_spi_@name. */
static void check(const char *text, const char *name, double value)
{
	char sample[512];

	snprintf(sample, sizeof(sample), "vhost_device_spi_%s", name);
	if (prom_text_value(text, sample) != value)
		fail_msg("%s is %f, not %f", sample,
			 prom_text_value(text, sample), value);
}

TEST_WITH(daemon_without_guests_tells_of_itself, struct guest_set *set)
{
	char *text = metrics(set);

	check(text, "build_info{version=\"" VERSION "\"}", 1);
	check(text, "start_time_seconds", 1234567890);
	check(text, "guests{state=\"running\"}", 0);
	free(text);
}

TEST_WITH(guests_are_told_by_their_state, struct guest_set *set)
{
	static const char *const names[] = { "no_front_end", "connected",
					     "running", "ring_broken" };
	char *text, sample[128];

	for (unsigned int i = 0; i < 4; i++) {
		snprintf(sample, sizeof(sample),
			 "name=%u,socket=x,device=sim:nor", i);
		counter_set(&stats_set_add(set, sample)->state, i);
	}
	counter_set(
		&stats_set_add(set, "name=4,socket=x,device=sim:nor")->state,
		GUEST_RUNS);
	text = metrics(set);
	for (unsigned int i = 0; i < 16; i++) {
		snprintf(sample, sizeof(sample),
			 "guest_state{guest=\"%u\",state=\"%s\"}", i / 4,
			 names[i % 4]);
		check(text, sample, i / 4 == i % 4);
	}
	check(text, "guests{state=\"no_front_end\"}", 1);
	check(text, "guests{state=\"running\"}", 2);
	free(text);
}

/* Every counter has a different value, which appears under its name. */
TEST_WITH(counters_of_a_guest_have_their_names, struct guest_set *set)
{
	struct guest_stats *g =
		stats_set_add(set, "name=a,socket=x,device=sim:nor");
	char *text;

	counter_set(&g->connections, 1);
	counter_set(&g->turned_away, 2);
	counter_set(&g->disconnected, 3);
	counter_set(&g->refused_messages, 4);
	counter_set(&g->broken_rings, 5);
	counter_set(&g->done, 100);
	for (unsigned int i = 0; i < REQUEST_ERRORS; i++)
		counter_set(&g->errors[i], 10 + i);
	counter_set(&g->sent, 6);
	counter_set(&g->received, UINT64_C(5000000000));
	counter_set(&g->cuts[CUT_HOLD], 7);
	counter_set(&g->cuts[CUT_MAX_MESSAGE], 8);
	counter_set(&g->operation_waits, 88);
	counter_set(&g->polls, 91);
	counter_set(&g->polls_found, 90);
	counter_set(&g->turn.wait_longest_ns, 1500000000);
	counter_set(&g->turn.hold_longest_ns, 2500000000);
	counter_set(&g->turn.hold_ns, 3500000000);
	counter_set(&g->turn.turns, 9);
	text = metrics(set);
	check(text, "guest_connections_total{guest=\"a\"}", 1);
	check(text, "guest_turned_away_total{guest=\"a\"}", 2);
	check(text, "guest_disconnected_total{guest=\"a\"}", 3);
	check(text, "guest_refused_messages_total{guest=\"a\"}", 4);
	check(text, "guest_broken_rings_total{guest=\"a\"}", 5);
	check(text, "guest_requests_total{guest=\"a\"}", 100 + 70 + 21);
	check(text, "guest_sent_bytes_total{guest=\"a\"}", 6);
	check(text, "guest_received_bytes_total{guest=\"a\"}", 5e9);
	check(text, "guest_cut_messages_total{guest=\"a\",cause=\"cs_hold\"}",
	      7);
	check(text,
	      "guest_cut_messages_total{guest=\"a\",cause=\"max_message\"}", 8);
	check(text, "guest_operation_waits_total{guest=\"a\"}", 88);
	check(text, "guest_polls_total{guest=\"a\"}", 91);
	check(text, "guest_polls_found_total{guest=\"a\"}", 90);
	check(text, "guest_bus_wait_longest_seconds{guest=\"a\"}", 1.5);
	check(text, "guest_bus_hold_longest_seconds{guest=\"a\"}", 2.5);
	check(text, "guest_bus_hold_seconds_sum{guest=\"a\"}", 3.5);
	check(text, "guest_bus_hold_seconds_count{guest=\"a\"}", 9);
	free(text);
}

TEST_WITH(errors_are_told_by_their_cause, struct guest_set *set)
{
	static const char *const causes[REQUEST_ERRORS] = {
		"refused",  "device",  "memory",  "lost",
		"too_long", "stopped", "unknown",
	};
	struct guest_stats *g =
		stats_set_add(set, "name=a,socket=x,device=sim:nor");
	char *text, sample[128];

	for (unsigned int i = 0; i < REQUEST_ERRORS; i++)
		counter_set(&g->errors[i], i + 1);
	text = metrics(set);
	for (unsigned int i = 0; i < REQUEST_ERRORS; i++) {
		snprintf(sample, sizeof(sample),
			 "guest_request_errors_total{guest=\"a\","
			 "cause=\"%s\"}",
			 causes[i]);
		check(text, sample, i + 1);
	}
	free(text);
}

/* The labels "le" are the limits of the buckets. */
TEST_WITH(waits_are_a_histogram, struct guest_set *set)
{
	struct guest_stats *g =
		stats_set_add(set, "name=a,socket=x,device=sim:nor");
	char *text, sample[128];

	for (unsigned int i = 0; i < STATS_BUCKETS; i++)
		counter_set(&g->turn.waited[i], 1u << i);
	counter_set(&g->turn.wait_ns, 12345678900);
	text = metrics(set);
	for (unsigned int i = 0; i < STATS_BUCKETS - 1; i++) {
		snprintf(sample, sizeof(sample),
			 "guest_bus_wait_seconds_bucket{guest=\"a\","
			 "le=\"%g\"}",
			 (double)stats_bucket_ns[i] / 1e9);
		check(text, sample, (2u << i) - 1);
	}
	check(text, "guest_bus_wait_seconds_bucket{guest=\"a\",le=\"+Inf\"}",
	      2047);
	check(text, "guest_bus_wait_seconds_count{guest=\"a\"}", 2047);
	check(text, "guest_bus_wait_seconds_sum{guest=\"a\"}", 12.3456789);
	free(text);
}

TEST_WITH(devices_and_buses_have_their_own, struct guest_set *set)
{
	static const char labels[] =
		"{device=\"sim:nor\",bus=\"sim:nor (own)\"}";
	struct handle *handle;
	char *text, sample[128];

	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	stats_set_add(set, "name=b,socket=x,device=sim:nor");
	handle = stats_set_chip(set, 0, 0)->handle;
	counter_set(&handle->stats.requests, 1);
	counter_set(&handle->stats.errors, 2);
	counter_set(&handle->stats.sent, 3);
	counter_set(&handle->stats.received, 4);
	counter_set(&handle->stats.hold_ns, 5500000000);
	counter_set(&handle->bus->stats.owner_changes, 6);
	counter_set(&handle->bus->bus.idle_ns, 7250000000);
	text = metrics(set);
	snprintf(sample, sizeof(sample), "device_requests_total%s", labels);
	check(text, sample, 1);
	snprintf(sample, sizeof(sample), "device_errors_total%s", labels);
	check(text, sample, 2);
	snprintf(sample, sizeof(sample), "device_sent_bytes_total%s", labels);
	check(text, sample, 3);
	snprintf(sample, sizeof(sample), "device_received_bytes_total%s",
		 labels);
	check(text, sample, 4);
	snprintf(sample, sizeof(sample), "device_bus_seconds_total%s", labels);
	check(text, sample, 5.5);
	snprintf(sample, sizeof(sample), "device_guests%s", labels);
	check(text, sample, 1);
	check(text,
	      "device_requests_total{device=\"sim:nor#2\","
	      "bus=\"sim:nor#2 (own)\"}",
	      0);
	check(text, "bus_owner_changes_total{bus=\"sim:nor (own)\"}", 6);
	check(text, "bus_idle_seconds_total{bus=\"sim:nor (own)\"}", 7.25);
	check(text, "bus_waiting_guests{bus=\"sim:nor (own)\"}", 0);
	free(text);
}

TEST_WITH(guest_has_a_share_of_what_it_used, struct guest_set *set)
{
	char *text;

	stats_set_add(set, "name=a,socket=x,device=sim:nor,"
			   "device=sim:loopback");
	counter_set(&stats_set_chip(set, 0, 1)->hold_ns, 250000000);
	text = metrics(set);
	check(text,
	      "guest_device_bus_seconds_total{guest=\"a\","
	      "device=\"sim:loopback\",bus=\"sim:loopback (own)\"}",
	      0.25);
	assert_null(strstr(text, "guest_device_bus_seconds_total{guest=\"a\","
				 "device=\"sim:nor\""));
	free(text);
}

TEST_WITH(framing_of_a_chip_with_auto_is_told, struct guest_set *set)
{
	char *text;

	stats_set_add(set, "name=a,socket=x,device=sim:nor,cs=auto,"
			   "device=sim:loopback");
	counter_set(stats_set_chip(set, 0, 0)->shown, AUTO_NOR);
	text = metrics(set);
	check(text,
	      "guest_device_framing{guest=\"a\",device=\"sim:nor\","
	      "bus=\"sim:nor (own)\",framing=\"nor\"}",
	      1);
	assert_null(strstr(text, "guest_device_framing{guest=\"a\","
				 "device=\"sim:loopback\""));
	free(text);
}

TEST_WITH(turns_that_last_are_told, struct guest_set *set)
{
	char *text;

	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	stats_set_add(set, "name=b,socket=x,device=sim:nor");
	stats_set_has(set, 0, 0, 5 * NS_PER_S);
	stats_set_waits(set, 1, 0, 7 * NS_PER_S);
	text = metrics(set);
	assert_true(prom_text_value(text, "vhost_device_spi_guest_bus_holding_"
					  "seconds{guest=\"a\"}") >= 5);
	assert_true(prom_text_value(text, "vhost_device_spi_guest_bus_waiting_"
					  "seconds{guest=\"b\"}") >= 7);
	check(text, "guest_bus_holding_seconds{guest=\"b\"}", 0);
	check(text, "guest_bus_waiting_seconds{guest=\"a\"}", 0);
	check(text, "bus_waiting_guests{bus=\"sim:nor#2 (own)\"}", 1);
	free(text);
}

/* A guest without a name is called by its socket, which may be any path. */
TEST_WITH(odd_names_are_escaped, struct guest_set *set)
{
	char *text;

	stats_set_add(set, "socket=/tmp/\"a\\b\xff\n,device=sim:nor");
	text = metrics(set);
	check(text,
	      "guest_requests_total{guest=\"/tmp/\\\"a\\\\b\\\\xff\\\\x0a\"}",
	      0);
	free(text);
}

/* The largest number of guests */
TEST_WITH(hundreds_of_guests_fit, struct guest_set *set)
{
	char *text, spec[64];

	for (unsigned int i = 0; i < OPTIONS_MAX_GUESTS; i++) {
		snprintf(spec, sizeof(spec),
			 "name=%u,socket=x,device=sim:loopback", i);
		stats_set_add(set, spec);
	}
	text = metrics(set);
	check(text, "guests{state=\"no_front_end\"}", OPTIONS_MAX_GUESTS);
	check(text, "guest_requests_total{guest=\"255\"}", 0);
	free(text);
}

TEST_MAIN(stats_set_setup, stats_set_teardown)
