/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <sys/eventfd.h>

#include "tests/bench/speed/link.h"

static int floor_add(struct link *link)
{
	link->added++;
	return 0;
}

static void floor_flush(struct link *link)
{
	eventfd_write(link->kick_fd, link->added);
	link->added = 0;
}

static int floor_take(struct link *link)
{
	unsigned long done = atomic_load(&link->floor->done);
	int count = (int)(done - link->taken);

	link->taken = done;
	return count;
}

static void floor_end(struct link *link)
{
	link->floor = NULL;
}

static const struct link_ops floor_ops = {
	.add = floor_add,
	.flush = floor_flush,
	.take = floor_take,
	.close = floor_end,
};

void link_open_floor(struct link *link, struct floor *floor, unsigned int index,
		     const struct link_kind *kind)
{
	*link = (struct link){
		.ops = &floor_ops,
		.kind = *kind,
		.call_fd = floor->call_fds[index],
		.floor = &floor->guests[index],
		.kick_fd = floor->kick_fds[index],
	};
}
