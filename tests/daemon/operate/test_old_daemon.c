/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The faults of the daemon that this one replaces, by the line numbers of
 * their list: each test shows the opposite. Other files test the same rules in
 * more detail. What needs a host's spidev to be seen is skipped here.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

#define LEN 20

static const uint8_t tx_bytes[LEN] = "twenty bytes to send";

static struct spi_front_request duplex(void)
{
	return (struct spi_front_request){ rig_head(0), tx_bytes, LEN, NULL,
					   LEN };
}

static uint16_t submit(struct spi_front *front,
		       const struct spi_front_request *request)
{
	uint16_t id;

	assert_int_equal(spi_front_submit(front, request, NULL, &id), 0);
	return id;
}

static void line_01_bad_message_ends_the_process(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);

	rig_open(rig, 1);
	assert_int_equal(front_end_tell(&front->fe, 99, NULL, 0, NULL, 0),
			 -EREMOTEIO);
	assert_int_equal(front_set_vring_num(&front->fe, 5, 64), -EREMOTEIO);
	rig_check_loopback(front, 10);
	rig_check_loopback(&rig->fronts[1], 10);
}

static void line_02_config_out_of_range_panics(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	uint8_t data[64];

	assert_int_equal(front_get_config(&front->fe, 1000, 4, data),
			 -EREMOTEIO);
	assert_int_equal(front_get_config(&front->fe, UINT32_MAX, 4, data),
			 -EREMOTEIO);
	rig_check_control(front);
	rig_check_loopback(rig_open(rig, 1), 10);
}

static void line_03_bad_request_kills_the_ring(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();
	static const uint32_t out = 20; /* of the head's 32 bytes */

	request.rx_len = LEN - 1;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	rig_check_loopback(front, 10);
	request.tx_len = request.rx_len = 0;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	rig_check_loopback(front, 10);
	/* A head of 20 bytes: the others are in no descriptor. */
	{
		struct spi_front_framing framing = { .out = &out,
						     .out_count = 1 };
		uint16_t head = front->ring.free_head;
		uint16_t id, second;

		assert_int_equal(spi_front_add(front, &request, &framing, &id),
				 0);
		second = le16toh(front->ring.desc[head].next);
		front->ring.desc[second].len = 0;
		spi_front_flush(front);
		rig_expect_wait(front, id, 0, VIRTIO_SPI_PARAM_ERR);
	}
	rig_check_loopback(front, 10);
}

static void line_05_guest_sizes_the_daemons_memory(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned long before = daemon_memory_kb(&rig->daemon);
	struct front_segment segs[63];
	struct virtq_used_elem elem;
	uint16_t head;

	for (unsigned int i = 0; i < 63; i++)
		segs[i] = (struct front_segment){ SPI_FRONT_HIGH_ADDR, 8 << 20,
						  i > 31 };
	assert_int_equal(front_ring_add(&front->ring, segs, 63, 63, &head), 0);
	spi_front_flush(front);
	assert_int_equal(
		front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS),
		0);
	assert_int_equal(front_ring_take(&front->ring, &elem), 0);
	rig_check_loopback(front, 10);
	assert_true(daemon_memory_kb(&rig->daemon) < before + (64 << 10));
}

/* The second half of a message comes when the chip is released already. */
static void line_06_failed_transfer_reads_as_success(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();
	uint8_t rx[LEN];
	static const uint8_t zeros[LEN];

	rig_tx(front, 0, tx_bytes, LEN);
	usleep(100000);
	request.tx_len = 0;
	request.rx = rx;
	rig_expect(front, &request, VIRTIO_SPI_TRANS_ERR);
	assert_memory_equal(rx, zeros, LEN);
}

static void line_07_bad_request_makes_its_batch_a_lie(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t rx[8][LEN] = { 0 };
	uint16_t ids[8];

	for (unsigned int i = 0; i < 8; i++) {
		struct spi_front_request request = duplex();

		request.rx = rx[i];
		if (i == 3)
			request.head.chip_select_id = 7;
		assert_int_equal(spi_front_add(front, &request, NULL, &ids[i]),
				 0);
	}
	spi_front_flush(front);
	for (unsigned int i = 0; i < 8; i++) {
		rig_expect_wait(front, ids[i], LEN,
				i == 3 ? VIRTIO_SPI_PARAM_ERR
				       : VIRTIO_SPI_TRANS_OK);
		if (i != 3)
			assert_memory_equal(rx[i], tx_bytes, LEN);
	}
}

/* The modes themselves are only seen on a spidev; the size limit is here. */
static void line_08_batch_is_one_message(void **state)
{
	enum {
		COUNT = 12,
		SIZE = 4000
	};
	struct spi_front *front = rig_open(*state, 0);
	static uint8_t tx[COUNT][SIZE], rx[COUNT][SIZE];
	uint16_t ids[COUNT];

	for (unsigned int i = 0; i < COUNT; i++) {
		struct spi_front_request request = { rig_head(0), tx[i], SIZE,
						     rx[i], SIZE };

		rig_pattern(tx[i], SIZE, i);
		request.head.mode = htole32(i % 4);
		assert_int_equal(spi_front_add(front, &request, NULL, &ids[i]),
				 0);
	}
	spi_front_flush(front);
	for (unsigned int i = 0; i < COUNT; i++) {
		rig_expect_wait(front, ids[i], SIZE, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx[i], tx[i], SIZE);
	}
}

