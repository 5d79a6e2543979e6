/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/guest_spec.h"

#define NAME_MAX_LEN 32
#define NAME_CHARS                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789._-"

const struct guest_spec guest_spec_default = {
	.weight = 1,
	.access = { .group = GUEST_ANY_GROUP },
	.poll_us = GUEST_ANY_POLL,
};

struct device_list *device_list_new(const char *owner)
{
	struct device_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->users = 1;
	list->owner = strdup(owner);
	list->text = strdup("");
	if (list->owner && list->text)
		return list;
	device_list_put(list);
	return NULL;
}

void device_list_put(struct device_list *list)
{
	if (!list || --list->users)
		return;
	for (unsigned int i = 0; i < list->count; i++)
		device_spec_free(&list->specs[i]);
	free(list->specs);
	free(list->text);
	free(list->owner);
	free(list);
}

static int append_text(struct device_list *list, const char *text)
{
	char *longer;

	if (asprintf(&longer, "%s%s\n", list->text, text) < 0)
		return -ENOMEM;
	free(list->text);
	list->text = longer;
	return 0;
}

int device_list_add(struct device_list *list, const char *text, char *error,
		    size_t error_size)
{
	struct device_spec *specs;
	char reason[256];
	int ret;

	if (list->count == GUEST_MAX_DEVICES) {
		snprintf(error, error_size,
			 "device=%.200s: there are more than %d devices", text,
			 GUEST_MAX_DEVICES);
		return -EINVAL;
	}
	specs = reallocarray(list->specs, list->count + 1, sizeof(*specs));
	if (!specs)
		return -ENOMEM;
	list->specs = specs;
	ret = append_text(list, text);
	if (ret)
		return ret;
	ret = device_spec_parse(text, &specs[list->count], reason,
				sizeof(reason));
	if (ret)
		snprintf(error, error_size, "device=%.200s: %s", text, reason);
	else
		list->count++;
	return ret;
}

int guest_spec_parse_mode(const char *text, mode_t *mode)
{
	char *end;

	*mode = (mode_t)strtoul(text, &end, 8);
	/* Connecting needs write permission. */
	return text[strspn(text, "01234567")] || !*mode || *mode > 0777
		       ? -EINVAL
		       : 0;
}

int guest_spec_parse_group(const char *text, gid_t *group)
{
	const struct group *found = getgrnam(text);
	const char *problem = NULL;

	*group =
		found ? found->gr_gid
		      : (gid_t)strtonum(text, 0, GUEST_ANY_GROUP - 1, &problem);
	return problem ? -EINVAL : 0;
}

int guest_spec_parse_poll(const char *text, int *poll_us)
{
	const char *problem = NULL;

	*poll_us = (int)strtonum(text, 0, GUEST_POLL_MAX, &problem);
	return problem ? -EINVAL : 0;
}

