/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Which features a guest is offered: the default, and what the operator makes
 * of it. A feature that a guest cannot refuse is offered by default only when
 * it helps the guest and the drivers of guests are known to be right with it;
 * docs/protocol.md tells for each feature why it is, or is not.
 */
#ifndef OFFER_H
#define OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "vhost/device.h"

/* What the operator says. All zero: the default. */
struct offer {
	struct vhost_feature_set with;	  /* to be offered */
	struct vhost_feature_set without; /* not to be offered */
};

/*
 * Adds features to @set, by @names with commas between: those that
 * vhost_feature_find() knows. Returns 0; or -EINVAL, with the name that is
 * none in @bad, cut to @bad_size.
 */
int offer_add_names(struct vhost_feature_set *set, const char *names, char *bad,
		    size_t bad_size);

/* Returns the name of a feature in both sets of @offer; or NULL. */
const char *offer_contradiction(const struct offer *offer);

/*
 * Adds to the @offer of one guest what is said of @all guests. What is said of
 * the guest itself takes precedence.
 */
void offer_inherit(struct offer *offer, const struct offer *all);

/*
 * Checks an @offer without a contradiction. Returns 0; or -EINVAL with one
 * line in @error if a feature lacks another that it needs.
 */
int offer_check(const struct offer *offer, char *error, size_t error_size);

/*
 * Returns the features to offer. Packed rings are offered without indirect
 * descriptors, unless @offer names both.
 */
struct vhost_feature_set offer_features(const struct offer *offer);

/* Returns true if both make the same features. */
bool offer_equal(const struct offer *a, const struct offer *b);

#endif
