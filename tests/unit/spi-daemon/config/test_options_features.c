/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * --with and --without: on the command line, in the file, and of a guest. The
 * first is no abbreviation of the second, and no option has one.
 */
#include "tests/unit/spi-daemon/config/options_line.h"

#define INDIRECT  (UINT64_C(1) << 28)
#define EVENT_IDX (UINT64_C(1) << 29)
#define LOG_ALL	  (UINT64_C(1) << 26)
#define PACKED	  (UINT64_C(1) << 34)
#define IN_ORDER  (UINT64_C(1) << 35)
#define DEFAULTS  (LOG_ALL | INDIRECT | EVENT_IDX)
#define STATUS	  (UINT64_C(1) << 16)

/* What follows the name of the guest's socket and device, and the command */
struct words {
	const char *guest;   /* keys of the guest; "" for none */
	const char *line;    /* words of the command line */
	const char *in_file; /* lines of the file */
};

static int parse(const struct words *words, struct options *options,
		 char *error, size_t error_size)
{
	char line[300];

	snprintf(line, sizeof(line), "-gsocket=a,device=sim:nor%s%s%s",
		 words->guest, *words->line ? " " : "", words->line);
	return parse_with_file(line, words->in_file, options, error,
			       error_size);
}

static const struct {
	struct words words;
	uint64_t features;
	bool has_status;
} good[] = {
	{ { "", "", "" }, DEFAULTS, true },
	{ { "", "--with=ring-packed,in-order", "" },
	  (DEFAULTS & ~INDIRECT) | PACKED | IN_ORDER,
	  true },
	{ { "", "--with ring-packed --with in-order", "" },
	  (DEFAULTS & ~INDIRECT) | PACKED | IN_ORDER,
	  true },
	{ { "", "", "with ring-packed, in-order\n" },
	  (DEFAULTS & ~INDIRECT) | PACKED | IN_ORDER,
	  true },
	{ { ",with=ring-packed,in-order", "", "" },
	  (DEFAULTS & ~INDIRECT) | PACKED | IN_ORDER,
	  true },
	{ { ",without=status,event-idx,with=in-order,weight=2", "", "" },
	  (DEFAULTS & ~EVENT_IDX) | IN_ORDER,
	  false },
	{ { ",without=status,cs=nor,name=a", "", "" }, DEFAULTS, false },
	{ { ",with=ring-packed,with=in-order", "", "" },
	  (DEFAULTS & ~INDIRECT) | PACKED | IN_ORDER,
	  true },
	{ { ",with=in-order", "--with=ring-packed", "with=indirect-desc\n" },
	  DEFAULTS | PACKED | IN_ORDER,
	  true },
	{ { "", "--without=event-idx,status", "" },
	  DEFAULTS & ~EVENT_IDX,
	  false },
	{ { "", "-x event-idx -x status", "" }, DEFAULTS & ~EVENT_IDX, false },
	{ { ",without=event-idx", "", "without status\n" },
	  DEFAULTS & ~EVENT_IDX,
	  false },
	{ { ",without=in-order,with=status", "--with=in-order",
	    "without status\n" },
	  DEFAULTS,
	  true },
};

TEST(features_come_from_the_line_the_file_and_the_guest)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct vhost_feature_set got;
		struct options options;
		char error[700] = "";

		if (parse(&good[i].words, &options, error, sizeof(error)))
			fail_msg("%s", error);
		got = offer_features(&options.guests[0].offer);
		assert_true(got.features == good[i].features);
		assert_int_equal(!!(got.protocol & STATUS), good[i].has_status);
		options_free(&options);
	}
}

TEST(all_guests_have_what_is_said_of_all)
{
	static const struct words words = {
		",name=own,without=in-order",
		"--with=in-order -s v -c 2 -l sim:loopback", ""
	};
	struct options options;
	char error[700] = "";

	if (parse(&words, &options, error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(options.guest_count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		struct vhost_feature_set got =
			offer_features(&options.guests[i].offer);
		bool own = !strcmp(options.guests[i].name, "own");

		assert_true(got.features ==
			    (own ? DEFAULTS : DEFAULTS | IN_ORDER));
	}
	options_free(&options);
}

TEST(mistakes_are_told_in_one_line)
{
	static const struct {
		struct words words;
		const char *error;
	} cases[] = {
		{ { "", "-x event-idx,,status", "" },
		  "--without=event-idx,,status: there is no feature \"\"" },
		{ { "", "--with=packed", "" },
		  "--with=packed: there is no feature \"packed\"" },
		{ { "", "--with=", "" }, "--with=: there is no feature \"\"" },
		{ { "", "--with=mq,ring-packed --without=ring-packed", "" },
		  "--with and --without both name \"ring-packed\"" },
		{ { "", "-x mq --with=mq", "" },
		  "--with and --without both name \"mq\"" },
		{ { "", "--with=mq", "verbose\nwithout mq\n" },
		  ":2: --with and --without both name \"mq\"" },
		{ { "", "", "with mq\n\nwithout status\nwithout mq\n" },
		  ":4: --with and --without both name \"mq\"" },
		{ { "", "", "with nothing\n" },
		  ":1: --with=nothing: there is no feature \"nothing\"" },
		{ { "", "", "with\n" }, ":1: with needs a value" },
		{ { "", "", "wit mq\n" },
		  ":1: \"wit\" is not an option of this file" },
		{ { ",with=mq,without=mq", "", "" },
		  "--guest=socket=a,device=sim:nor,with=mq,without=mq: with= "
		  "and without= both name \"mq\"" },
		{ { "", "--with=access-platform -x reply-ack", "" },
		  "guest a: access-platform cannot be offered without "
		  "reply-ack" },
		{ { ",without=backend-req", "--with=access-platform", "" },
		  "guest a: access-platform cannot be offered without "
		  "backend-req" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct options options;
		char error[700] = "";

		assert_int_equal(
			parse(&cases[i].words, &options, error, sizeof(error)),
			-EINVAL);
		assert_string_equal(error, cases[i].error);
	}
}

static void check_name_is_none(const char *name, int len)
{
	char line[64], error[700] = "", expected[700];
	struct words words = { "", line, "" };
	struct options options;

	snprintf(line, sizeof(line), "%.*s=1", len, name);
	snprintf(expected, sizeof(expected),
		 "%.*s is not an option; --help lists them", len, name);
	assert_int_equal(parse(&words, &options, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, expected);
}

static int name_len(const char *at)
{
	return (int)strspn(at, "abcdefghijklmnopqrstuvwxyz-");
}

/* Returns true if --help names the option of the first @len bytes of @name. */
static bool is_option(const char *name, int len)
{
	for (const char *at = options_help; (at = strstr(at, "--")); at += 2)
		if (name_len(at) == len && !strncmp(at, name, (size_t)len))
			return true;
	return false;
}

/* Tries each beginning of each long option that --help names. */
TEST(no_name_of_an_option_can_be_shortened)
{
	unsigned int names = 0;

	for (const char *at = options_help; (at = strstr(at, "--")); at += 2) {
		int len = name_len(at);

		/* --without begins with the name of another option. */
		for (int part = 3; part < len; part++)
			if (!is_option(at, part))
				check_name_is_none(at, part);
		names += len > 2;
	}
	assert_in_range(names, 18, 50);
}

TEST_MAIN(NULL, NULL)
