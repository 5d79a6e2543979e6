/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Valid requests of all lengths, in all framings, on rings of all sizes. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void config_space_tells_the_truth(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config;
	uint32_t modes, mask;

	assert_int_equal(spi_front_config(front, &config), 0);
	modes = le32toh(config.mode_func_supported);
	mask = le32toh(config.bits_per_word_mask);
	assert_int_equal(config.cs_max_number, 1);
	assert_true(config.cs_change_supported <= 1);
	assert_int_equal(config.tx_nbits_supported & ~0x7, 0);
	assert_int_equal(config.rx_nbits_supported & ~0x7, 0);
	assert_int_equal(modes & ~0x7fu, 0);
	/* 0b00 is invalid for both: 5.21.4 */
	assert_true(modes & (VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1));
	assert_true(modes & (VIRTIO_SPI_CAN_CPOL_0 | VIRTIO_SPI_CAN_CPOL_1));
	assert_true(mask == 0 || mask & 1u << 7);
}

static void config_space_is_read_in_parts(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t whole[32], byte, word[4];

	assert_int_equal(front_get_config(&front->fe, 0, 32, whole), 0);
	for (uint32_t i = 0; i < 32; i++) {
		assert_int_equal(front_get_config(&front->fe, i, 1, &byte), 0);
		assert_int_equal(byte, whole[i]);
	}
	for (uint32_t i = 0; i < 32; i += 4) {
		assert_int_equal(front_get_config(&front->fe, i, 4, word), 0);
		assert_memory_equal(word, whole + i, 4);
	}
}

/* What QEMU needs, and nothing that it breaks on */
/* What each guest gets, with any of the options, too */
#define EVERYBODYS                                                    \
	(FRONT_BIT(VHOST_F_LOG_ALL) | FRONT_BIT(VIRTIO_F_VERSION_1) | \
	 FRONT_BIT(VIRTIO_F_EVENT_IDX) |                              \
	 FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES))

static void features_are_the_promised_ones(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_end *fe = &front->fe;
	uint64_t slots;

	assert_true(fe->features_offered ==
		    (EVERYBODYS | FRONT_BIT(VIRTIO_F_INDIRECT_DESC)));
	assert_true(fe->protocol_offered ==
		    (FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_RESET_DEVICE) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_DEVICE_STATE)));
	assert_int_equal(
		front_end_get_u64(fe, VHOST_USER_GET_MAX_MEM_SLOTS, &slots), 0);
	assert_int_equal(slots, 509);
}

static const char *const with_packed[] = { "--device=sim:loopback",
					   "--with=ring-packed,in-order",
					   NULL };

/* No indirect descriptors: Linux's driver is wrong with both. */
static void packed_rings_are_offered_alone(void **state)
{
	struct spi_front_options options = rig_options(*state, 0);
	struct spi_front *front;

	options.features |= FRONT_BIT(VIRTIO_F_RING_PACKED);
	front = rig_open_with(*state, 0, &options);
	assert_true(front->fe.features_offered ==
		    (EVERYBODYS | FRONT_BIT(VIRTIO_F_RING_PACKED) |
		     FRONT_BIT(VIRTIO_F_IN_ORDER)));
	rig_check_loopback(front, 100);
}

static const char *const with_all[] = {
	"--device=sim:loopback",
	"--with=ring-packed,indirect-desc,in-order,order-platform",
	"--with=access-platform,notify-on-empty,any-layout", NULL
};

static void all_features_are_offered_when_named(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_true(front->fe.features_offered ==
		    (EVERYBODYS | FRONT_BIT(VIRTIO_F_NOTIFY_ON_EMPTY) |
		     FRONT_BIT(VIRTIO_F_ANY_LAYOUT) |
		     FRONT_BIT(VIRTIO_F_INDIRECT_DESC) |
		     FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM) |
		     FRONT_BIT(VIRTIO_F_RING_PACKED) |
		     FRONT_BIT(VIRTIO_F_IN_ORDER) |
		     FRONT_BIT(VIRTIO_F_ORDER_PLATFORM)));
}

static void full_duplex_of_all_lengths(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (uint32_t len = 1; len <= 130; len++)
		rig_check_loopback(front, len);
	for (uint32_t len = 256; len <= 64 << 10; len *= 2) {
		rig_check_loopback(front, len - 1);
		rig_check_loopback(front, len);
		rig_check_loopback(front, len + 1);
	}
	rig_check_loopback(front, 1 << 20);
}