static void line_09_used_length_covers_unwritten_rx(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();
	uint8_t rx[LEN];
	static const uint8_t zeros[LEN];

	request.rx = rx;
	request.head.reserved[0] = 1;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	assert_memory_equal(rx, zeros, LEN);
}

static void line_10_chip_select_is_off_by_one(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();

	request.head.chip_select_id = 1;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
}

static void line_11_bits_per_word_underflows(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();

	request.head.bits_per_word = 0;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	request.head.bits_per_word = 40;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
}

static void line_12_unknown_things_are_accepted(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex();

	request.head.mode = htole32(0x20);
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	request.head.mode = htole32(0x80000000);
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	request = duplex();
	request.head.reserved[2] = 1;
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
}

/* Every delay up to the config's is taken, and none above it. */
static void line_13_delays_wrap(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config;
	struct spi_front_request request = duplex();
	uint32_t max;

	assert_int_equal(spi_front_config(front, &config), 0);
	max = le32toh(config.max_cs_hold_ns);
	request.head.cs_delay_hold_ns = htole32(max);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
	request.head.cs_delay_hold_ns = htole32(max + 1);
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	request = duplex();
	max = le32toh(config.max_word_delay_ns);
	request.head.word_delay_ns = htole32(max);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
	request.head.word_delay_ns = htole32(max + 1);
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
}

/* A Linux guest's spi_write_then_read() of a flash's identity */
static void line_14_chip_is_released_within_a_message(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	static const uint8_t rdid = 0x9f, id[] = { 0xc2, 0x20, 0x14 };
	uint8_t rx[3];

	rig_tx(front, 0, &rdid, 1);
	rig_rx(front, 0, rx, 3);
	assert_memory_equal(rx, id, 3);
}

/* Guest 0 holds the bus that guest 1's request waits for. */
static uint16_t submit_behind_a_hold(struct rig *rig)
{
	struct spi_front_request request = duplex();

	rig_tx(rig_open(rig, 0), 0, tx_bytes, 1);
	return submit(rig_open(rig, 1), &request);
}

static void line_15_base_comes_before_the_last_completion(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;
	uint32_t base;
	uint16_t id;

	id = submit_behind_a_hold(rig);
	front = &rig->fronts[1];
	usleep(10000);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(front_ring_used_idx(&front->ring), base);
	usleep(700000); /* the hold is over by now */
	assert_int_equal(front_ring_used_idx(&front->ring), base);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	{
		struct spi_front_result result;

		assert_int_equal(spi_front_wait(front, id, &result), 0);
		assert_int_not_equal(result.status, SPI_FRONT_UNWRITTEN);
	}
}

static void line_16_control_waits_for_transfers(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;
	uint16_t id;

	id = submit_behind_a_hold(rig);
	front = &rig->fronts[1];
	for (unsigned int i = 0; i < 10; i++)
		rig_check_control(front);
	/* It was answered while the request waited. */
	assert_int_equal(front_ring_used_idx(&front->ring), 0);
	rig_expect_wait(front, id, LEN, VIRTIO_SPI_TRANS_OK);
}

static void line_17_bad_chains_are_cut_short(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front_request request = duplex();
	uint16_t head = front->ring.free_head;
	uint16_t id, at;

	/* tx is no readable descriptor but a writable one; rx is readable */
	assert_int_equal(spi_front_add(front, &request, NULL, &id), 0);
	at = le16toh(front->ring.desc[head].next);
	front->ring.desc[at].flags ^= htole16(VIRTQ_DESC_F_WRITE);
	at = le16toh(front->ring.desc[at].next);
	front->ring.desc[at].flags ^= htole16(VIRTQ_DESC_F_WRITE);
	spi_front_flush(front);
	rig_expect_wait(front, id, LEN, VIRTIO_SPI_PARAM_ERR);

	/* The chain goes on at a descriptor that does not exist. */
	assert_int_equal(spi_front_add(front, &request, NULL, &id), 0);
	front->ring.desc[head].next = htole16(1000);
	spi_front_flush(front);
	rig_wait_ring_error(front);
	rig_recover_ring(front);
}

#define OLD_TEST(test, device) \
	RIG_TEST_ARGS(test, ((const char *const[]){ device, NULL }))

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(line_01_bad_message_ends_the_process),
		RIG_TEST(line_02_config_out_of_range_panics),
		RIG_TEST(line_03_bad_request_kills_the_ring),
		/* Line 4 takes a spidev: see test_spidev_daemon.c. */
		RIG_TEST(line_05_guest_sizes_the_daemons_memory),
		OLD_TEST(line_06_failed_transfer_reads_as_success,
			 "--device=sim:loopback,cs=linux,cs-hold=5"),
		RIG_TEST(line_07_bad_request_makes_its_batch_a_lie),
		RIG_TEST(line_08_batch_is_one_message),
		RIG_TEST(line_09_used_length_covers_unwritten_rx),
		RIG_TEST(line_10_chip_select_is_off_by_one),
		RIG_TEST(line_11_bits_per_word_underflows),
		RIG_TEST(line_12_unknown_things_are_accepted),
		RIG_TEST(line_13_delays_wrap),
		OLD_TEST(line_14_chip_is_released_within_a_message,
			 "--device=sim:nor,size=1M,id=c22014,cs-hold=5000"),
		OLD_TEST(line_15_base_comes_before_the_last_completion,
			 "--device=sim:loopback,cs=spec,cs-hold=500"),
		OLD_TEST(line_16_control_waits_for_transfers,
			 "--device=sim:loopback,cs=spec,cs-hold=2000"),
		RIG_TEST(line_17_bad_chains_are_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
