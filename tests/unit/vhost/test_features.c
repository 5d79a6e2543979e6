/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

#define TRANSPORT                                                        \
	(BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | BIT(VHOST_F_LOG_ALL) |          \
	 BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_F_INDIRECT_DESC) |        \
	 BIT(VIRTIO_F_EVENT_IDX) | BIT(VHOST_USER_F_PROTOCOL_FEATURES) | \
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) |       \
	 BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_IN_ORDER) |            \
	 BIT(VIRTIO_F_ORDER_PLATFORM))

static void test_offer_is_ours_and_the_devices(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, VHOST_USER_GET_FEATURES, NULL, 0), 8);
	assert_true(f->reply.payload.u64 == TRANSPORT);
	f->device.offered.features |= BIT(3) | BIT(50);
	assert_int_equal(ask(f, VHOST_USER_GET_FEATURES, NULL, 0), 8);
	assert_true(f->reply.payload.u64 == (TRANSPORT | BIT(3) | BIT(50)));
}

static void test_protocol_offer_has_no_bit_that_qemu_gets_wrong(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, VHOST_USER_GET_PROTOCOL_FEATURES, NULL, 0), 8);
	assert_true(f->reply.payload.u64 ==
		    (BIT(VHOST_USER_PROTOCOL_F_MQ) |
		     BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD) |
		     BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
		     BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) |
		     BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
		     BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD) |
		     BIT(VHOST_USER_PROTOCOL_F_RESET_DEVICE) |
		     BIT(VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS) |
		     BIT(VHOST_USER_PROTOCOL_F_STATUS) |
		     BIT(VHOST_USER_PROTOCOL_F_DEVICE_STATE)));
}

static void test_offer_is_what_the_device_says(void **state)
{
	struct fixture *f = *state;

	f->device.offered = (struct vhost_feature_set){ 0 };
	ask(f, VHOST_USER_GET_FEATURES, NULL, 0);
	assert_true(f->reply.payload.u64 ==
		    (BIT(VIRTIO_F_VERSION_1) |
		     BIT(VHOST_USER_F_PROTOCOL_FEATURES)));
	ask(f, VHOST_USER_GET_PROTOCOL_FEATURES, NULL, 0);
	assert_true(f->reply.payload.u64 == 0);

	assert_true(vhost_feature_find("ring-packed", &f->device.offered));
	assert_true(vhost_feature_find("reply-ack", &f->device.offered));
	assert_false(vhost_feature_find("rings", &f->device.offered));
	ask(f, VHOST_USER_GET_FEATURES, NULL, 0);
	assert_true(f->reply.payload.u64 ==
		    (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) |
		     BIT(VHOST_USER_F_PROTOCOL_FEATURES)));
	ask(f, VHOST_USER_GET_PROTOCOL_FEATURES, NULL, 0);
	assert_true(f->reply.payload.u64 ==
		    BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK));
	assert_int_equal(tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES,
				  BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK)),
			 0);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_FEATURES, TRANSPORT), 1);
	assert_int_equal(
		tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES, BIT(3) | BIT(15)),
		1);
}

static void test_every_feature_has_one_name(void **state)
{
	struct vhost_feature_set all = { 0 }, supported;
	const char *name;

	(void)state;
	for (unsigned int i = 0; (name = vhost_feature_name(i)); i++) {
		struct vhost_feature_set one = { 0 };

		assert_true(vhost_feature_find(name, &one));
		assert_int_equal(__builtin_popcountll(one.features) +
					 __builtin_popcountll(one.protocol),
				 1);
		assert_false(all.features & one.features);
		assert_false(all.protocol & one.protocol);
		all.features |= one.features;
		all.protocol |= one.protocol;
	}
	supported = vhost_features_supported();
	assert_true(all.features == supported.features);
	assert_true(all.protocol == supported.protocol);
}

