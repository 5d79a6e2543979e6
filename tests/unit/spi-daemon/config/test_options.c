/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/unit/spi-daemon/config/options_line.h"

static struct options parse(const char *line)
{
	struct options options;
	char error[700] = "";
	int ret = parse_line(line, &options, error, sizeof(error));

	if (ret != OPTIONS_RUN)
		fail_msg("%s: %d, %s", line, ret, error);
	assert_string_equal(error, "");
	return options;
}

TEST(every_spelling_gives_the_same)
{
	static const char *const lines[] = {
		/* as in the README of rust-vmm's vhost-device-spi */
		"--socket-path=v.sock --socket-count=3 --device /dev/spidev0.0",
		"-s v.sock -c 3 -l /dev/spidev0.0",
		"-sv.sock -c3 -l/dev/spidev0.0",
		"--device=/dev/spidev0.0 --socket-count 3 --socket-path v.sock",
		"-l /dev/spidev0.0 -c 3 -s v.sock --",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options options = parse(lines[i]);
		const struct device_list *devices;

		assert_int_equal(options.guest_count, 3);
		assert_string_equal(options.guests[2].name, "2");
		assert_string_equal(options.guests[2].socket, "v.sock2");
		assert_int_equal(options.guests[2].weight, 1);
		assert_false(options.guests[2].replay);
		devices = options.guests[2].devices;
		assert_int_equal(devices->count, 1);
		assert_string_equal(devices->specs[0].path, "/dev/spidev0.0");
		assert_null(options.config);
		assert_false(options.verbose);
		options_free(&options);
	}
}

TEST(one_socket_is_the_default)
{
	struct options options = parse("-s v.sock -l sim:nor");

	assert_int_equal(options.guest_count, 1);
	options_free(&options);
}

TEST(up_to_256_sockets_are_taken)
{
	struct options options = parse("-s v.sock -l sim:nor -c 256");

	assert_int_equal(options.guest_count, 256);
	options_free(&options);
}

TEST(replay_is_taken)
{
	struct options options = parse("-s v.sock -l sim:nor --replay");

	assert_true(options.guests[0].replay);
	options_free(&options);
}

TEST(verbose_is_taken)
{
	struct options options = parse("-v -s v.sock -l sim:nor --verbose");

	assert_true(options.verbose);
	options_free(&options);
}

TEST(nothing_of_init_is_the_default)
{
	struct options options = parse("-s v.sock -l sim:nor");

	assert_false(options.launch.background);
	assert_false(options.launch.syslog);
	assert_null(options.launch.pid_file);
	assert_null(options.launch.user);
	options_free(&options);
}

TEST(options_for_init_are_taken)
{
	struct options options = parse("-s v.sock -l sim:nor --daemon --syslog "
				       "--pidfile=/run/v.pid --user=spi:kvm");

	assert_true(options.launch.background);
	assert_true(options.launch.syslog);
	assert_string_equal(options.launch.pid_file, "/run/v.pid");
	assert_string_equal(options.launch.user, "spi:kvm");
	options_free(&options);
}

/* The message names what the operator wrote. */
TEST(mistake_leaves_where_to_log)
{
	struct options options;
	char error[700];

	assert_int_equal(parse_line("--syslog --user=x --nope", &options, error,
				    sizeof(error)),
			 -EINVAL);
	assert_true(options.launch.syslog);
	assert_false(options.launch.background);
	assert_null(options.launch.user);
	assert_int_equal(parse_line("--daemon", &options, error, sizeof(error)),
			 -EINVAL);
	assert_true(options.launch.background);
}

