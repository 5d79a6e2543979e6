/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/test.h"

TEST(time_that_is_left)
{
	struct timespec left = clock_left(5, 2 * NS_PER_S + 12);

	assert_int_equal(left.tv_sec, 2);
	assert_int_equal(left.tv_nsec, 7);
}

TEST(nothing_is_left_when_it_is_over)
{
	struct timespec left = clock_left(2 * NS_PER_S, NS_PER_S);

	assert_int_equal(left.tv_sec, 0);
	assert_int_equal(left.tv_nsec, 0);
}

/* However large time_t is: UINT64_MAX / 8 is what a ping has without a limit.
 */
TEST(distant_deadline_can_be_waited_for)
{
	static const uint64_t deadlines[] = { UINT64_MAX / 8, UINT64_MAX / 4,
					      CLOCK_NEVER };
	struct pollfd fd = { .fd = eventfd(1, EFD_CLOEXEC), .events = POLLIN };

	for (unsigned int i = 0; i < 3; i++) {
		struct timespec left = clock_left(0, deadlines[i]);

		assert_int_equal(left.tv_sec, INT32_MAX);
		assert_int_equal(ppoll(&fd, 1, &left, NULL), 1);
	}
	close(fd.fd);
}

TEST_MAIN(NULL, NULL)
