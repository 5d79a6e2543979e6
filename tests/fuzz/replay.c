/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Linked to a fuzzer NAME: runs it on the files of tests/fuzz/corpus/NAME, in
 * the directory in which the program is started. It is a test that needs no
 * clang.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/test.h"

#define PREFIX	 "replay_" /* of the program's name */
#define FILE_MAX 4096

static void replay(const char *path)
{
	uint8_t *data = malloc(FILE_MAX);
	FILE *file = fopen(path, "re");
	uint8_t *input;
	size_t size;

	assert_non_null(file);
	assert_non_null(data);
	size = fread(data, 1, FILE_MAX, file);
	assert_true(feof(file));
	fclose(file);
	/* One that is no longer, so that sanitizers see its end */
	input = malloc(size);
	assert_true(input || !size);
	memcpy(input, data, size);
	free(data);
	/* Who dies says of what. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
}

TEST(corpus_does_no_harm)
{
	const char *name = program_invocation_short_name + strlen(PREFIX);
	char dir[128], path[512];
	unsigned int count = 0;
	struct dirent *entry;
	DIR *corpus;

	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s", name);
	corpus = opendir(dir);
	assert_non_null(corpus);
	while ((entry = readdir(corpus))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		replay(path);
		count++;
	}
	closedir(corpus);
	assert_true(count > 0);
}

TEST_MAIN(NULL, NULL)