TEST(access_is_that_of_the_guest_or_of_all)
{
	struct options options =
		parse("-s v -l sim:nor --socket-mode=0660 --socket-group=7 "
		      "-g socket=a,device=sim:nor,socket-mode=600 "
		      "-g socket=b,device=sim:nor,socket-group=root");
	static const struct vhost_access expected[] = {
		{ .mode = 0600, .group = 7 },
		{ .mode = 0660, .group = 0 },
		{ .mode = 0660, .group = 7 },
	};

	assert_int_equal(options.guest_count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(options.guests[i].access.mode,
				 expected[i].mode);
		assert_int_equal(options.guests[i].access.group,
				 expected[i].group);
	}
	options_free(&options);
	options = parse("-s v -l sim:nor");
	assert_int_equal(options.guests[0].access.mode, 0);
	assert_true(options.guests[0].access.group == GUEST_ANY_GROUP);
	options_free(&options);
}

TEST(time_to_poll_is_that_of_the_guest_or_of_all)
{
	struct options options = parse("-s v -l sim:nor --poll=50 "
				       "-g socket=a,device=sim:nor,poll=1000 "
				       "-g socket=b,device=sim:nor,poll=0");

	assert_int_equal(options.guest_count, 3);
	assert_int_equal(options.guests[0].poll_us, 1000);
	assert_int_equal(options.guests[1].poll_us, 0);
	assert_int_equal(options.guests[2].poll_us, 50);
	options_free(&options);
	options = parse("-s v -l sim:nor");
	assert_int_equal(options.guests[0].poll_us, 0);
	options_free(&options);
}

TEST(check_is_an_action_of_its_own)
{
	struct options options;
	char error[700];

	assert_int_equal(parse_line("--check -s v -l sim:nor", &options, error,
				    sizeof(error)),
			 OPTIONS_CHECK);
	options_free(&options);
	assert_int_equal(
		parse_line("--check -s v", &options, error, sizeof(error)),
		-EINVAL);
	assert_string_equal(error, "--device=SPEC is missing");
}

TEST(devices_keep_their_order_and_keys)
{
	struct options options = parse("-l sim:nor,size=1M -s v.sock "
				       "-l /dev/spidev1.0,cs=spec -l d");
	const struct device_list *devices = options.guests[0].devices;

	assert_int_equal(devices->count, 3);
	assert_int_equal(devices->specs[0].kind, DEVICE_SIM_NOR);
	assert_int_equal(devices->specs[0].chip.size, 1 << 20);
	assert_string_equal(devices->specs[1].path, "/dev/spidev1.0");
	assert_int_equal(devices->specs[1].framing, CS_SPEC);
	assert_string_equal(devices->specs[2].path, "d");
	options_free(&options);
}

static int parse_devices(int count, struct options *options, char *error,
			 size_t error_size)
{
	static char program[] = "p", socket_path[] = "-ss";
	char *argv[GUEST_MAX_DEVICES + 4] = { program, socket_path };
	static char devices[GUEST_MAX_DEVICES + 1][8];

	for (int i = 0; i < count; i++) {
		snprintf(devices[i], sizeof(devices[i]), "-ld%d", i);
		argv[2 + i] = devices[i];
	}
	return options_parse(2 + count, argv, -1, options, error, error_size);
}