/* sim:loopback returns zeros for bytes that nobody sent. */
static void half_duplex_of_all_lengths(void **state)
{
	static const uint32_t lens[] = { 1,	2,     3,     63,
					 64,	4095,  4096,  4097,
					 65535, 65536, 70000, 1 << 20 };
	uint8_t *bytes = calloc(2, 1 << 20), *zeros = bytes + (1 << 20);
	struct spi_front *front = rig_open(*state, 0);

	assert_non_null(bytes);
	for (unsigned int i = 0; i < ARRAY_LEN(lens); i++) {
		rig_pattern(bytes, lens[i], i);
		rig_tx(front, 1, bytes, lens[i]);
		rig_rx(front, 1, bytes, lens[i]);
		assert_memory_equal(bytes, zeros, lens[i]);
	}
	free(bytes);
}

static void word_sizes_of_the_config(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config;
	uint8_t tx[24], rx[24];

	assert_int_equal(spi_front_config(front, &config), 0);
	rig_pattern(tx, sizeof(tx), 7);
	for (uint8_t bits = 1; bits <= 32; bits++) {
		uint32_t mask = le32toh(config.bits_per_word_mask);
		bool allowed = mask == 0 || mask >> (bits - 1) & 1;
		struct spi_front_request request = { rig_head(0), tx, 24, rx,
						     24 };

		request.head.bits_per_word = bits;
		rig_expect(front, &request,
			   allowed ? VIRTIO_SPI_TRANS_OK
				   : VIRTIO_SPI_PARAM_ERR);
		if (allowed && bits % 8 == 0 && bits != 24)
			assert_memory_equal(rx, tx, sizeof(tx));
	}
}

static void all_modes_of_the_config(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config;
	uint32_t can;

	assert_int_equal(spi_front_config(front, &config), 0);
	can = le32toh(config.mode_func_supported);
	for (uint32_t mode = 0; mode < 32; mode++) {
		struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
						     5 };
		bool cpha = can >> (mode & VIRTIO_SPI_MODE_CPHA ? 1 : 0) & 1;
		bool cpol = can >> (mode & VIRTIO_SPI_MODE_CPOL ? 3 : 2) & 1;
		/* CS_HIGH, LSB_FIRST, LOOP are two bits higher in the config */
		bool rest = ((mode & 0x1c) << 2 & ~can) == 0;

		request.head.mode = htole32(mode);
		rig_expect(front, &request,
			   cpha && cpol && rest ? VIRTIO_SPI_TRANS_OK
						: VIRTIO_SPI_PARAM_ERR);
	}
}

static void two_chips_have_their_own_numbers(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config;
	uint8_t rx[3], id[3], opcode = 0x9f;
	struct spi_front_request tx_only = { rig_head(1), &opcode, 1, NULL, 0 };
	struct spi_front_request rx_only = { rig_head(1), NULL, 0, id, 3 };

	assert_int_equal(spi_front_config(front, &config), 0);
	assert_int_equal(config.cs_max_number, 2);
	rig_duplex(front, "abc", rx, 3);
	assert_memory_equal(rx, "abc", 3);
	tx_only.head.cs_change = 0;
	rig_expect(front, &tx_only, VIRTIO_SPI_TRANS_OK);
	rig_expect(front, &rx_only, VIRTIO_SPI_TRANS_OK);
	assert_true(id[0] != 0 && id[0] != 0xff);
}

/* Runs one on a ring of @size, with used indexes that wrap several times. */
static void check_ring_size(struct rig *rig, uint16_t size, uint64_t features)
{
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;
	struct spi_front_framing framing = {
		.indirect = features & FRONT_BIT(VIRTIO_F_INDIRECT_DESC),
	};
	uint8_t tx[9], rx[9];
	struct spi_front_request request = { rig_head(0), tx, 9, rx, 9 };
	struct spi_front_result result;

	options.ring_size = size;
	options.features = features | rig_layout(rig);
	front = rig_open_with(rig, 0, &options);
	assert_true((front->fe.features & features) == features);
	for (uint32_t i = 0; i < 2u * size + 10; i++) {
		rig_pattern(tx, sizeof(tx), i);
		assert_int_equal(
			spi_front_transfer(front, &request, &framing, &result),
			0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		assert_int_equal(result.used_len, 10);
		assert_memory_equal(rx, tx, sizeof(tx));
	}
	rig_close(rig, 0);
}

static void rings_of_all_sizes_wrap(void **state)
{
	const uint64_t indirect = FRONT_BIT(VIRTIO_F_INDIRECT_DESC);
	const uint64_t event_idx = FRONT_BIT(VIRTIO_F_EVENT_IDX);
	static const uint16_t odd[] = { 5, 7, 100, 1023 };
	struct rig *rig = *state;

	for (uint16_t size = 4; size <= 1024; size *= 2) {
		check_ring_size(*state, size, 0);
		check_ring_size(*state, size, event_idx);
	}
	for (uint16_t size = 1; size <= 64; size *= 4)
		check_ring_size(*state, size, indirect | event_idx);
	check_ring_size(*state, 2, indirect);
	for (unsigned int i = 0; rig->packed && i < ARRAY_LEN(odd); i++) {
		check_ring_size(rig, odd[i], 0);
		check_ring_size(rig, odd[i], indirect | event_idx);
	}
}

static void ring_indexes_wrap_at_65536(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(spi_front_new_ring(front, 65530), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, 65530),
			 0);
	for (uint32_t i = 1; i < 20; i++)
		rig_check_loopback(front, i);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(base, 65530 + 19 - 65536);
}

