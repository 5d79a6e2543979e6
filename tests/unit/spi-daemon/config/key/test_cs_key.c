/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/config/key/cs_key.h"
#include "tests/lib/test.h"

static char path[] = "/tmp/cs-key-XXXXXX";

static void write_table(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_file(void **state)
{
	int fd;

	(void)state;
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	write_table("03 in\n");
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static struct guest_spec parse(const char *keys)
{
	struct guest_spec guest;
	char text[128], error[256];

	snprintf(text, sizeof(text), "socket=s,device=d,cs=table:%s%s", path,
		 keys);
	if (guest_spec_parse(text, &guest, error, sizeof(error)))
		fail_msg("%s", error);
	return guest;
}

TEST(last_framing_counts)
{
	struct device_spec spec = { .path = NULL };
	char error[64];

	assert_int_equal(cs_key(&spec, "nor"), 0);
	assert_int_equal(cs_key(&spec, "spec"), 0);
	assert_int_equal(cs_key_finish(&spec, error, sizeof(error)), 0);
	assert_int_equal(spec.framing, CS_SPEC);
	assert_null(spec.table);
	device_spec_free(&spec);
}

TEST(only_names_are_framings)
{
	static const char *const values[] = {
		"", "NOR", "table", "table:", "nor.table", "tables:x"
	};
	struct device_spec spec = { .path = NULL };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(cs_key(&spec, values[i]), -EINVAL);
}

TEST(mistake_of_a_file_is_that_of_the_device)
{
	struct guest_spec guest;
	char text[128], error[256], want[256];

	write_table("03 in\nread\n");
	snprintf(text, sizeof(text), "socket=s,device=d,cs=table:%s", path);
	assert_int_equal(guest_spec_parse(text, &guest, error, sizeof(error)),
			 -EINVAL);
	snprintf(want, sizeof(want),
		 "device=d,cs=table:%s: %s:2: \"read\" is not two hexadecimal "
		 "digits, or two and a mask, as 03/f7",
		 path, path);
	assert_string_equal(error, want);
	write_table("03 in\n");
}

/* The words of the configuration are the same. */
TEST(file_that_changed_changes_its_guests)
{
	struct guest_spec a = parse(""), same = parse(""), b;

	assert_true(guest_spec_equal(&a, &same));
	write_table("# another text\n03 in\n");
	b = parse("");
	assert_true(guest_spec_equal(&a, &b));
	guest_spec_free(&b);
	write_table("03 in again\n");
	b = parse("");
	assert_false(guest_spec_equal(&a, &b));
	assert_string_equal(device_spec_conflict(&a.devices->specs[0],
						 &b.devices->specs[0]),
			    "has another cs=");
	assert_null(device_spec_conflict(&a.devices->specs[0],
					 &same.devices->specs[0]));
	guest_spec_free(&a);
	guest_spec_free(&same);
	guest_spec_free(&b);
	write_table("03 in\n");
}

TEST(tables_to_copy_from_are_right)
{
	glob_t files = { .gl_pathc = 0 };

	assert_int_equal(glob("docs/chips/*.table", 0, NULL, &files), 0);
	assert_int_equal(glob("spi-daemon/framing/table/*.table", GLOB_APPEND,
			      NULL, &files),
			 0);
	assert_true(files.gl_pathc >= 4);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct cs_table *table;
		char error[256];

		if (cs_table_load(files.gl_pathv[i], &table, error,
				  sizeof(error)))
			fail_msg("%s", error);
		cs_table_free(table);
	}
	globfree(&files);
}

TEST_MAIN(make_file, remove_file)