TEST(up_to_255_devices_are_taken)
{
	struct options options;
	char error[700];

	assert_int_equal(parse_devices(255, &options, error, sizeof(error)),
			 OPTIONS_RUN);
	assert_int_equal(options.guests[0].devices->count, 255);
	options_free(&options);
	assert_int_equal(parse_devices(256, &options, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error,
			    "--device=d255: there are more than 255 devices");
	assert_null(options.guests);
}

TEST(help_and_version_need_nothing_else)
{
	static const struct {
		const char *line;
		enum options_action action;
	} cases[] = {
		{ "-h", OPTIONS_HELP },
		{ "--help", OPTIONS_HELP },
		{ "-s v.sock -h", OPTIONS_HELP },
		{ "-h --nonsense", OPTIONS_HELP },
		{ "-V", OPTIONS_VERSION },
		{ "--nonsense --print-capabilities -h", OPTIONS_CAPABILITIES },
		{ "--version", OPTIONS_VERSION },
		{ "-l d -V -h", OPTIONS_VERSION },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;
		char error[700] = "";

		assert_int_equal(parse_line(cases[i].line, &options, error,
					    sizeof(error)),
				 cases[i].action);
		assert_string_equal(error, "");
		options_free(&options);
	}
}

static const struct {
	const char *line, *error;
} mistakes[] = {
	{ "", "--socket-path=PATH, --guest=GUEST or --config=FILE is missing" },
	{ "-l d", "--socket-path=PATH is missing" },
	{ "-s v", "--device=SPEC is missing" },
	{ "--he", "--he is not an option; --help lists them" },
	{ "-s v -l d -q", "-q is not an option; --help lists them" },
	{ "-s v -l d -vq", "-q is not an option; --help lists them" },
	{ "stray --nope", "stray is not an option" },
	{ "-v --nope", "--nope is not an option; --help lists them" },
	{ "--nope=1", "--nope is not an option; --help lists them" },
	{ "-s --v --ver", "--ver is not an option; --help lists them" },
	{ "--replayed", "--replayed is not an option; --help lists them" },
	{ "--replay=1 -s v", "--replay=1: --replay takes no value" },
	{ "--daemon=no", "--daemon=no: --daemon takes no value" },
	{ "--pidfile=a --pidfile=b", "--pidfile=b is the second --pidfile" },
	{ "--user=a --user=b", "--user=b is the second --user" },
	{ "-s v -l d -r", "-r is not an option; --help lists them" },
	{ "--help=me", "--help=me: --help takes no value" },
	{ "-l d -s", "-s, --socket-path needs a value" },
	{ "-s v --device", "-l, --device needs a value" },
	{ "-s v --pidfile", "--pidfile needs a value" },
	{ "-s v --socket-mode", "--socket-mode needs a value" },
	{ "--with", "--with needs a value" },
	{ "-s v -l d --pidfile=", "--pidfile= has no value" },
	{ "-s v -l d --user=", "--user= has no value" },
	{ "-s v -l d --stats=", "--stats= has no value" },
	{ "--config=", "--config= has no value" },
	{ "-s v -l d v2", "v2 is not an option" },
	{ "-s v -l d -- -v", "-v is not an option" },
	{ "-s v -l d -", "- is not an option" },
	{ "--socket-path= -l d", "--socket-path= has no value" },
	{ "-s v -s w -l d", "--socket-path=w is the second --socket-path" },
	{ "-s v -l d -c 1 -c 2",
	  "--socket-count=2 is the second --socket-count" },
	{ "-c 0", "--socket-count=0 is not a number from 1 to 256" },
	{ "-c 257", "--socket-count=257 is not a number from 1 to 256" },
	{ "-c -1", "--socket-count=-1 is not a number from 1 to 256" },
	{ "-c 1x", "--socket-count=1x is not a number from 1 to 256" },
	{ "--socket-count=", "--socket-count= is not a number from 1 to 256" },
	{ "--device=", "--device=: the path is empty" },
	{ "-s v -l d -l d",
	  "guest 0: device=d: is the same device as device=d (d)" },
	{ "-s v -l d,exclusive=yes -c 2",
	  "guest 1: device=d is shared with guest 0, but is exclusive" },
	{ "-g socket=a", "--guest=socket=a: device=PATH is missing" },
	{ "-g socket=a,device=d -g socket=a,device=d,name=b",
	  "guest b: socket=a is guest a's already" },
	{ "-g socket=a,device=d -g socket=a,device=e",
	  "guest a: socket=a is guest a's already" },
	{ "-s v -l d -g socket=w,device=d,cs=nor",
	  "guest 0: device=d is shared with guest w, but has another cs=" },
	{ "-s v -l d -g socket=v0,device=e",
	  "guest 0: socket=v0 is guest v0's already" },
	{ "-s v -l d -g socket=w,device=e,name=0",
	  "guest 0: name=0 is guest 0's already" },
	{ "-g socket=w,device=e -s v", "--device=SPEC is missing" },
	{ "-f /nowhere/conf",
	  "--config=/nowhere/conf: No such file or directory" },
	{ "-f /", "--config=/: Is a directory" },
	{ "-f /dev/zero", "--config=/dev/zero: is not a configuration file" },
	{ "--poll=1001",
	  "--poll=1001 is not a number of microseconds, 0..1000" },
	{ "--poll=", "--poll= is not a number of microseconds, 0..1000" },
	{ "--socket-mode=0", "--socket-mode=0 is not a mode, as 0660" },
	{ "--socket-mode=1000", "--socket-mode=1000 is not a mode, as 0660" },
	{ "--socket-mode=rw", "--socket-mode=rw is not a mode, as 0660" },
	{ "--socket-group=no-such-group",
	  "--socket-group=no-such-group is not a group" },
	{ "--socket-mode=600 --socket-mode=660",
	  "--socket-mode=660 is the second --socket-mode" },
	{ "-f a -f b", "--config=b is the second --config" },
	{ "-s v -l d -l sim:nor,size=3M",
	  "--device=sim:nor,size=3M: "
	  "size=3M is not a power of two from 64K to 256M" },
};

TEST(a_mistake_is_told_in_one_line)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct options options;
		char error[700] = "";

		assert_true(parse_line(mistakes[i].line, &options, error,
				       sizeof(error)) < 0);
		assert_string_equal(error, mistakes[i].error);
		assert_null(options.guests);
	}
}