/* The state of parsing the words of a guest. */
struct parser {
	struct guest_spec *spec;
	bool has_weight;
	char *device; /* the device whose keys are being read; NULL: none */
	const struct key *list; /* the key that takes more values; NULL: none */
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3))) static int
mistake(const struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, p->error_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Adds the device, after all its keys were read. */
static int end_device(struct parser *p)
{
	int ret = 0;

	if (p->device)
		ret = device_list_add(p->spec->devices, p->device, p->error,
				      p->error_size);
	free(p->device);
	p->device = NULL;
	return ret;
}

static int parse_device(struct parser *p, const char *value)
{
	int ret = end_device(p);

	if (ret)
		return ret;
	p->device = strdup(value);
	return p->device ? 0 : -ENOMEM;
}

/* A key that no guest has belongs to the device before it. */
static int add_device_key(struct parser *p, const char *item)
{
	char *longer;

	if (!p->device)
		return mistake(p,
			       "%.64s: is no key of a guest, and there is no "
			       "device= before it",
			       item);
	if (asprintf(&longer, "%s,%s", p->device, item) < 0)
		return -ENOMEM;
	free(p->device);
	p->device = longer;
	return 0;
}

static int set_once(const struct parser *p, char **field, const char *key,
		    const char *value)
{
	if (*field)
		return mistake(p, "%s=%.100s is the second %s=", key, value,
			       key);
	*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static int parse_socket(struct parser *p, const char *value)
{
	if (strlen(value) > GUEST_SOCKET_MAX)
		return mistake(p,
			       "socket=%.200s: is %zu bytes, more than the %zu "
			       "that fit",
			       value, strlen(value), GUEST_SOCKET_MAX);
	return set_once(p, &p->spec->socket, "socket", value);
}

static int parse_name(struct parser *p, const char *value)
{
	if (value[strspn(value, NAME_CHARS)] || strlen(value) > NAME_MAX_LEN)
		return mistake(p,
			       "name=%.64s is not 1 to %d letters, digits, "
			       "dots, dashes and underscores",
			       value, NAME_MAX_LEN);
	return set_once(p, &p->spec->name, "name", value);
}

static int parse_weight(struct parser *p, const char *value)
{
	const char *problem;

	if (p->has_weight)
		return mistake(p, "weight=%.64s is the second weight=", value);
	p->has_weight = true;
	p->spec->weight =
		(unsigned int)strtonum(value, 1, GUEST_WEIGHT_MAX, &problem);
	if (problem)
		return mistake(p, "weight=%.64s is not a number from 1 to %d",
			       value, GUEST_WEIGHT_MAX);
	return 0;
}

static int parse_poll(struct parser *p, const char *value)
{
	if (guest_spec_parse_poll(value, &p->spec->poll_us))
		return mistake(p,
			       "poll=%.64s is not a number of microseconds, "
			       "0..%d",
			       value, GUEST_POLL_MAX);
	return 0;
}

static int parse_socket_mode(struct parser *p, const char *value)
{
	if (guest_spec_parse_mode(value, &p->spec->access.mode))
		return mistake(p, "socket-mode=%.64s is not a mode, as 0660",
			       value);
	return 0;
}

static int parse_socket_group(struct parser *p, const char *value)
{
	if (guest_spec_parse_group(value, &p->spec->access.group))
		return mistake(p, "socket-group=%.64s is not a group", value);
	return 0;
}

static int add_feature(struct parser *p, struct vhost_feature_set *set,
		       const char *key, const char *value)
{
	const char *twice;
	char bad[32];

	if (offer_add_names(set, value, bad, sizeof(bad)))
		return mistake(p, "%s=%.64s: there is no such feature", key,
			       value);
	twice = offer_contradiction(&p->spec->offer);
	if (twice)
		return mistake(p, "with= and without= both name \"%s\"", twice);
	return 0;
}

static int parse_with(struct parser *p, const char *value)
{
	return add_feature(p, &p->spec->offer.with, "with", value);
}

static int parse_without(struct parser *p, const char *value)
{
	return add_feature(p, &p->spec->offer.without, "without", value);
}

static const struct key {
	const char *name;
	int (*parse)(struct parser *p, const char *value);
	bool is_list; /* words without '=' that follow are more values */
} keys[] = {
	{ "socket", parse_socket, false },
	{ "device", parse_device, false },
	{ "name", parse_name, false },
	{ "weight", parse_weight, false },
	{ "poll", parse_poll, false },
	{ "with", parse_with, true },
	{ "without", parse_without, true },
	{ "socket-mode", parse_socket_mode, false },
	{ "socket-group", parse_socket_group, false },
};

static int parse_item(struct parser *p, const char *item)
{
	size_t len = strcspn(item, "=");

	if (!item[len] && p->list)
		return p->list->parse(p, item);
	p->list = NULL;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].name) != len ||
		    strncmp(item, keys[i].name, len) != 0)
			continue;
		if (!item[len] || !item[len + 1])
			return mistake(p, "%.64s has no value", item);
		p->list = keys[i].is_list ? &keys[i] : NULL;
		return keys[i].parse(p, item + len + 1);
	}
	return add_device_key(p, item);
}

/* Checks that need all words to be read. */
static int check_whole(struct parser *p)
{
	struct guest_spec *spec = p->spec;

	if (!spec->socket)
		return mistake(p, "socket=PATH is missing");
	if (!spec->devices->count)
		return mistake(p, "device=PATH is missing");
	if (!spec->name)
		spec->name = strdup(spec->socket);
	free(spec->devices->owner);
	spec->devices->owner = spec->name ? strdup(spec->name) : NULL;
	return spec->devices->owner ? 0 : -ENOMEM;
}

int guest_spec_parse(const char *text, struct guest_spec *spec, char *error,
		     size_t error_size)
{
	struct parser p = {
		.spec = spec,
		.error = error,
		.error_size = error_size,
	};
	char *copy = strdup(text), *rest = copy, *item;
	int ret;

	*spec = guest_spec_default;
	spec->devices = device_list_new("");
	ret = copy && spec->devices ? 0 : -ENOMEM;
	while (!ret && (item = strsep(&rest, ",")))
		ret = parse_item(&p, item);
	if (!ret)
		ret = end_device(&p);
	if (!ret)
		ret = check_whole(&p);
	free(p.device);
	free(copy);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
	if (ret)
		guest_spec_free(spec);
	return ret;
}

void guest_spec_free(struct guest_spec *spec)
{
	free(spec->name);
	free(spec->socket);
	device_list_put(spec->devices);
	memset(spec, 0, sizeof(*spec));
}

bool guest_spec_equal(const struct guest_spec *a, const struct guest_spec *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->socket, b->socket) &&
	       !strcmp(a->devices->text, b->devices->text) &&
	       a->weight == b->weight && a->replay == b->replay &&
	       a->poll_us == b->poll_us && a->access.mode == b->access.mode &&
	       a->access.group == b->access.group &&
	       offer_equal(&a->offer, &b->offer);
}
