/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The config space and the features, asked for in ways that make no sense. */
#include <errno.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void expect_empty(struct spi_front *front, uint32_t request,
			 const void *payload, uint32_t size)
{
	struct front_reply reply;

	assert_int_equal(
		front_end_ask(&front->fe, request, payload, size, &reply), 0);
	if (reply.header.size != 0)
		fail_msg("request %u, %u bytes: a reply of %u bytes", request,
			 size, reply.header.size);
	rig_check_control(front);
}

/* What has no field reads as zeros; Cloud Hypervisor dies of a refusal. */
TEST_WITH(config_behind_the_fields_is_zeros, struct rig *rig)
{
	static const uint8_t zeros[VHOST_USER_CONFIG_MAX];
	struct spi_front *front = rig_open(rig, 0);
	uint8_t data[VHOST_USER_CONFIG_MAX];

	assert_int_equal(front_get_config(&front->fe, 0, 256, data), 0);
	assert_memory_equal(data + 32, zeros, 256 - 32);
	assert_int_equal(front_get_config(&front->fe, 31, 2, data), 0);
	assert_int_equal(data[1], 0);
}

TEST_WITH(config_out_of_range_gets_an_empty_reply, struct rig *rig)
{
	static const struct {
		uint32_t offset, size;
	} ranges[] = {
		{ 1, 256 },	 { 256, 1 },	    { 257, 4 },
		{ 1u << 31, 4 }, { UINT32_MAX, 1 }, { UINT32_MAX - 3, 8 },
	};
	struct spi_front *front = rig_open(rig, 0);
	uint8_t data[VHOST_USER_CONFIG_MAX];

	for (unsigned int i = 0; i < ARRAY_LEN(ranges); i++) {
		assert_int_equal(front_get_config(&front->fe, ranges[i].offset,
						  ranges[i].size, data),
				 -EREMOTEIO);
		rig_check_control(front);
	}
}

TEST_WITH(config_size_and_payload_differ, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_config config = { .size = 32 };

	expect_empty(front, VHOST_USER_GET_CONFIG, &config,
		     VHOST_WIRE_CONFIG_HEAD + 4);
	config.size = UINT32_MAX;
	expect_empty(front, VHOST_USER_GET_CONFIG, &config,
		     VHOST_WIRE_CONFIG_HEAD + 32);
	config.size = UINT32_MAX - 11;
	expect_empty(front, VHOST_USER_GET_CONFIG, &config,
		     VHOST_WIRE_CONFIG_HEAD);
}

/* All fields are read-only: 5.21.4. */
TEST_WITH(config_writes_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	uint8_t before[32], after[32], ones[32];

	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(front_get_config(&front->fe, 0, 32, before), 0);
	assert_int_equal(front_set_config(&front->fe, 0, 32, ones), -EREMOTEIO);
	assert_int_equal(front_set_config(&front->fe, 4, 1, ones), -EREMOTEIO);
	assert_int_equal(front_set_config(&front->fe, 32, 1, ones), -EREMOTEIO);
	assert_int_equal(front_get_config(&front->fe, 0, 32, after), 0);
	assert_memory_equal(after, before, 32);
}

TEST_WITH(features_that_were_not_offered_are_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct front_end *fe = &front->fe;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (!(fe->features_offered >> bit & 1))
			assert_int_equal(front_end_set_u64(
						 fe, VHOST_USER_SET_FEATURES,
						 fe->features | FRONT_BIT(bit)),
					 -EREMOTEIO);
		if (!(fe->protocol_offered >> bit & 1))
			assert_int_equal(
				front_end_set_u64(
					fe, VHOST_USER_SET_PROTOCOL_FEATURES,
					fe->protocol_features | FRONT_BIT(bit)),
				-EREMOTEIO);
	}
	rig_check_loopback(front, 10);
}

TEST_MAIN(rig_setup, rig_teardown)