static int parse_path_of(size_t len, const char *rest, char *error,
			 size_t error_size)
{
	char line[300] = "-s ";
	struct options options;
	int ret;

	memset(line + 3, 'p', len);
	line[3 + len] = '\0';
	strcat(line, rest);
	ret = parse_line(line, &options, error, error_size);
	options_free(&options);
	return ret;
}

TEST(a_socket_path_must_fit_with_its_highest_number)
{
	static const struct {
		size_t len;
		const char *rest;
		int ret;
	} cases[] = {
		{ 106, " -l d", OPTIONS_RUN },
		{ 107, " -l d", -EINVAL },
		{ 106, " -l d -c 10", OPTIONS_RUN },
		{ 106, " -l d -c 11", -EINVAL },
		{ 105, " -l d -c 100", OPTIONS_RUN },
		{ 105, " -l d -c 101", -EINVAL },
		{ 104, " -c 256 -l d", OPTIONS_RUN },
	};
	char error[700];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse_path_of(cases[i].len, cases[i].rest,
					       error, sizeof(error)),
				 cases[i].ret);
}

TEST(a_long_socket_path_is_told_with_the_limit)
{
	char error[700];

	assert_int_equal(parse_path_of(107, " -l d", error, sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, "--socket-path=ppp"));
	assert_non_null(strstr(error, "108 bytes, more than the 107 that fit"));
}

TEST(help_lines_fit_a_terminal)
{
	size_t width;

	for (const char *line = options_help; *line; line += width + 1) {
		width = strcspn(line, "\n");
		assert_in_range(width, 0, 80);
		assert_int_equal(line[width], '\n');
		assert_false(width && line[width - 1] == ' ');
	}
}

TEST(help_has_every_key)
{
	struct device_spec spec;
	char error[256];
	char line[64];
	char *keys, *key;

	device_spec_parse("sim:nor,?=", &spec, error, sizeof(error));
	keys = strstr(error, "has: ");
	assert_non_null(keys);
	keys += strlen("has: ");
	while ((key = strsep(&keys, ","))) {
		snprintf(line, sizeof(line), "\n  %s=", key + (*key == ' '));
		if (!strstr(options_help, line))
			fail_msg("--help lacks %s", key);
	}
}

TEST_MAIN(NULL, NULL)
