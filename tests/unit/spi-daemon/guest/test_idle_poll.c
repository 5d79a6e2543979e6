/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/guest/idle_poll.h"
#include "tests/lib/test.h"

#define WINDOW 50
#define BEGIN  1000

/* A request comes at @now and is done at once. Is the ring looked at then? */
static bool looks_after(struct idle_poll *p, uint64_t now)
{
	uint64_t until;

	idle_poll_work(p, now);
	until = idle_poll_until(p, now);
	assert_true(until <= now || until == now + WINDOW);
	return until > now;
}

TEST(guest_without_requests_is_not_looked_at)
{
	struct idle_poll p;

	idle_poll_init(&p, WINDOW, BEGIN);
	for (uint64_t now = BEGIN; now < BEGIN + 10; now++)
		assert_true(idle_poll_until(&p, now) <= now);
}

TEST(ring_is_looked_at_once_after_a_request)
{
	struct idle_poll p;

	idle_poll_init(&p, WINDOW, BEGIN);
	assert_true(looks_after(&p, BEGIN));
	/* A kick for nothing */
	assert_true(idle_poll_until(&p, BEGIN + 1) <= BEGIN + 1);
}

TEST(looks_go_on_while_they_find_something)
{
	struct idle_poll p;

	idle_poll_init(&p, WINDOW, BEGIN);
	for (uint64_t now = BEGIN; now < BEGIN + 1000; now += 10) {
		assert_true(looks_after(&p, now));
		idle_poll_looked(&p, true);
	}
}

TEST(guest_with_long_pauses_has_one_look)
{
	struct idle_poll p;

	idle_poll_init(&p, WINDOW, BEGIN);
	assert_true(looks_after(&p, BEGIN));
	idle_poll_looked(&p, false);
	for (uint64_t i = 1; i < 100; i++)
		assert_false(looks_after(&p, BEGIN + i * (WINDOW + 1)));
}

TEST(guest_whose_pauses_get_short_is_looked_at_again)
{
	struct idle_poll p;
	uint64_t now = BEGIN;

	idle_poll_init(&p, WINDOW, now);
	assert_true(looks_after(&p, now));
	idle_poll_looked(&p, false);
	now += 10 * WINDOW;
	assert_false(looks_after(&p, now));
	assert_true(looks_after(&p, now + 10));
	idle_poll_looked(&p, true);
	assert_true(looks_after(&p, now + 20));
}

/* As where the thread has the only processor, and keeps it from the guest. */
TEST(looks_in_vain_become_rare)
{
	unsigned int looks = 0, since = 0, least = 0;
	struct idle_poll p;

	idle_poll_init(&p, WINDOW, BEGIN);
	for (uint64_t now = BEGIN; now < BEGIN + 100000; now += 10, since++) {
		if (!looks_after(&p, now))
			continue;
		idle_poll_looked(&p, false);
		assert_true(since >= least);
		if (2 * least < IDLE_POLL_SKIP_MAX)
			least = 2 * least + 1;
		since = 0;
		looks++;
	}
	assert_in_range(looks, 10, 25);
	/* And they are as frequent as ever once one is not in vain. */
	idle_poll_looked(&p, true);
	while (!looks_after(&p, BEGIN))
		;
	idle_poll_looked(&p, false);
	assert_false(looks_after(&p, BEGIN + 2 * WINDOW));
	assert_true(looks_after(&p, BEGIN + 2 * WINDOW + 1));
}

TEST_MAIN(NULL, NULL)
