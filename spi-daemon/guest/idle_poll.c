/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/guest/idle_poll.h"

void idle_poll_init(struct idle_poll *poll, uint64_t window, uint64_t now)
{
	*poll = (struct idle_poll){
		.window = window,
		.idle_since = now,
		.next_skip = 1,
	};
}

void idle_poll_work(struct idle_poll *poll, uint64_t now)
{
	if (!poll->idle_since)
		return;
	if (poll->skip && now - poll->idle_since <= poll->window)
		poll->skip--;
	poll->idle_since = 0;
}

uint64_t idle_poll_until(struct idle_poll *poll, uint64_t now)
{
	if (poll->idle_since)
		return 0;
	poll->idle_since = now;
	return poll->skip ? 0 : now + poll->window;
}

void idle_poll_looked(struct idle_poll *poll, bool found)
{
	if (found) {
		poll->next_skip = 1;
		return;
	}
	poll->skip = poll->next_skip;
	if (poll->next_skip < IDLE_POLL_SKIP_MAX)
		poll->next_skip = 2 * poll->next_skip + 1;
}
