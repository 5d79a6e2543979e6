/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_view.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static char name_a[] = "logger", name_b[] = "panel", name_c[] = "spare",
	    bus_name[] = "spi0";
static struct watch_guest guests_before[3], guests_now[3];
static struct watch_bus buses[1] = { { bus_name, 1 } };
static struct watch_share shares_before[2], shares_now[2];
static struct watch_stats before, now;

static int setup(void **state)
{
	(void)state;
	guests_before[0] = (struct watch_guest){ .name = name_a,
						 .state = "running",
						 .requests = 100 };
	guests_before[1] =
		(struct watch_guest){ .name = name_b, .state = "connected" };
	guests_before[2] =
		(struct watch_guest){ .name = name_c, .state = "no_front_end" };
	memcpy(guests_now, guests_before, sizeof(guests_now));
	shares_before[0] = (struct watch_share){ 0, 0, 1 };
	shares_before[1] = (struct watch_share){ 1, 0, 1 };
	memcpy(shares_now, shares_before, sizeof(shares_now));
	before = (struct watch_stats){
		.guests = guests_before,
		.guest_count = 2,
		.buses = buses,
		.bus_count = 1,
		.shares = shares_before,
		.share_count = 2,
	};
	now = before;
	now.guests = guests_now;
	now.shares = shares_now;
	return 0;
}

static void expect(const struct watch_stats *old, double seconds,
		   unsigned int rows, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	watch_view_print(out, old, &now, seconds, rows);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

#define BUS_TITLE "BUS                    BUSY  WAITING  WHO HAD IT\n"
#define GUEST_TITLE                                                       \
	"GUEST                STATE           REQ/s    ERR/s   SENT/s   " \
	"RECV/s\n"

TEST(figures_are_per_second)
{
	guests_now[0].requests = 1100;
	guests_now[0].errors = 1;
	guests_now[0].sent = 2000000;
	guests_now[0].received = 15;
	guests_now[0].holding = 0.1;
	guests_now[1].waiting = 0.2;
	shares_now[0].seconds = 2;
	shares_now[1].seconds = 1.4;
	expect(&before, 2, 0,
	       BUS_TITLE
	       "spi0                   70 %        1  logger 50 %, panel 20 %\n"
	       "\n" GUEST_TITLE
	       "logger               running           500      0.5    "
	       "1000k      7.5  has the bus\n"
	       "panel                connected           0        0        0   "
	       "     0  waits\n");
}

TEST(first_time_has_no_figures)
{
	expect(NULL, 0, 0,
	       BUS_TITLE
	       "spi0                      -        1  \n"
	       "\n" GUEST_TITLE
	       "logger               running             -        -        -   "
	       "     -\n"
	       "panel                connected           -        -        -   "
	       "     -\n");
}

TEST(daemon_that_was_started_again_has_done_nothing_yet)
{
	guests_now[0].requests = 3;
	shares_now[0].seconds = 0;
	expect(&before, 1, 0,
	       BUS_TITLE
	       "spi0                    0 %        1  \n"
	       "\n" GUEST_TITLE
	       "logger               running             0        0        0   "
	       "     0\n"
	       "panel                connected           0        0        0   "
	       "     0\n");
}

TEST(busiest_guests_are_shown_where_there_is_no_room_for_all)
{
	guests_now[1].requests = 10;
	now.guest_count = 3;
	expect(&before, 1, 7,
	       BUS_TITLE
	       "spi0                    0 %        1  \n"
	       "\n" GUEST_TITLE
	       "panel                connected          10        0        0   "
	       "     0\n"
	       "logger               running             0        0        0   "
	       "     0\n"
	       "spare                no_front_end        -        -        -   "
	       "     -\n");
	guests_now[0].requests = 200;
	expect(&before, 1, 6,
	       BUS_TITLE
	       "spi0                    0 %        1  \n"
	       "\n" GUEST_TITLE
	       "logger               running           100        0        0   "
	       "     0\n"
	       "and 2 more\n");
}

TEST_MAIN(setup, NULL)
