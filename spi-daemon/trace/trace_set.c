/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/trace/trace_set.h"

static int get(struct trace_set *set, const char *path, struct trace **out,
	       char *error, size_t error_size)
{
	struct trace *trace = set->traces;
	int ret;

	while (trace && strcmp(trace->path, path) != 0)
		trace = trace->next;
	if (!trace) {
		ret = trace_open(path, set->size, &trace, error, error_size);
		if (ret < 0)
			return ret;
		trace->next = set->traces;
		set->traces = trace;
	}
	trace->users++;
	*out = trace;
	return 0;
}

static void put(struct trace_set *set, struct trace *trace)
{
	struct trace **at = &set->traces;

	if (--trace->users)
		return;
	while (*at != trace)
		at = &(*at)->next;
	*at = trace->next;
	trace_close(trace);
}

void trace_set_close(struct trace_set *set)
{
	while (set->all_count)
		put(set, set->all[--set->all_count]);
}

int trace_set_change(struct trace_set *set, char *const *paths,
		     unsigned int count, uint64_t size, char *error,
		     size_t error_size)
{
	const uint64_t old_size = set->size;
	struct trace *all[TRACE_SET_MAX] = { NULL };
	unsigned int found = 0;
	char why[400];
	int ret = 0;

	set->size = size;
	while (!ret && found < count) {
		ret = get(set, paths[found], &all[found], why, sizeof(why));
		if (!ret)
			found++;
	}
	if (ret < 0) {
		snprintf(error, error_size, "--trace=%s", why);
		set->size = old_size;
		while (found)
			put(set, all[--found]);
		return ret;
	}
	trace_set_close(set);
	memcpy(set->all, all, sizeof(set->all));
	set->all_count = found;
	return 0;
}

/* Adds @trace to the @count of @links. Returns 0 or a negative errno. */
static int add_link(struct trace_link *links, unsigned int *count,
		    struct trace *trace, const struct trace_chip *chip)
{
	int number = trace_add_chip(trace, chip);

	if (number < 0)
		return number;
	links[(*count)++] = (struct trace_link){ trace, (uint16_t)number };
	trace->users++;
	return 0;
}

static void drop_links(struct trace_set *set, const struct trace_link *links,
		       unsigned int count)
{
	while (count)
		put(set, links[--count].trace);
}

/* Replaces the links of @tap. */
static void change_links(struct trace_set *set, struct trace_tap *tap,
			 struct spi_device *dev, const struct trace_link *links,
			 unsigned int count)
{
	struct trace_link old[TRACE_TAP_MAX];
	unsigned int old_count = tap->count;

	memcpy(old, tap->links, old_count * sizeof(*old));
	trace_tap_set(tap, dev, links, count);
	drop_links(set, old, old_count);
}

int trace_set_attach(struct trace_set *set, struct trace_tap *tap,
		     struct spi_device *dev, const struct trace_chip *chip,
		     const char *own, char *error, size_t error_size)
{
	struct trace_link links[TRACE_TAP_MAX];
	struct trace *trace = NULL;
	unsigned int count = 0;
	int ret = 0;

	if (own)
		ret = get(set, own, &trace, error, error_size);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; !ret && i < set->all_count; i++)
		if (set->all[i] != trace)
			ret = add_link(links, &count, set->all[i], chip);
	if (!ret && trace)
		ret = add_link(links, &count, trace, chip);
	if (trace)
		put(set, trace);
	if (ret < 0) {
		snprintf(error, error_size, "%.200s: %s", own ? own : "trace",
			 strerror(-ret));
		drop_links(set, links, count);
		return ret;
	}
	change_links(set, tap, dev, links, count);
	return 0;
}

void trace_set_detach(struct trace_set *set, struct trace_tap *tap,
		      struct spi_device *dev)
{
	change_links(set, tap, dev, NULL, 0);
}