static void test_features_not_offered_are_refused_and_not_kept(void **state)
{
	struct fixture *f = *state;

	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t ours = f->session.features;
		uint64_t protocol = f->session.protocol_features;

		if (!(TRANSPORT & BIT(bit)))
			assert_int_equal(tell_u64(f, VHOST_USER_SET_FEATURES,
						  TRANSPORT | BIT(bit)),
					 1);
		assert_true(f->session.features == ours);
		if (bit == 0 || bit == 1 || bit == 3 || bit == 5 || bit == 9 ||
		    bit == 12 || bit == 13 || bit == 15 || bit == 16 ||
		    bit == 19)
			continue;
		assert_int_equal(tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES,
					  BIT(3) | BIT(bit)),
				 1);
		assert_true(f->session.protocol_features == protocol);
	}
}

static void test_rings_are_born_enabled_without_bit_30(void **state)
{
	struct fixture *f = *state;

	say(f, VHOST_USER_SET_FEATURES, VHOST_USER_VERSION,
	    &(uint64_t){ TRANSPORT }, 8, NULL, 0);
	handle(f);
	for (int i = 0; i < FIXTURE_RINGS; i++)
		assert_false(f->session.rings[i].enabled);
	say(f, VHOST_USER_SET_FEATURES, VHOST_USER_VERSION,
	    &(uint64_t){ BIT(VIRTIO_F_VERSION_1) }, 8, NULL, 0);
	handle(f);
	for (int i = 0; i < FIXTURE_RINGS; i++)
		assert_true(f->session.rings[i].enabled);
}

static void test_features_set_again_leave_rings_as_they_are(void **state)
{
	struct fixture *f = *state;

	tell_state(f, VHOST_USER_SET_VRING_ENABLE, 1, 1);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_FEATURES, TRANSPORT), 0);
	assert_false(f->session.rings[0].enabled);
	assert_true(f->session.rings[1].enabled);
}

