/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/stats/prom_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAMILIES_MAX 64
#define SAMPLES_MAX  20000
#define NAME_MAX_LEN 128

enum type {
	COUNTER,
	GAUGE,
	HISTOGRAM,
	SUMMARY,
};

struct reader {
	const char *line;
	char family[NAME_MAX_LEN]; /* whose samples come now */
	enum type type;
	char seen[FAMILIES_MAX][NAME_MAX_LEN];
	unsigned int families;
	const char *samples[SAMPLES_MAX]; /* where they begin */
	unsigned int sample_count;
	double bucket;	   /* the last of the histogram at hand, */
	bool has_infinity; /* and that was the one of +Inf */
};

static void wrong(const struct reader *r, const char *why)
{
	fail_msg("%s: %.*s", why, (int)strcspn(r->line, "\n"), r->line);
}

static bool is_name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* Reads a name of a metric or a label; returns what is behind it. */
static const char *read_name(const struct reader *r, const char *at, char *name)
{
	size_t len = 0;

	while (is_name_char(at[len], !len))
		len++;
	if (!len || len >= NAME_MAX_LEN)
		wrong(r, "no name");
	memcpy(name, at, len);
	name[len] = '\0';
	return at + len;
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len > end && !strcmp(name + len - end, suffix);
}

static const char *expect(const struct reader *r, const char *at,
			  const char *text)
{
	if (strncmp(at, text, strlen(text)) != 0)
		wrong(r, text);
	return at + strlen(text);
}

static void check_histogram_end(const struct reader *r)
{
	if (r->sample_count && r->type == HISTOGRAM && !r->has_infinity)
		wrong(r, "a histogram without +Inf before this");
}

/* The HELP line. */
static void begin_family(struct reader *r)
{
	const char *at = expect(r, r->line, "# HELP ");

	at = read_name(r, at, r->family);
	at = expect(r, at, " ");
	if (*at == '\n' || memchr(at, '\\', strcspn(at, "\n")))
		wrong(r, "help");
	for (unsigned int i = 0; i < r->families; i++)
		if (!strcmp(r->seen[i], r->family))
			wrong(r, "a family in two parts");
	assert_true(r->families < FAMILIES_MAX);
	memcpy(r->seen[r->families++], r->family, sizeof(r->family));
}

static void read_type(struct reader *r)
{
	static const char *const types[] = { "counter\n", "gauge\n",
					     "histogram\n", "summary\n" };
	char name[NAME_MAX_LEN];
	const char *at = read_name(r, expect(r, r->line, "# TYPE "), name);

	if (strcmp(name, r->family) != 0)
		wrong(r, "TYPE of another family");
	at = expect(r, at, " ");
	for (unsigned int i = 0; i < 4; i++) {
		if (strncmp(at, types[i], strlen(types[i])) != 0)
			continue;
		r->type = (enum type)i;
		if ((r->type == COUNTER) != ends_with(name, "_total"))
			wrong(r, "counters, and no others, end in _total");
		return;
	}
	wrong(r, "no such type");
}

/* Reads "value"; returns what is behind it. */
static const char *read_label_value(const struct reader *r, const char *at)
{
	at = expect(r, at, "\"");
	for (; *at != '"'; at++) {
		if (*at < ' ' || *at > '~')
			wrong(r, "not printable");
		if (*at == '\\' && !strchr("\\\"n", *++at))
			wrong(r, "no such escape");
	}
	return at + 1;
}

static const char *read_labels(const struct reader *r, const char *at)
{
	char name[NAME_MAX_LEN];

	if (*at != '{')
		return at;
	do {
		at = read_name(r, at + 1, name);
		at = expect(r, at, "=");
		at = read_label_value(r, at);
	} while (*at == ',');
	return expect(r, at, "}");
}

static bool is_sample_of(const struct reader *r, const char *name)
{
	size_t len = strlen(r->family);
	const char *suffix = name + len;

	if (strncmp(name, r->family, len) != 0)
		return false;
	if (r->type == COUNTER || r->type == GAUGE)
		return !*suffix;
	return !strcmp(suffix, "_sum") || !strcmp(suffix, "_count") ||
	       (r->type == HISTOGRAM && !strcmp(suffix, "_bucket"));
}

/* Buckets come in order, each with those before it; +Inf has all. */
static void check_bucket(struct reader *r, const char *name, double value)
{
	size_t len = strcspn(r->line, "\n");

	if (r->type != HISTOGRAM)
		return;
	if (ends_with(name, "_bucket")) {
		if (r->has_infinity)
			r->bucket = 0;
		if (value < r->bucket)
			wrong(r, "less than the bucket before");
		r->bucket = value;
		r->has_infinity = memmem(r->line, len, "le=\"+Inf\"", 9);
	} else if (!r->has_infinity) {
		wrong(r, "no +Inf before it");
	} else if (ends_with(name, "_count") && value != r->bucket) {
		wrong(r, "is not what +Inf has");
	}
}

static void read_sample(struct reader *r)
{
	char name[NAME_MAX_LEN], *end;
	const char *at = read_name(r, r->line, name);
	double value;

	if (!is_sample_of(r, name))
		wrong(r, "is in the wrong family");
	at = expect(r, read_labels(r, at), " ");
	value = strtod(at, &end);
	if (end == at || *end != '\n' || *at == ' ')
		wrong(r, "no value");
	if (value < 0)
		wrong(r, "less than 0");
	check_bucket(r, name, value);
	assert_true(r->sample_count < SAMPLES_MAX);
	r->samples[r->sample_count++] = r->line;
}

/* Their lines up to the values; a sample is no part of another. */
static int compare(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	while (*x == *y && *x != '\n')
		x++, y++;
	return *x - *y;
}

static size_t sample_len(const char *line)
{
	const char *end = strchr(line, '\n');

	while (*end != ' ')
		end--;
	return (size_t)(end - line);
}

static void check_repeated(struct reader *r)
{
	qsort(r->samples, r->sample_count, sizeof(r->samples[0]), compare);
	for (unsigned int i = 1; i < r->sample_count; i++) {
		size_t len = sample_len(r->samples[i]);

		r->line = r->samples[i];
		if (len == sample_len(r->samples[i - 1]) &&
		    !memcmp(r->line, r->samples[i - 1], len))
			wrong(r, "is there twice");
	}
}

void prom_text_check(const char *text)
{
	struct reader *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(*text, '#');
	assert_int_equal(text[strlen(text) - 1], '\n');
	for (r->line = text; *r->line; r->line = strchr(r->line, '\n') + 1) {
		if (*r->line != '#') {
			read_sample(r);
			continue;
		}
		check_histogram_end(r);
		begin_family(r);
		r->line = strchr(r->line, '\n') + 1;
		read_type(r);
		r->bucket = 0;
		r->has_infinity = r->type == HISTOGRAM;
	}
	check_repeated(r);
	free(r);
}

static const char *find(const char *text, const char *sample)
{
	size_t len = strlen(sample);

	while (text && *text) {
		if (!strncmp(text, sample, len) && text[len] == ' ')
			return text + len + 1;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

bool prom_text_has(const char *text, const char *sample)
{
	return find(text, sample);
}

double prom_text_value(const char *text, const char *sample)
{
	const char *value = find(text, sample);

	if (!value)
		fail_msg("there is no %s", sample);
	return strtod(value, NULL);
}
