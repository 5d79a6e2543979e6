/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/spidev/trace.h"

#include <linux/spi/spidev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 0) : 0;
}

static bool has_bytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at && at[strlen(key)] != ']';
}

/* @text is what stands behind the event's name. False: nothing to keep. */
static bool parse_event(struct trace *trace, struct trace_event *event,
			const char *name, const char *text)
{
	bool select = !!strstr(text, " activate");

	event->len = number_after(text, " len=");
	event->tx = has_bytes(text, "tx=[");
	event->rx = has_bytes(text, "rx=[");
	if (!strcmp(name, "spi_set_cs")) {
		/* The kernel repeats itself; only a change is an edge. */
		if (select == trace->selected)
			return false;
		trace->selected = select;
		event->kind = select ? TRACE_SELECT : TRACE_RELEASE;
	} else if (!strcmp(name, "spi_transfer_start")) {
		event->kind = TRACE_START;
	} else if (!strcmp(name, "spi_transfer_stop")) {
		event->kind = TRACE_STOP;
	} else if (!strcmp(name, "spi_setup")) {
		event->kind = TRACE_SETUP;
		event->mode = number_after(text, "setup mode ");
		event->lsb_first = !!strstr(text, " lsb,");
	} else if (!strcmp(name, "spi_message_start")) {
		event->kind = TRACE_MESSAGE;
	} else {
		return false;
	}
	return true;
}

static bool parse_ioctl(struct trace_event *event, const char *text)
{
	event->kind = TRACE_IOCTL;
	event->cmd = number_after(text, " cmd=");
	event->len = number_after(text, " len=");
	event->speed = number_after(text, " speed=");
	event->bits = number_after(text, " bits=");
	/* There are terminals, too. A look at a setting moves nothing. */
	return _IOC_TYPE(event->cmd) == SPI_IOC_MAGIC &&
	       !(_IOC_DIR(event->cmd) & _IOC_READ);
}

static void parse_line(struct trace *trace, const char *line,
		       const char *device)
{
	struct trace_event *event = &trace->events[trace->count];
	unsigned long s, us;
	bool keep = false;
	char name[32];
	int at = 0;

	*event = (struct trace_event){ .kind = TRACE_IOCTL };
	if (sscanf(line, "%lu.%lu: %31[a-z_]: %n", &s, &us, name, &at) != 3 ||
	    !at)
		return;
	event->us = (int64_t)s * 1000000 + (int64_t)us;
	if (!strcmp(name, "spidev_ioctl"))
		keep = parse_ioctl(event, line + at);
	else if (!strncmp(line + at, device, strlen(device)))
		keep = parse_event(trace, event, name,
				   line + at + strlen(device));
	if (keep && trace->count + 1 < TRACE_MAX)
		trace->count++;
}

void trace_parse(struct trace *trace, const char *text, const char *device)
{
	trace->count = 0;
	trace->selected = false;
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		parse_line(trace, line, device);
		text += len + (text[len] == '\n');
	}
}

static void print_event(const struct trace_event *event, char *word,
			size_t size)
{
	switch (event->kind) {
	case TRACE_SELECT:
		snprintf(word, size, "+");
		return;
	case TRACE_RELEASE:
		snprintf(word, size, "-");
		return;
	case TRACE_START:
		if (!event->len)
			snprintf(word, size, "n");
		else
			snprintf(word, size, "%c%u",
				 event->tx && event->rx ? 'd'
				 : event->tx		? 't'
							: 'r',
				 event->len);
		return;
	case TRACE_SETUP:
		snprintf(word, size, "m%u%s", event->mode,
			 event->lsb_first ? "l" : "");
		return;
	default:
		*word = '\0';
	}
}

void trace_wire(const struct trace *trace, char *wire, size_t size)
{
	size_t used = 0;

	*wire = '\0';
	for (unsigned int i = 0; i < trace->count; i++) {
		char word[32];

		print_event(&trace->events[i], word, sizeof(word));
		if (!*word)
			continue;
		used += (size_t)snprintf(wire + used, size - used, "%s%s",
					 used ? " " : "", word);
		if (used >= size)
			return;
	}
}

unsigned int trace_count(const struct trace *trace, enum trace_kind kind)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < trace->count; i++)
		count += trace->events[i].kind == kind;
	return count;
}

const struct trace_event *trace_find(const struct trace *trace,
				     enum trace_kind kind, unsigned int index)
{
	for (unsigned int i = 0; i < trace->count; i++)
		if (trace->events[i].kind == kind && !index--)
			return &trace->events[i];
	return NULL;
}