/* As many as the ring takes, shown at once or one by one. */
static void fill_ring(struct spi_front *front, bool batch)
{
	enum {
		COUNT = 256,
		LEN = 33
	};
	static uint8_t tx[COUNT][LEN], rx[COUNT][LEN];
	uint16_t ids[COUNT];

	for (unsigned int i = 0; i < COUNT; i++) {
		struct spi_front_request request = { rig_head(0), tx[i], LEN,
						     rx[i], LEN };

		rig_pattern(tx[i], LEN, i);
		assert_int_equal(spi_front_add(front, &request, NULL, &ids[i]),
				 0);
		if (!batch)
			spi_front_flush(front);
	}
	if (batch)
		spi_front_flush(front);
	for (unsigned int i = COUNT; i-- > 0;) {
		rig_expect_wait(front, ids[i], LEN, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx[i], tx[i], LEN);
	}
}

static void many_requests_in_flight(void **state)
{
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;

	options.ring_size = 1024;
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		options.features = rig_layout(rig);
		if (event_idx)
			options.features |= FRONT_BIT(VIRTIO_F_EVENT_IDX);
		front = rig_open_with(rig, 0, &options);
		for (unsigned int i = 0; i < 8; i++)
			fill_ring(front, i % 2);
		rig_close(rig, 0);
	}
}

/*
 * Counts the notifications for @count requests of one batch. The last of
 * them is wanted if @want_last.
 */
static uint64_t calls_of_batch(struct spi_front *front, uint16_t count,
			       bool want_last)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 1 };
	uint16_t ids[64], last = 0;
	uint32_t base;

	front_ring_signalled(front->ring.call_fd); /* what was before */
	for (uint16_t i = 0; i < count; i++) {
		last = front->ring.added;
		assert_int_equal(spi_front_add(front, &request, NULL, &ids[i]),
				 0);
	}
	if (want_last)
		front_ring_want_call(&front->ring, last);
	spi_front_flush(front);
	while (front_ring_used_idx(&front->ring) != front->ring.published)
		rig_check_control(front);
	/* All calls are made when the ring has stopped. */
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.published));
	return event_count(front->ring.call_fd);
}

static void unwanted_calls_are_not_made(void **state)
{
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;

	options.features = rig_layout(rig);
	front = rig_open_with(rig, 0, &options);
	rig_check_loopback(front, 1); /* the first may be called in any case */
	front_ring_want_no_call(&front->ring);
	assert_int_equal(calls_of_batch(front, 10, false), 0);
	rig_close(rig, 0);

	front = rig_open(rig, 0);
	rig_check_loopback(front, 1);
	front_ring_want_no_call(&front->ring);
	assert_int_equal(calls_of_batch(front, 10, false), 0);
	rig_close(rig, 0);

	front = rig_open(rig, 0);
	rig_check_loopback(front, 1);
	assert_int_equal(calls_of_batch(front, 10, true), 1);
}

int main(void)
{
	static const char *const two_chips[] = {
		"--device=sim:loopback",
		"--device=sim:nor,size=1M,cs-hold=5000", NULL
	};
	const struct CMUnitTest tests[] = {
		RIG_TEST(config_space_tells_the_truth),
		RIG_TEST(config_space_is_read_in_parts),
		RIG_TEST(features_are_the_promised_ones),
		RIG_TEST_ARGS(packed_rings_are_offered_alone, with_packed),
		RIG_TEST_ARGS(all_features_are_offered_when_named, with_all),
		RIG_TEST_BOTH(full_duplex_of_all_lengths),
		RIG_TEST_BOTH(half_duplex_of_all_lengths),
		RIG_TEST(word_sizes_of_the_config),
		RIG_TEST(all_modes_of_the_config),
		RIG_TEST_BOTH_ARGS(two_chips_have_their_own_numbers, two_chips),
		RIG_TEST_BOTH(rings_of_all_sizes_wrap),
		RIG_TEST(ring_indexes_wrap_at_65536),
		RIG_TEST_BOTH(many_requests_in_flight),
		RIG_TEST_BOTH(unwanted_calls_are_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
