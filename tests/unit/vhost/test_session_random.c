/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A front end that says anything at all. */
#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

/* Reproducible: the same numbers each time. */
static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

TEST_WITH(test_random_messages_keep_the_session_in_step, struct fixture *f)
{
	static const uint32_t sizes[] = { 0, 8, 12, 40, 44, 72, 264, 300 };
	uint64_t seed = 1;
	struct ram ram;
	int fds[8];

	ram_open(&ram, 0, KIB(16), 0);
	for (int i = 0; i < 8; i++)
		fds[i] = ram.fd;
	for (int i = 0; i < 20000; i++) {
		uint32_t payload[75];
		uint32_t r = next_random(&seed);

		for (size_t k = 0; k < 75; k++)
			payload[k] = next_random(&seed) >> (r % 32);
		payload[r >> 8 & 1] &= 3; /* a ring, a count, an offset */
		say(f, next_random(&seed) % 48,
		    VHOST_USER_VERSION | (r & VHOST_USER_NEED_REPLY), payload,
		    sizes[next_random(&seed) % 8], fds,
		    next_random(&seed) % 4 ? 0 : next_random(&seed) % 9);
		handle(f);
		hear(f);
		assert_false(hear(f));
	}
	assert_int_equal(ask(f, VHOST_USER_GET_FEATURES, NULL, 0), 8);
	ram_close(&ram);
}

TEST_MAIN(session_setup_negotiated, session_teardown)
