/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/stats/prom.h"
#include "tests/lib/stats/prom_text.h"
#include "tests/lib/test.h"

struct output {
	FILE *file;
	char *text;
	size_t size;
};

static int setup(void **state)
{
	struct output *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->file = open_memstream(&o->text, &o->size);
	assert_non_null(o->file);
	*state = o;
	return 0;
}

static int teardown(void **state)
{
	struct output *o = *state;

	fclose(o->file);
	free(o->text);
	free(o);
	return 0;
}

static void check(struct output *o, const char *text)
{
	fflush(o->file);
	assert_string_equal(o->text, text);
}

TEST_WITH(family_is_help_and_type, struct output *o)
{
	prom_family(o->file, "a_total", "counter", "Some help.");
	check(o, "# HELP a_total Some help.\n# TYPE a_total counter\n");
}

TEST_WITH(labels_are_put_together, struct output *o)
{
	prom_number(o->file, "a", "", "", 1);
	prom_number(o->file, "a", "x=\"1\"", "", 2);
	prom_number(o->file, "a", "", "y=\"2\"", 3);
	prom_number(o->file, "a", "x=\"1\"", "y=\"2\"", UINT64_MAX);
	check(o, "a 1\na{x=\"1\"} 2\na{y=\"2\"} 3\n"
		 "a{x=\"1\",y=\"2\"} 18446744073709551615\n");
}

TEST_WITH(ns_come_out_as_seconds, struct output *o)
{
	prom_seconds(o->file, "a", "", "", 0);
	prom_seconds(o->file, "a", "", "", 1);
	prom_seconds(o->file, "a", "x=\"1\"", "", 12345678901);
	prom_seconds(o->file, "a", "", "", UINT64_MAX);
	check(o, "a 0.000000000\na 0.000000001\na{x=\"1\"} 12.345678901\n"
		 "a 18446744073.709551615\n");
}

static void check_label(const char *value, const char *label)
{
	char *text = prom_label("guest", value);

	assert_string_equal(text, label);
	free(text);
}

TEST(label_values_are_escaped)
{
	check_label("", "guest=\"\"");
	check_label("a b,{}=#~", "guest=\"a b,{}=#~\"");
	check_label("\"\\", "guest=\"\\\"\\\\\"");
	check_label("\n\t\x7f", "guest=\"\\\\x0a\\\\x09\\\\x7f\"");
	/* Valid UTF-8 or not */
	check_label("\xc3\xa4\xff", "guest=\"\\\\xc3\\\\xa4\\\\xff\"");
}

/* Every byte is escaped as the format says. */
TEST_WITH(any_label_value_can_be_read, struct output *o)
{
	char value[256], *label;

	for (unsigned int i = 0; i < 255; i++)
		value[i] = (char)(i + 1);
	value[255] = '\0';
	label = prom_label("guest", value);
	prom_family(o->file, "a_total", "counter", "Some help.");
	prom_number(o->file, "a_total", label, "", 7);
	free(label);
	fflush(o->file);
	prom_text_check(o->text);
}

TEST_MAIN(setup, teardown)
