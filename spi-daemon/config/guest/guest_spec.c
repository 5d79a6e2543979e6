/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/config/key/access_key.h"
#include "spi-daemon/config/key/trace_name.h"

const struct guest_spec guest_spec_default = {
	.weight = 1,
	.access = { .group = GUEST_ANY_GROUP,
		    .peers = { GUEST_ANY_USER, GUEST_ANY_GROUP } },
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
	char *rest = trace_name_drop(text), *longer;
	int len = rest ? asprintf(&longer, "%s%s\n", list->text, rest) : -1;

	free(rest);
	if (len < 0)
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

static int too_long(const struct parser *p, const char *key, const char *value)
{
	return mistake(p, "%s=%.200s: is %zu bytes, more than the %zu that fit",
		       key, value, strlen(value), GUEST_SOCKET_MAX);
}

static int second_source(const struct parser *p, const char *key,
			 const char *value)
{
	return mistake(p,
		       "%s=%.100s: it has a socket=, fd= or connect= already",
		       key, value);
}

static int parse_socket(struct parser *p, const char *value)
{
	if (strlen(value) > GUEST_SOCKET_MAX)
		return too_long(p, "socket", value);
	return set_once(p, &p->spec->socket, "socket", value);
}

static int parse_fd(struct parser *p, const char *value)
{
	int ret;

	if (p->spec->socket)
		return second_source(p, "fd", value);
	ret = guest_spec_set_fd(p->spec, value);
	return ret == -EINVAL ? mistake(p,
					"fd=%.100s is not a number from 3 to "
					"%d, or a name",
					value, GUEST_FD_MAX)
			      : ret;
}

static int parse_connect(struct parser *p, const char *value)
{
	int ret;

	if (p->spec->socket)
		return second_source(p, "connect", value);
	ret = guest_spec_set_connect(p->spec, value);
	return ret == -EINVAL ? too_long(p, "connect", value) : ret;
}

static int parse_name(struct parser *p, const char *value)
{
	if (!guest_spec_is_name(value))
		return mistake(p,
			       "name=%.64s is not 1 to %d letters, digits, "
			       "dots, dashes and underscores",
			       value, GUEST_NAME_MAX);
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
	if (access_key_mode(value, &p->spec->access.mode))
		return mistake(p, "socket-mode=%.64s is not a mode, as 0660",
			       value);
	return 0;
}

static int parse_socket_group(struct parser *p, const char *value)
{
	if (access_key_group(value, &p->spec->access.group))
		return mistake(p, "socket-group=%.64s is not a group", value);
	return 0;
}

static int parse_peer_uid(struct parser *p, const char *value)
{
	if (access_key_user(value, &p->spec->access.peers.uid))
		return mistake(p, "peer-uid=%.64s is not a user", value);
	return 0;
}

static int parse_peer_gid(struct parser *p, const char *value)
{
	if (access_key_group(value, &p->spec->access.peers.gid))
		return mistake(p, "peer-gid=%.64s is not a group", value);
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
	{ "fd", parse_fd, false },
	{ "connect", parse_connect, false },
	{ "device", parse_device, false },
	{ "name", parse_name, false },
	{ "weight", parse_weight, false },
	{ "poll", parse_poll, false },
	{ "with", parse_with, true },
	{ "without", parse_without, true },
	{ "socket-mode", parse_socket_mode, false },
	{ "socket-group", parse_socket_group, false },
	{ "peer-uid", parse_peer_uid, false },
	{ "peer-gid", parse_peer_gid, false },
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
		spec->name = guest_spec_own_name(spec, spec->socket);
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
	free(spec->alias);
	device_list_put(spec->devices);
	memset(spec, 0, sizeof(*spec));
}

/* The words are the same; what they name may not be: a file has changed. */
static bool has_same_tables(const struct device_list *a,
			    const struct device_list *b)
{
	for (unsigned int i = 0; i < a->count; i++)
		if (!cs_table_equal(a->specs[i].table, b->specs[i].table))
			return false;
	return true;
}

bool guest_spec_equal(const struct guest_spec *a, const struct guest_spec *b)
{
	return !strcmp(a->name, b->name) && a->origin == b->origin &&
	       !strcmp(a->socket, b->socket) &&
	       !strcmp(a->devices->text, b->devices->text) &&
	       has_same_tables(a->devices, b->devices) &&
	       a->weight == b->weight && a->replay == b->replay &&
	       a->poll_us == b->poll_us && a->access.mode == b->access.mode &&
	       a->access.group == b->access.group &&
	       a->access.peers.uid == b->access.peers.uid &&
	       a->access.peers.gid == b->access.peers.gid &&
	       offer_equal(&a->offer, &b->offer);
}