static void test_reset_owner_disables_and_quiesces(void **state)
{
	struct fixture *f = *state;
	struct hand_ring ring;
	struct ram ram;

	ram_open(&ram, 0, KIB(16), 0);
	hand_ring_open(&ring, &ram, 4, 0);
	assert_int_equal(tell_mem(f, &ram, 1), 0);
	start_ring(f, 0, &ring, 0, -1);
	tell_state(f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
	tell_state(f, VHOST_USER_SET_VRING_ENABLE, 1, 1);
	assert_int_equal(tell(f, VHOST_USER_RESET_OWNER, NULL, 0, NULL, 0), 0);
	assert_int_equal(f->quiesced[0], 1);
	assert_int_equal(f->quiesced[1], 0);
	assert_false(f->session.rings[0].enabled);
	assert_true(vhost_ring_is_started(&f->session.rings[0]));
	assert_false(f->session.rings[1].enabled);
	ram_close(&ram);
}

static void test_owner_and_queue_count(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tell(f, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
	assert_int_equal(tell(f, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
	assert_int_equal(ask(f, VHOST_USER_GET_QUEUE_NUM, NULL, 0), 8);
	assert_int_equal(f->reply.payload.u64, FIXTURE_RINGS);
}

/* @sent: config bytes in the payload */
static const struct {
	uint32_t offset, size, sent;
	bool ok;
} ranges[] = {
	{ 0, 32, 32, true },
	{ 0, 0, 0, true },
	{ 4, 8, 8, true },
	{ 31, 1, 1, true },
	{ 30, 10, 10, true }, /* over the end of the device's own */
	{ 32, 8, 8, true },
	{ 0, 256, 256, true },
	{ 255, 1, 1, true },
	{ 256, 0, 0, true },
	{ 0, 257, 256, false },
	{ 255, 2, 2, false },
	{ 256, 1, 1, false },
	{ 257, 0, 0, false },
	{ UINT32_MAX, 1, 1, false },
	{ UINT32_MAX, 2, 2, false }, /* the sum wraps */
	{ 1, UINT32_MAX, 8, false },
	{ 0, UINT32_MAX - 11, 0, false }, /* the payload's size wraps */
	{ 0, 32, 31, false },
	{ 0, 32, 33, false },
	{ 0, 32, 0, false },
};

#define RANGES (sizeof(ranges) / sizeof(ranges[0]))

static struct vhost_wire_config range(size_t i)
{
	return (struct vhost_wire_config){
		.offset = ranges[i].offset,
		.size = ranges[i].size,
		.flags = 1,
	};
}

static uint32_t payload_size(size_t i)
{
	return (uint32_t)VHOST_WIRE_CONFIG_HEAD + ranges[i].sent;
}

static void test_config_is_read_in_any_range_padded_with_zeros(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RANGES; i++) {
		struct vhost_wire_config c = range(i);
		const struct vhost_wire_config *got = &f->reply.payload.config;
		uint32_t size =
			ask(f, VHOST_USER_GET_CONFIG, &c, payload_size(i));

		if (!ranges[i].ok) {
			assert_int_equal(size, 0);
			continue;
		}
		assert_int_equal(size, payload_size(i));
		assert_int_equal(got->offset, c.offset);
		assert_int_equal(got->size, c.size);
		assert_int_equal(got->flags, 1);
		for (uint32_t k = 0; k < c.size; k++)
			assert_int_equal(got->data[k],
					 c.offset + k < FIXTURE_CONFIG
						 ? c.offset + k + 1
						 : 0);
	}
}

static void test_config_takes_its_own_values_in_a_migration_only(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RANGES; i++) {
		struct vhost_wire_config c = range(i);

		for (uint32_t k = 0; k < ranges[i].sent && k < sizeof(c.data);
		     k++)
			if (c.offset + k < FIXTURE_CONFIG)
				c.data[k] = f->config[c.offset + k];
		assert_int_equal(tell(f, VHOST_USER_SET_CONFIG, &c,
				      payload_size(i), NULL, 0),
				 !ranges[i].ok);
		c.flags = 0;
		assert_int_equal(tell(f, VHOST_USER_SET_CONFIG, &c,
				      payload_size(i), NULL, 0),
				 1);
		if (!c.size || !ranges[i].ok)
			continue;
		c.flags = 1;
		c.data[c.size - 1] ^= 1;
		assert_int_equal(tell(f, VHOST_USER_SET_CONFIG, &c,
				      payload_size(i), NULL, 0),
				 1);
	}
	assert_int_equal(f->config[0], 1);
}

static void test_status_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, VHOST_USER_GET_STATUS, NULL, 0), 8);
	assert_int_equal(f->reply.payload.u64, 0);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_STATUS, 8), 0);
	assert_int_equal(tell_u64(f, VHOST_USER_SET_STATUS, 256), 1);
	assert_int_equal(ask(f, VHOST_USER_GET_STATUS, NULL, 0), 8);
	assert_int_equal(f->reply.payload.u64, 8);
	assert_int_equal(tell(f, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0), 0);
	assert_int_equal(ask(f, VHOST_USER_GET_STATUS, NULL, 0), 8);
	assert_int_equal(f->reply.payload.u64, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BARE_TEST(test_offer_is_ours_and_the_devices),
		BARE_TEST(test_protocol_offer_has_no_bit_that_qemu_gets_wrong),
		SESSION_TEST(
			test_features_not_offered_are_refused_and_not_kept),
		SESSION_TEST(test_offer_is_what_the_device_says),
		cmocka_unit_test(test_every_feature_has_one_name),
		SESSION_TEST(test_status_is_kept),
		BARE_TEST(test_rings_are_born_enabled_without_bit_30),
		SESSION_TEST(test_features_set_again_leave_rings_as_they_are),
		SESSION_TEST(test_reset_owner_disables_and_quiesces),
		SESSION_TEST(test_owner_and_queue_count),
		SESSION_TEST(
			test_config_is_read_in_any_range_padded_with_zeros),
		SESSION_TEST(
			test_config_takes_its_own_values_in_a_migration_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
