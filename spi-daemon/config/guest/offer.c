/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/config/guest/offer.h"

/* docs/protocol.md has the reasons; without them nothing belongs here. */
static const char *const by_default[] = {
	/* of virtio: the guest takes all that its driver knows */
	"indirect-desc",
	"event-idx",
	"log-all",
	/* of vhost-user: no guest sees them, the front end chooses */
	"mq",
	"log-shmfd",
	"reply-ack",
	"backend-req",
	"config",
	"inflight-shmfd",
	"reset-device",
	"mem-slots",
	"status",
	"device-state",
};

/* A feature, and one that it does not work without */
static const struct {
	const char *feature, *needs;
} needs[] = {
	{ "access-platform", "backend-req" },
	{ "access-platform", "reply-ack" }, /* says QEMU */
};

static struct vhost_feature_set named(const char *name)
{
	struct vhost_feature_set set = { 0 };

	vhost_feature_find(name, &set);
	return set;
}

static void add(struct vhost_feature_set *set,
		const struct vhost_feature_set *more)
{
	set->features |= more->features;
	set->protocol |= more->protocol;
}

static void take(struct vhost_feature_set *set,
		 const struct vhost_feature_set *less)
{
	set->features &= ~less->features;
	set->protocol &= ~less->protocol;
}

static bool has(const struct vhost_feature_set *set, const char *name)
{
	struct vhost_feature_set one = named(name);

	return (set->features & one.features) || (set->protocol & one.protocol);
}

int offer_add_names(struct vhost_feature_set *set, const char *names, char *bad,
		    size_t bad_size)
{
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");

		snprintf(bad, bad_size, "%.*s", (int)len, at);
		if (len >= bad_size || !vhost_feature_find(bad, set))
			return -EINVAL;
		at += len;
		if (!*at)
			return 0;
	}
}

const char *offer_contradiction(const struct offer *offer)
{
	const char *name;

	for (unsigned int i = 0; (name = vhost_feature_name(i)); i++) {
		if (has(&offer->with, name) && has(&offer->without, name))
			return name;
	}
	return NULL;
}

void offer_inherit(struct offer *offer, const struct offer *all)
{
	struct offer inherited = *all;

	take(&inherited.with, &offer->without);
	take(&inherited.without, &offer->with);
	add(&offer->with, &inherited.with);
	add(&offer->without, &inherited.without);
}

struct vhost_feature_set offer_features(const struct offer *offer)
{
	const struct vhost_feature_set indirect = named("indirect-desc");
	struct vhost_feature_set set = offer->with;

	for (size_t i = 0; i < sizeof(by_default) / sizeof(*by_default); i++)
		vhost_feature_find(by_default[i], &set);
	take(&set, &offer->without);
	/*
	 * Linux makes a packed, indirect buffer available before it notes
	 * whose buffer it is. A driver without a lock, as spi-virtio, then
	 * may not know a buffer that is used early, and gives up its ring.
	 */
	if (has(&set, "ring-packed") && !has(&offer->with, "indirect-desc"))
		take(&set, &indirect);
	return set;
}

int offer_check(const struct offer *offer, char *error, size_t error_size)
{
	struct vhost_feature_set set = offer_features(offer);

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		if (!has(&set, needs[i].feature) || has(&set, needs[i].needs))
			continue;
		snprintf(error, error_size, "%s cannot be offered without %s",
			 needs[i].feature, needs[i].needs);
		return -EINVAL;
	}
	return 0;
}

bool offer_equal(const struct offer *a, const struct offer *b)
{
	struct vhost_feature_set ours = offer_features(a);
	struct vhost_feature_set theirs = offer_features(b);

	return ours.features == theirs.features &&
	       ours.protocol == theirs.protocol;
}
