/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/stats/stats_set.h"
#include "tests/lib/test.h"

static struct stats_view look(const struct guest_set *set)
{
	struct stats_view view;

	assert_int_equal(stats_view_init(&view, set), 0);
	return view;
}

TEST_WITH(nobody_is_there, struct guest_set *set)
{
	struct stats_view view = look(set);

	assert_int_equal(view.guest_count, 0);
	assert_int_equal(view.device_count, 0);
	assert_int_equal(view.bus_count, 0);
	stats_view_fini(&view);
}

/* The order does not depend on when they were added, and 10 follows 9. */
TEST_WITH(all_are_in_the_order_of_names, struct guest_set *set)
{
	static const char *const names[] = { "1", "2", "9", "10", "a", "b" };
	struct stats_view view;

	stats_set_add(set, "name=10,socket=x,device=sim:nor");
	stats_set_add(set, "name=b,socket=x,device=sim:loopback");
	stats_set_add(set, "name=2,socket=x,device=sim:nor");
	stats_set_add(set, "name=a,socket=x,device=sim:loopback");
	stats_set_add(set, "name=9,socket=x,device=sim:nor");
	stats_set_add(set, "name=1,socket=x,device=sim:loopback");
	view = look(set);
	assert_int_equal(view.guest_count, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(view.guests[i]->spec.name, names[i]);
	assert_int_equal(view.device_count, 6);
	assert_string_equal(view.devices[0]->name, "sim:loopback");
	assert_string_equal(view.devices[1]->name, "sim:loopback#2");
	assert_string_equal(view.devices[5]->name, "sim:nor#3");
	assert_int_equal(view.bus_count, 6);
	assert_string_equal(view.buses[0]->name, "sim:loopback (own)");
	assert_string_equal(view.buses[5]->name, "sim:nor#3 (own)");
	stats_view_fini(&view);
}

TEST_WITH(guest_waits_for_the_bus_of_its_chip, struct guest_set *set)
{
	struct stats_view view;

	stats_set_add(set, "name=a,socket=x,device=sim:nor,"
			   "device=sim:loopback");
	stats_set_add(set, "name=b,socket=x,device=sim:loopback");
	stats_set_waits(set, 0, 1, 5 * NS_PER_S);
	view = look(set);
	assert_ptr_equal(stats_view_waits_for(view.guests[0]),
			 stats_set_chip(set, 0, 1)->handle->bus);
	assert_null(stats_view_has(view.guests[0]));
	assert_in_range(stats_view_waits_ns(&view, view.guests[0]),
			5 * NS_PER_S, 100 * NS_PER_S);
	assert_int_equal(stats_view_has_ns(&view, view.guests[0]), 0);
	assert_int_equal(stats_view_waiting(
				 &view, stats_set_chip(set, 0, 1)->handle->bus),
			 1);
	assert_int_equal(stats_view_waiting(
				 &view, stats_set_chip(set, 0, 0)->handle->bus),
			 0);
	assert_null(stats_view_waits_for(view.guests[1]));
	assert_int_equal(stats_view_waits_ns(&view, view.guests[1]), 0);
	stats_view_fini(&view);
}

TEST_WITH(guest_has_the_bus_of_its_chip, struct guest_set *set)
{
	struct stats_view view;

	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	stats_set_has(set, 0, 0, 3 * NS_PER_S);
	view = look(set);
	assert_ptr_equal(stats_view_has(view.guests[0]), view.buses[0]);
	assert_in_range(stats_view_has_ns(&view, view.guests[0]), 3 * NS_PER_S,
			100 * NS_PER_S);
	stats_view_fini(&view);
}

/* The worker may write while the view is made. */
TEST_WITH(turn_that_begins_later_than_the_look_has_lasted_no_time,
	  struct guest_set *set)
{
	struct stats_view view;

	stats_set_add(set, "name=a,socket=x,device=sim:nor");
	view = look(set);
	stats_set_has(set, 0, 0, 0);
	view.now -= NS_PER_S;
	assert_int_equal(stats_view_has_ns(&view, view.guests[0]), 0);
	stats_view_fini(&view);
}

TEST_MAIN(stats_set_setup, stats_set_teardown)
