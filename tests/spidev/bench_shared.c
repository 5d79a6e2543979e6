/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The price of host-shared=yes: a daemon in a guest with a real spidev, whose
 * kernel runs at the speed of this machine where there is KVM. The daemon
 * outside answers each message at once, so that no bus is as fast.
 */
#include "tests/spidev/nested.h"

#include "tests/lib/process.h"

#define REQUESTS 5000
#define ROUNDS	 5

static int64_t run_ms(struct bench *b, unsigned int requests)
{
	int64_t start = process_now_ms();

	bench_run(b,
		  "spi-stream /run/s0 times:%u dup:0500000000000000 > "
		  "/dev/null",
		  requests);
	return process_now_ms() - start;
}

/* Returns microseconds for a request. */
static double measure(struct bench *b, const char *keys)
{
	double ms;

	bench_serve(b, keys);
	ms = (double)(run_ms(b, REQUESTS + 1) - run_ms(b, 1));
	return ms * 1000 / REQUESTS;
}

static void price_of_host_shared(void **state)
{
	struct bench *b = bench_open(state);
	double no = 0, yes = 0;

	for (int round = 0; round < ROUNDS; round++) {
		no += measure(b, "cs=linux") / ROUNDS;
		yes += measure(b, "cs=linux,host-shared=yes") / ROUNDS;
	}
	print_message("host-shared=no   %.1f us for a request\n"
		      "host-shared=yes  %.1f us, %.2f times that\n",
		      no, yes, yes / no);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(price_of_host_shared),
};
static const size_t case_count = sizeof(cases) / sizeof(cases[0]);

int main(void)
{
	static const struct bench_group groups[] = {
		{ cases, &case_count },
		{ NULL, NULL },
	};

	return bench_run_groups("price of host-shared", groups, nested_setup,
				nested_teardown);
}
