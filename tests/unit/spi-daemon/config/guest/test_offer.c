/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "spi-daemon/config/guest/offer.h"
#include "tests/lib/test.h"

#define DEFAULT_PROTOCOL                                            \
	"mq,log-shmfd,reply-ack,backend-req,config,inflight-shmfd," \
	"reset-device,mem-slots,status,device-state"
#define DEFAULTS "indirect-desc,event-idx,log-all," DEFAULT_PROTOCOL

static struct vhost_feature_set set_of(const char *names)
{
	struct vhost_feature_set set = { 0 };
	char bad[32];

	if (names && offer_add_names(&set, names, bad, sizeof(bad)))
		fail_msg("no feature: %s", bad);
	return set;
}

static struct offer offer_of(const char *with, const char *without)
{
	return (struct offer){ set_of(with), set_of(without) };
}

static void expect(const struct offer *offer, const char *names)
{
	struct vhost_feature_set got = offer_features(offer);
	struct vhost_feature_set wanted = set_of(names);

	assert_true(got.features == wanted.features);
	assert_true(got.protocol == wanted.protocol);
}

TEST(features_are_the_default_with_and_without_the_named)
{
	static const struct {
		const char *with, *without, *features;
	} cases[] = {
		{ NULL, NULL, DEFAULTS },
		/* What is so already changes nothing. */
		{ "event-idx,mq", "ring-packed,in-order", DEFAULTS },
		{ "indirect-desc", NULL, DEFAULTS },
		{ "in-order", NULL, DEFAULTS ",in-order" },
		{ "access-platform", NULL, DEFAULTS ",access-platform" },
		{ "order-platform,notify-on-empty,any-layout", NULL,
		  DEFAULTS ",order-platform,notify-on-empty,any-layout" },
		{ NULL, "indirect-desc,event-idx,log-all", DEFAULT_PROTOCOL },
		{ NULL, DEFAULT_PROTOCOL, "indirect-desc,event-idx,log-all" },
		/* Packed rings have no indirect descriptors, */
		{ "ring-packed,in-order", NULL,
		  "event-idx,log-all,ring-packed,in-order," DEFAULT_PROTOCOL },
		/* but if both are named. */
		{ "ring-packed,indirect-desc", NULL, DEFAULTS ",ring-packed" },
		{ "indirect-desc,in-order,ring-packed", NULL,
		  DEFAULTS ",ring-packed,in-order" },
		{ "ring-packed", "event-idx",
		  "log-all,ring-packed," DEFAULT_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct offer offer = offer_of(cases[i].with, cases[i].without);

		assert_null(offer_contradiction(&offer));
		expect(&offer, cases[i].features);
	}
}

TEST(every_feature_can_be_switched_on_and_off)
{
	const char *name;

	for (unsigned int i = 0; (name = vhost_feature_name(i)); i++) {
		struct vhost_feature_set one = set_of(name);
		struct offer on = offer_of(name, NULL);
		struct offer off = offer_of(NULL, name);
		struct vhost_feature_set with = offer_features(&on);
		struct vhost_feature_set without = offer_features(&off);

		assert_true((with.features & one.features) == one.features);
		assert_true((with.protocol & one.protocol) == one.protocol);
		assert_false(without.features & one.features);
		assert_false(without.protocol & one.protocol);
	}
}

TEST(name_that_is_none_is_told)
{
	static const struct {
		const char *names, *bad;
	} cases[] = {
		{ "", "" },
		{ "packed", "packed" },
		{ "mq,", "" },
		{ "mq,,status", "" },
		{ "mq, status", " status" },
		{ "MQ", "MQ" },
		{ "ring-packe", "ring-packe" },
		{ "ring-packedx", "ring-packedx" },
		{ "a-name-that-is-longer-than-any-feature", "a-name-that-is-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vhost_feature_set set = { 0 };
		char bad[16];

		assert_int_equal(
			offer_add_names(&set, cases[i].names, bad, sizeof(bad)),
			-EINVAL);
		assert_string_equal(bad, cases[i].bad);
	}
}

TEST(feature_in_both_is_a_contradiction)
{
	const char *name;

	for (unsigned int i = 0; (name = vhost_feature_name(i)); i++) {
		struct offer offer = offer_of(name, name);

		assert_string_equal(offer_contradiction(&offer), name);
	}
}

TEST(guests_own_word_takes_precedence)
{
	static const struct {
		const char *with, *without, *all_with, *all_without, *features;
	} cases[] = {
		{ NULL, NULL, "in-order", "log-all,mq",
		  "indirect-desc,event-idx,in-order,log-shmfd,reply-ack,"
		  "backend-req,config,inflight-shmfd,reset-device,mem-slots,"
		  "status,device-state" },
		{ "mq", "in-order", "in-order", "mq", DEFAULTS },
		{ "in-order", NULL, NULL, "in-order", DEFAULTS ",in-order" },
		{ NULL, "ring-packed", "ring-packed,indirect-desc", NULL,
		  DEFAULTS },
		{ "indirect-desc", NULL, "ring-packed", NULL,
		  DEFAULTS ",ring-packed" },
		{ "ring-packed", "indirect-desc", "indirect-desc", NULL,
		  "event-idx,log-all,ring-packed," DEFAULT_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct offer offer = offer_of(cases[i].with, cases[i].without);
		struct offer all =
			offer_of(cases[i].all_with, cases[i].all_without);

		offer_inherit(&offer, &all);
		assert_null(offer_contradiction(&offer));
		expect(&offer, cases[i].features);
	}
}

TEST(feature_without_what_it_needs_is_a_mistake)
{
	static const struct {
		const char *with, *without, *error;
	} cases[] = {
		{ NULL, "backend-req,reply-ack", "" },
		{ "access-platform", "status", "" },
		{ "access-platform", "backend-req",
		  "access-platform cannot be offered without backend-req" },
		{ "access-platform", "reply-ack",
		  "access-platform cannot be offered without reply-ack" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct offer offer = offer_of(cases[i].with, cases[i].without);
		char error[128] = "";

		assert_int_equal(offer_check(&offer, error, sizeof(error)),
				 *cases[i].error ? -EINVAL : 0);
		assert_string_equal(error, cases[i].error);
	}
}

TEST(offers_are_equal_when_their_features_are)
{
	struct offer none = { 0 };
	struct offer same = offer_of("mq", "in-order");
	struct offer other = offer_of("in-order", NULL);
	struct offer protocol = offer_of(NULL, "status");

	assert_true(offer_equal(&none, &same));
	assert_false(offer_equal(&none, &other));
	assert_false(offer_equal(&none, &protocol));
}

TEST_MAIN(NULL, NULL)
