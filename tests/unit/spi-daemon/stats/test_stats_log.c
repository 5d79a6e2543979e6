/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/stats/stats_log.h"
#include "tests/lib/stats/stats_set.h"
#include "tests/lib/test.h"

#define PREFIX "vhost-device-spi: "

/* Returns what stats_log() logs. */
static const char *logged(const struct guest_set *set)
{
	static char text[65536];
	int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	struct stats_view view;
	ssize_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(stats_view_init(&view, set), 0);
	stats_log(&view);
	stats_view_fini(&view);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fileno(file), text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	fclose(file);
	return text;
}

TEST_WITH(guest_that_has_done_nothing_has_a_line, struct guest_set *set)
{
	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	assert_string_equal(
		logged(set), PREFIX
		"guest a: no front end; requests 0, errors 0; "
		"bytes sent 0, received 0; bus turns 0, "
		"waited 0.000000 s (longest 0.000000 s), "
		"had it 0.000000 s (longest 0.000000 s); "
		"messages cut 0, operation waits 0; connections 0, turned away 0, "
		"disconnected 0; refused messages 0, "
		"broken rings 0\n" PREFIX
		"device sim:nor: on bus sim:nor (own); guests 1; "
		"requests 0, errors 0; bytes sent 0, received 0; "
		"had the bus 0.000000 s\n" PREFIX
		"bus sim:nor (own): idle; waiting 0; "
		"owner changes 0, "
		"idle while guests waited 0.000000 s\n");
}

TEST_WITH(numbers_are_in_their_places, struct guest_set *set)
{
	struct guest_stats *g =
		stats_set_add(set, "name=a,socket=x,device=sim:nor");
	struct handle *handle = stats_set_chip(set, 0, 0)->handle;

	counter_set(&g->state, GUEST_RUNS);
	counter_set(&g->done, 100);
	counter_set(&g->errors[REQUEST_REFUSED], 2);
	counter_set(&g->errors[REQUEST_TOO_LONG], 1);
	counter_set(&g->sent, 4);
	counter_set(&g->received, 5);
	counter_set(&g->turn.waited[0], 6);
	counter_set(&g->turn.wait_ns, 7000000000);
	counter_set(&g->turn.wait_longest_ns, 1234567890);
	counter_set(&g->turn.hold_ns, 8000001999);
	counter_set(&g->turn.hold_longest_ns, 2000);
	counter_set(&g->cuts[CUT_HOLD], 9);
	counter_set(&g->operation_waits, 21);
	counter_set(&g->connections, 10);
	counter_set(&g->turned_away, 11);
	counter_set(&g->disconnected, 12);
	counter_set(&g->refused_messages, 13);
	counter_set(&g->broken_rings, 14);
	counter_set(&handle->stats.requests, 15);
	counter_set(&handle->stats.errors, 16);
	counter_set(&handle->stats.sent, 17);
	counter_set(&handle->stats.received, 18);
	counter_set(&handle->stats.hold_ns, 19000000000);
	counter_set(&handle->bus->stats.owner_changes, 20);
	counter_set(&handle->bus->bus.idle_ns, 21500000000);
	assert_string_equal(
		logged(set), PREFIX
		"guest a: running; requests 103, errors 3 "
		"(refused 2, too long 1); bytes sent 4, received 5; "
		"bus turns 6, waited 7.000000 s (longest 1.234567 s), "
		"had it 8.000001 s (longest 0.000002 s); "
		"messages cut 9 (cs-hold 9), operation waits 21; connections 10, "
		"turned away 11, disconnected 12; refused messages 13, "
		"broken rings 14\n" PREFIX
		"device sim:nor: on bus sim:nor (own); guests 1; "
		"requests 15, errors 16; bytes sent 17, received 18; "
		"had the bus 19.000000 s\n" PREFIX
		"bus sim:nor (own): idle; waiting 0; "
		"owner changes 20, "
		"idle while guests waited 21.500000 s\n");
}

TEST_WITH(present_turns_show_who_is_in_whose_way, struct guest_set *set)
{
	const char *text;

	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	stats_set_add(set, "name=b,socket=x,device=sim:nor");
	stats_set_has(set, 0, 0, 5 * NS_PER_S);
	stats_set_waits(set, 1, 0, 7 * NS_PER_S);
	text = logged(set);
	assert_non_null(strstr(text, "; has bus sim:nor (own) for 5."));
	assert_non_null(strstr(text, "; waits for bus sim:nor#2 (own) for 7."));
	assert_non_null(
		strstr(text, "bus sim:nor (own): guest a has it for 5."));
	assert_non_null(strstr(text, "bus sim:nor#2 (own): idle; waiting 1 "
				     "(longest guest b for 7."));
}

/* The longest line fits into a line of the log. */
TEST_WITH(largest_numbers_fit, struct guest_set *set)
{
	struct guest_stats *g = stats_set_add(
		set, "name=abcdefghijabcdefghijabcdefghijab,socket=x,"
		     "device=sim:nor");
	const char *text;

	for (size_t i = 0; i < offsetof(struct guest_stats, turn.chip) /
				       sizeof(struct counter);
	     i++)
		counter_set((struct counter *)g + i, UINT64_MAX / 16);
	counter_set(&g->state, GUEST_ALONE);
	stats_set_has(set, 0, 0, 5 * NS_PER_S);
	text = logged(set);
	assert_non_null(strstr(text, "; has bus sim:nor (own) for 5."));
	assert_null(strstr(text, "..."));
}

TEST_MAIN(stats_set_setup, stats_set_teardown)
