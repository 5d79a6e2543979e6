/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device is killed after each instruction; the next goes on from there. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/lib/crash/crash.h"
#include "tests/lib/crash/inflight_world.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

/* Instructions to be spent on second kills; sanitizers make it fewer kills. */
#define STEPS 20000

struct setup {
	struct world *w; /* shared with children */
	struct crash first, second;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->w = mmap(NULL, sizeof(*s->w), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(s->w != MAP_FAILED);
	crash_init(&s->first, sizeof(*s->w));
	crash_init(&s->second, sizeof(*s->w));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	crash_free(&s->first);
	crash_free(&s->second);
	munmap(s->w, sizeof(*s->w));
	free(s);
	return 0;
}

/* The driver may look at the ring, and go on, before the next device does. */
static void go_on_from(struct setup *s, const void *left, unsigned int crashes)
{
	for (unsigned int looks = 0; looks < 2; looks++) {
		memcpy(s->w, left, sizeof(*s->w));
		if (!looks)
			world_serve(s->w);
		world_finish(s->w);
		world_check(s->w, crashes);
	}
}

/* Kills the second device as well, wherever the first one was killed. */
static void kill_twice(struct setup *s, const void *left)
{
	memcpy(s->w, left, sizeof(*s->w));
	world_drive(s->w);
	crash_run(&s->second, world_serve, s->w);
	for (unsigned int i = 0; i < s->second.count; i++)
		go_on_from(s, crash_state(&s->second, i), 2);
}

static void kill_everywhere(struct setup *s, bool packed, uint16_t size,
			    uint16_t at, bool replay)
{
	unsigned long stride;

	if (!crash_is_possible()) {
		skip_because("no single steps here");
	}
	for (unsigned int lives = 0; lives < 2; lives++) {
		world_init(s->w, packed, size, at);
		s->w->replay = replay;
		world_drive(s->w);
		/* The region is made in the first life, and used in both. */
		if (lives) {
			world_serve(s->w);
			world_drive(s->w);
		}
		crash_run(&s->first, world_serve, s->w);
		assert_true(s->first.count > 10);
		for (unsigned int i = 0; i < s->first.count; i++)
			go_on_from(s, crash_state(&s->first, i), 1);
		stride = 1 + s->first.count * s->first.steps / STEPS;
		for (unsigned long i = 0; i < s->first.count; i += stride)
			kill_twice(s, crash_state(&s->first, (unsigned int)i));
	}
}

TEST_WITH(test_split, struct setup *s)
{
	kill_everywhere(s, false, WORLD_SPLIT, 65534, false);
}

TEST_WITH(test_split_with_replay, struct setup *s)
{
	kill_everywhere(s, false, WORLD_SPLIT, 3, true);
}

TEST_WITH(test_packed, struct setup *s)
{
	kill_everywhere(s, true, WORLD_PACKED, 5, false);
}

TEST_WITH(test_packed_with_replay, struct setup *s)
{
	kill_everywhere(s, true, WORLD_PACKED, 0, true);
}

/* A chain that takes the whole ring ends where it began. */
TEST_WITH(test_packed_chain_of_the_whole_ring, struct setup *s)
{
	kill_everywhere(s, true, 3, 0, false);
	kill_everywhere(s, true, 3, 2, false);
	kill_everywhere(s, true, 1, 0, false);
}

TEST_MAIN(setup, teardown)
