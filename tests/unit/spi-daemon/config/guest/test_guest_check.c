/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/guest/guest_check.h"
#include "tests/lib/test.h"

#define MAX_GUESTS 4

/* Takes descriptions up to a NULL. Returns what guest_check() returns. */
static int check(const char *const *texts, char *error, size_t error_size)
{
	struct guest_spec guests[MAX_GUESTS] = { 0 };
	unsigned int count = 0;
	int ret;

	*error = '\0';
	for (; texts[count]; count++)
		assert_int_equal(guest_spec_parse(texts[count], &guests[count],
						  error, error_size),
				 0);
	ret = guest_check(guests, count, error, error_size);
	while (count)
		guest_spec_free(&guests[--count]);
	return ret;
}

TEST(guests_may_share_what_they_describe_alike)
{
	static const char *const cases[][MAX_GUESTS] = {
		{ NULL },
		{ "socket=a,device=d", NULL },
		{ "socket=a,device=d", "socket=b,device=d", NULL },
		{ "socket=a,device=d,cs=nor,max-speed=1M",
		  "socket=b,device=e,device=d,max-speed=2M,cs=nor,cs-hold=7",
		  NULL },
		{ "socket=a,device=d,exclusive=yes", "socket=b,device=e",
		  NULL },
		{ "socket=a,device=d,exclusive=no", "socket=b,device=d", NULL },
		/* Each guest has simulated chips of its own, */
		{ "socket=a,device=sim:nor,exclusive=yes,device=sim:nor",
		  "socket=b,device=sim:nor,cs=nor", NULL },
		/* except for chips with a file. */
		{ "socket=a,device=sim:nor,file=/tmp/f",
		  "socket=b,device=sim:nor,file=/tmp/../tmp/f", NULL },
	};
	char error[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check(cases[i], error, sizeof(error)))
			fail_msg("%zu: %s", i, error);
}

TEST(contradictions_are_told_with_both_guests)
{
	static const struct {
		const char *texts[MAX_GUESTS], *error;
	} cases[] = {
		{ { "socket=a,device=d", "socket=b,device=d,cs=nor" },
		  "guest b: device=d is shared with guest a, but has another "
		  "cs=" },
		{ { "socket=a,device=d", "socket=b,device=d,cs-high=no" },
		  "guest b: device=d is shared with guest a, but has another "
		  "cs-high=" },
		{ { "socket=a,device=d", "socket=b,device=d,host-shared=yes" },
		  "guest b: device=d is shared with guest a, but has another "
		  "host-shared=" },
		{ { "socket=a,device=d,exclusive=yes", "socket=b,device=d" },
		  "guest b: device=d is shared with guest a, but is "
		  "exclusive" },
		{ { "socket=a,device=d", "socket=b,device=d,exclusive=yes" },
		  "guest b: device=d is shared with guest a, but is "
		  "exclusive" },
		{ { "socket=a,device=sim:nor,file=/tmp/f",
		    "socket=b,device=sim:nor,file=/tmp/f,size=1M" },
		  "guest b: device=sim:nor is shared with guest a, but is "
		  "another kind of chip" },
		{ { "socket=a,device=sim:nor,file=/tmp/f,bus=x",
		    "socket=b,device=sim:nor,file=/tmp/f" },
		  "guest b: device=sim:nor is shared with guest a, but has "
		  "another bus=" },
		{ { "socket=a,device=sim:nor,file=/tmp/f",
		    "socket=b,device=sim:nor,file=/tmp/f,timing=real" },
		  "guest b: device=sim:nor is shared with guest a, but has "
		  "another timing=" },
		{ { "socket=a,device=d", "socket=b,device=d,trace=/t.vcd" },
		  "guest b: device=d is shared with guest a, but has another "
		  "trace=" },
		{ { "socket=a,device=sim:socket=/tmp/s",
		    "socket=b,device=sim:socket=/tmp/s,timeout=10" },
		  "guest b: device=sim:socket=/tmp/s is shared with guest a, "
		  "but has another timeout=" },
		{ { "socket=a,device=d,device=d" },
		  "guest a: device=d: is the same device as device=d (d)" },
		{ { "socket=a,device=d", "socket=a,name=b,device=e" },
		  "guest b: socket=a is guest a's already" },
		{ { "socket=a,name=n,device=d", "socket=b,name=n,device=e" },
		  "guest n: name=n is guest n's already" },
	};
	char error[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check(cases[i].texts, error, sizeof(error)),
				 -EINVAL);
		assert_string_equal(error, cases[i].error);
	}
}

/* /dev/null stands for a character device with two names. */
TEST(chip_is_the_same_by_any_path)
{
	char link[] = "/tmp/test-guest-check-XXXXXX", text[80], error[512];
	const char *texts[] = { "socket=a,device=/dev/null", text, NULL };

	close(mkstemp(link));
	unlink(link);
	assert_int_equal(symlink("/dev/null", link), 0);
	snprintf(text, sizeof(text), "socket=b,device=%s,cs=spec", link);
	assert_int_equal(check(texts, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "has another cs="));
	unlink(link);
}

TEST_MAIN(NULL, NULL)
