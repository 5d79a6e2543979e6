/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Copies of tables' files, behind a text that is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spi-daemon/framing/table/table_copy.h"
#include "tests/lib/test.h"

/* Returns a file with @len bytes of @text, which is in use. */
static int open_copies(const char *text, size_t len)
{
	int fd = memfd_create("copies", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	table_copy_use(fd);
	return fd;
}

static void close_copies(int fd)
{
	table_copy_use(-1);
	close(fd);
}

static void expect(const char *file, const char *text)
{
	char *found;
	size_t len;

	assert_int_equal(table_copy_find(file, &found, &len), !!text);
	if (!text)
		return;
	assert_int_equal(len, strlen(text));
	assert_memory_equal(found, text, len);
	free(found);
}

TEST(what_was_added_is_found)
{
	int fd = open_copies("text", 4);

	expect("a", NULL);
	table_copy_add("a", "of a", 4);
	table_copy_add("", "of nothing", 10);
	table_copy_add("b", "", 0);
	expect("a", "of a");
	expect("", "of nothing");
	expect("b", "");
	expect("text", NULL);
	close_copies(fd);
}

TEST(text_before_may_be_empty)
{
	int fd = open_copies("", 0);

	expect("a", NULL);
	table_copy_add("a", "of a", 4);
	expect("a", "of a");
	close_copies(fd);
}

TEST(nothing_is_kept_without_a_place_for_it)
{
	table_copy_use(-1);
	table_copy_add("a", "of a", 4);
	expect("a", NULL);
}

/* Of a process that was killed while it wrote */
TEST(half_a_copy_is_none)
{
	char copy[] = "\0a\0----of a"
		      "b\0----of b";
	const uint32_t text_len = 4;

	memcpy(copy + 3, &text_len, sizeof(text_len));
	memcpy(copy + 13, &text_len, sizeof(text_len));
	for (size_t len = 0; len < sizeof(copy); len++) {
		int fd = open_copies(copy, len);

		expect("a", len < 11 ? NULL : "of a");
		expect("b", len < sizeof(copy) - 1 ? NULL : "of b");
		table_copy_add("c", "of c", 4);
		expect("c", "of c");
		close_copies(fd);
	}
}

TEST_MAIN(NULL, NULL)
