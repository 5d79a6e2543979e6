/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/guest_check.h"

/* A name, a socket or a chip of a guest. The tree is sorted by ->key. */
struct claim {
	char *key;
	const struct guest_spec *guest;
	const struct device_spec *device; /* NULL: a name or a socket */
};

struct checker {
	void *claims; /* the tree of tsearch(3) */
	char *error;
	size_t error_size;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct claim *)a)->key,
		      ((const struct claim *)b)->key);
}

static void free_claim(void *node)
{
	struct claim *claim = node;

	free(claim->key);
	free(claim);
}

/*
 * Adds a claim to @key, unless there is one. Stores the claim of the first
 * guest that has @key in @first. Returns 0 or -ENOMEM.
 */
static int add_claim(struct checker *c, const char *key,
		     const struct guest_spec *guest,
		     const struct device_spec *device,
		     const struct claim **first)
{
	struct claim *claim = calloc(1, sizeof(*claim));
	struct claim **node = NULL;

	if (claim) {
		claim->key = strdup(key);
		claim->guest = guest;
		claim->device = device;
		if (claim->key)
			node = tsearch(claim, &c->claims, compare);
	}
	if (node)
		*first = *node;
	if (claim && (!node || *node != claim))
		free_claim(claim);
	return node ? 0 : -ENOMEM;
}

/* Checks that no other guest has the name or the socket @value. */
static int check_own(struct checker *c, const struct guest_spec *guest,
		     const char *what, const char *value)
{
	const struct claim *first;
	char key[PATH_MAX];
	int ret;

	snprintf(key, sizeof(key), "%s %s", what, value);
	ret = add_claim(c, key, guest, NULL, &first);
	if (ret || first->guest == guest)
		return ret;
	snprintf(c->error, c->error_size,
		 "guest %.100s: %s=%.200s is guest %.100s's already",
		 guest->name, what, value, first->guest->name);
	return -EINVAL;
}

static int check_chip(struct checker *c, const struct guest_spec *guest,
		      unsigned int index)
{
	const struct device_spec *device = &guest->devices->specs[index];
	const struct claim *first;
	char key[PATH_MAX + 16] = "chip ";
	const char *why;
	size_t len = strlen(key);
	int ret;

	device_spec_key(device, guest->devices->owner, index, key + len,
			sizeof(key) - len);
	ret = add_claim(c, key, guest, device, &first);
	if (ret || (first->guest == guest && first->device == device))
		return ret;
	if (first->guest == guest) {
		snprintf(c->error, c->error_size,
			 "guest %.100s: device=%.100s: is the same device as "
			 "device=%.100s (%.200s)",
			 guest->name, device->path, first->device->path,
			 key + len);
		return -EINVAL;
	}
	why = device_spec_conflict(device, first->device);
	if (!why)
		return 0;
	snprintf(c->error, c->error_size,
		 "guest %.100s: device=%.100s is shared with guest %.100s, "
		 "but %s",
		 guest->name, device->path, first->guest->name, why);
	return -EINVAL;
}

int guest_check(const struct guest_spec *guests, unsigned int count,
		char *error, size_t error_size)
{
	struct checker c = { .error = error, .error_size = error_size };
	int ret = 0;

	for (unsigned int i = 0; !ret && i < count; i++) {
		const struct guest_spec *guest = &guests[i];

		/* A guest without name= is called by its socket. */
		ret = check_own(&c, guest, "socket", guest->socket);
		if (!ret)
			ret = check_own(&c, guest, "name", guest->name);
		for (unsigned int j = 0; !ret && j < guest->devices->count; j++)
			ret = check_chip(&c, guest, j);
	}
	tdestroy(c.claims, free_claim);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
	return ret;
}
