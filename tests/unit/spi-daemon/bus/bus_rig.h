/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A bus and its users, at a time that the test moves. */
#ifndef TEST_BUS_RIG_H
#define TEST_BUS_RIG_H

#include <poll.h>

#include "spi-daemon/bus/bus.h"
#include "tests/lib/test.h"

#define USERS 4
#define NOW   UINT64_C(1000000000)
#define MS    UINT64_C(1000000)

/* So long that it is no short one even if many take no time. */
#define LONG_MESSAGE (1000000 * MS)

/* @now is the tests' to move; where it stands still, messages take no time. */
struct fixture {
	struct bus bus;
	uint64_t now;
	struct bus_user users[USERS];
};

/* Messages of user @i are expected to take @ns. */
static inline void expect_messages(struct fixture *f, int i, uint64_t ns)
{
	f->users[i].accounts[0].bus = &f->bus;
	counter_set(&f->users[i].accounts[0].message, ns);
}

static inline int setup(void **state)
{
	static struct fixture f;

	f.now = NOW;
	bus_init(&f.bus, false, f.now);
	for (int i = 0; i < USERS; i++) {
		assert_int_equal(bus_user_init(&f.users[i], 2), 0);
		expect_messages(&f, i, LONG_MESSAGE);
	}
	*state = &f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(f->bus.owner);
	assert_null(f->bus.first);
	for (int i = 0; i < USERS; i++) {
		assert_null(f->users[i].next);
		bus_user_fini(&f->users[i]);
	}
	bus_fini(&f->bus);
	return 0;
}

/* Was the user woken? Takes note of it. */
static inline bool woken(struct bus_user *user)
{
	struct pollfd fd = { .fd = user->wake, .events = POLLIN };
	bool is = poll(&fd, 1, 0) == 1;

	bus_user_woken(user);
	return is;
}

#endif
