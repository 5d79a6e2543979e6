/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Command lines and configuration files, for the tests of options.c */
#ifndef OPTIONS_LINE_H
#define OPTIONS_LINE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/options.h"
#include "tests/lib/test.h"

#define MAX_WORDS 12

/* Parses a command line, without the name of the program, split at blanks. */
static inline int parse_line(const char *line, struct options *options,
			     char *error, size_t error_size)
{
	static char program[] = "vhost-device-spi";
	char *argv[MAX_WORDS + 2] = { program };
	char *copy = strdup(line);
	char *rest = copy;
	int argc = 1;
	int ret;

	assert_non_null(copy);
	while (rest && *rest && argc <= MAX_WORDS)
		argv[argc++] = strsep(&rest, " ");
	ret = options_parse(argc, argv, -1, options, error, error_size);
	free(copy);
	return ret;
}

/* Parses a command line with --config, for a file with the text @text. */
static inline int parse_with_file(const char *line, const char *text,
				  struct options *options, char *error,
				  size_t error_size)
{
	char path[] = "/tmp/test-options-XXXXXX", whole[300];
	int fd = mkstemp(path), ret;
	const char *name;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(whole, sizeof(whole), "-f %s %s", path, line);
	ret = parse_line(whole, options, error, error_size);
	unlink(path);
	/* Tests do not compare the name of the file. */
	name = strstr(error, path);
	if (name)
		memmove(error, name + strlen(path),
			strlen(name + strlen(path)) + 1);
	return ret;
}

#endif
