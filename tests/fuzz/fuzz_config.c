/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes what an operator writes: words of the command line, a byte 0, and the
 * configuration file, with copies of tables behind it. A mistake is one line;
 * a guest that is accepted is equal to itself.
 */
#include "spi-daemon/config/options.h"
#include "tests/fuzz/fuzz.h"

#define WORDS 12

static void check(const struct options *options)
{
	must(options->guest_count <= OPTIONS_MAX_GUESTS &&
	     options->trace_count <= OPTIONS_MAX_TRACES);
	for (unsigned int i = 0; i < options->guest_count; i++) {
		const struct guest_spec *guest = &options->guests[i];

		must(guest->name && guest->socket &&
		     guest->devices->count >= 1 &&
		     guest->devices->count <= GUEST_MAX_DEVICES &&
		     guest_spec_equal(guest, guest));
	}
}

static int split(char *line, char **argv)
{
	static char program[] = "vhost-device-spi";
	int argc = 0;

	argv[argc++] = program;
	while (line && argc <= WORDS)
		argv[argc++] = strsep(&line, "\n");
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct options options;
	char *argv[WORDS + 2], *line = take_text(&in);
	int copy = memory_file(in.at, in.left, in.left);
	int argc = split(*line ? line : NULL, argv), ret;
	char error[256] = "";

	ret = options_parse(argc, argv, copy, &options, error, sizeof(error));
	if (ret < 0) {
		must(*error && !strchr(error, '\n'));
	} else {
		check(&options);
		options_free(&options);
	}
	close(copy);
	free(line);
	return 0;
}
