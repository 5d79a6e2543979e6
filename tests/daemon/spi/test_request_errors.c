/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Requests that are well-formed buffers but bad requests: each gets a status
 * of its own (virtio 1.4, 5.21.6), and the ring goes on.
 */
#include <endian.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define LEN 12 /* bytes of tx and of rx */

static const uint8_t tx_bytes[LEN] = "bad requests";

/* A full duplex request with this head */
static struct spi_front_request duplex(struct virtio_spi_wire_head head)
{
	return (struct spi_front_request){ head, tx_bytes, LEN, NULL, LEN };
}

/*
 * Expects PARAM_ERR, with the rx part zero-filled as the used length covers
 * it, and that the next request is served.
 */
static void expect_refused(struct spi_front *front,
			   struct spi_front_request request)
{
	uint8_t rx[64];

	memset(rx, 0x77, sizeof(rx));
	request.rx = rx;
	assert_true(request.rx_len <= sizeof(rx));
	rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	for (uint32_t i = 0; i < request.rx_len; i++)
		assert_int_equal(rx[i], 0);
	rig_check_loopback(front, LEN);
}

static void expect_head_refused(struct spi_front *front,
				struct virtio_spi_wire_head head)
{
	struct spi_front_request request = duplex(head);

	expect_refused(front, request);
	request.rx_len = 0;
	expect_refused(front, request);
	request.tx_len = 0;
	request.rx_len = LEN;
	expect_refused(front, request);
}

static struct virtio_spi_wire_config read_config(struct spi_front *front)
{
	struct virtio_spi_wire_config config;

	assert_int_equal(spi_front_config(front, &config), 0);
	return config;
}

static void chip_select_out_of_range(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	/* cs_max_number is a count. */
	assert_int_equal(read_config(front).cs_max_number, 1);
	expect_head_refused(front, rig_head(1));
	expect_head_refused(front, rig_head(2));
	expect_head_refused(front, rig_head(255));
}

static void bits_per_word_out_of_range(void **state)
{
	static const uint8_t bits[] = { 0, 33, 40, 64, 128, 255 };
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	for (unsigned int i = 0; i < sizeof(bits); i++) {
		head.bits_per_word = bits[i];
		expect_head_refused(front, head);
	}
}

static void unknown_mode_bits(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	for (unsigned int bit = 5; bit < 32; bit++) {
		head.mode = htole32(1u << bit);
		expect_head_refused(front, head);
	}
}

static void reserved_bytes(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < 3; i++) {
		struct virtio_spi_wire_head head = rig_head(0);

		head.reserved[i] = 1;
		expect_head_refused(front, head);
		head.reserved[i] = 0x80;
		expect_head_refused(front, head);
	}
}

/* 0 and 1 are single; 2, 4, 8 as the config has them; the rest is invalid. */
static bool lines_allowed(unsigned int lines, uint8_t supported)
{
	return lines <= 1 || (lines == 2 && supported & VIRTIO_SPI_CAN_DUAL) ||
	       (lines == 4 && supported & VIRTIO_SPI_CAN_QUAD) ||
	       (lines == 8 && supported & VIRTIO_SPI_CAN_OCTAL);
}

static void number_of_lines(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config = read_config(front);
	struct virtio_spi_wire_head head;

	for (unsigned int lines = 0; lines < 256; lines++) {
		head = rig_head(0);
		head.tx_nbits = lines;
		if (!lines_allowed(lines, config.tx_nbits_supported))
			expect_refused(front, duplex(head));
		head = rig_head(0);
		head.rx_nbits = lines;
		if (!lines_allowed(lines, config.rx_nbits_supported))
			expect_refused(front, duplex(head));
	}
}

static void cs_change_is_zero_or_one(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	head.cs_change = 2;
	expect_head_refused(front, head);
	head.cs_change = 255;
	expect_head_refused(front, head);
}

static void delays_above_the_config(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_config config = read_config(front);
	struct virtio_spi_wire_head head;

	head = rig_head(0);
	head.word_delay_ns = htole32(le32toh(config.max_word_delay_ns) + 1);
	expect_head_refused(front, head);
	head = rig_head(0);
	head.cs_setup_ns = htole32(le32toh(config.max_cs_setup_ns) + 1);
	expect_head_refused(front, head);
	head = rig_head(0);
	head.cs_delay_hold_ns = htole32(le32toh(config.max_cs_hold_ns) + 1);
	expect_head_refused(front, head);
	head = rig_head(0);
	head.cs_change_delay_inactive_ns =
		htole32(le32toh(config.max_cs_inactive_ns) + 1);
	expect_head_refused(front, head);
	head = rig_head(0);
	head.cs_delay_hold_ns = UINT32_MAX;
	expect_head_refused(front, head);
}

/* --device=sim:loopback,max-speed=2M */
static void frequency_above_the_config(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_head head = rig_head(0);
	struct spi_front_request request;

	assert_int_equal(le32toh(read_config(front).max_freq_hz), 2000000);
	head.freq = htole32(2000001);
	expect_head_refused(front, head);
	head.freq = htole32(UINT32_MAX);
	expect_head_refused(front, head);
	head.freq = htole32(2000000);
	request = duplex(head);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
}

static void lengths_of_full_duplex_differ(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = duplex(rig_head(0));

	for (uint32_t len = 1; len <= 2 * LEN; len++) {
		request.rx_len = len;
		if (len != LEN)
			expect_refused(front, request);
	}
}

static void length_is_no_multiple_of_the_word(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	for (uint32_t len = 1; len <= LEN; len++) {
		struct spi_front_request request = { head, tx_bytes, len, NULL,
						     len };

		request.head.bits_per_word = 16;
		if (len % 2)
			expect_refused(front, request);
		request.head.bits_per_word = 32;
		if (len % 4)
			expect_refused(front, request);
	}
}

static void no_data_at_all(void **state)
{
	struct spi_front_request request = { .head = rig_head(0) };

	expect_refused(rig_open(*state, 0), request);
}

/* A hand-made buffer: @out_len readable bytes of a request, @in_len writable */
static void run_raw(struct spi_front *front, uint32_t out_len, uint32_t in_len,
		    uint32_t *used_len, uint8_t *status)
{
	const uint64_t addr = SPI_FRONT_HIGH_ADDR + (8 << 20);
	struct virtio_spi_wire_head head = rig_head(0);
	struct front_segment segs[2];
	struct virtq_used_elem elem;
	unsigned int count = 0;
	uint16_t index;
	uint8_t *bytes = front_mem_at(&front->mem, addr, 8192);

	memcpy(bytes, &head, sizeof(head));
	memset(bytes + 4096, SPI_FRONT_UNWRITTEN, in_len + 1);
	if (out_len)
		segs[count++] = (struct front_segment){ addr, out_len, false };
	if (in_len)
		segs[count++] =
			(struct front_segment){ addr + 4096, in_len, true };
	assert_int_equal(
		front_ring_add(&front->ring, segs, count, count, &index), 0);
	spi_front_flush(front);
	assert_int_equal(
		front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS),
		0);
	assert_int_equal(front_ring_take(&front->ring, &elem), 0);
	assert_int_equal(elem.id, index);
	*used_len = elem.len;
	*status = in_len ? bytes[4096 + in_len - 1] : 0;
	assert_int_equal(bytes[4096 + in_len], SPI_FRONT_UNWRITTEN);
}

static void head_is_cut_short(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint32_t used_len;
	uint8_t status;

	for (uint32_t len = 0; len < 32; len++) {
		run_raw(front, len, 1, &used_len, &status);
		assert_int_equal(status, VIRTIO_SPI_PARAM_ERR);
		assert_int_equal(used_len, 1);
		run_raw(front, len, 9, &used_len, &status);
		assert_int_equal(status, VIRTIO_SPI_PARAM_ERR);
		assert_int_equal(used_len, 9);
	}
	rig_check_loopback(front, LEN);
}

static void no_writable_byte(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint32_t used_len;
	uint8_t status;

	for (uint32_t len = 1; len < 64; len++) {
		run_raw(front, len, 0, &used_len, &status);
		assert_int_equal(used_len, 0);
	}
	rig_check_loopback(front, LEN);
}

/* More than max-request=: refused with a status, without an allocation. */
static void request_above_the_limit(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
					     64 << 10 };
	struct spi_front_result result;

	rig_check_loopback(front, 4096);
	request.rx_len = 4096 + 1;
	assert_int_equal(spi_front_transfer(front, &request, NULL, &result), 0);
	assert_int_not_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_not_equal(result.status, SPI_FRONT_UNWRITTEN);
	assert_int_equal(result.used_len, request.rx_len + 1);
	rig_check_loopback(front, 4096);
}

/* Good ones and bad ones in turn, all in one batch */
static void bad_request_costs_its_neighbours_nothing(void **state)
{
	enum {
		COUNT = 16
	};
	struct spi_front *front = rig_open(*state, 0);
	uint8_t rx[COUNT][LEN], zeros[LEN] = { 0 };
	uint16_t ids[COUNT];

	for (unsigned int i = 0; i < COUNT; i++) {
		struct spi_front_request request = duplex(rig_head(0));

		request.rx = rx[i];
		if (i % 2)
			request.head.bits_per_word = 40;
		assert_int_equal(spi_front_add(front, &request, NULL, &ids[i]),
				 0);
	}
	spi_front_flush(front);
	for (unsigned int i = 0; i < COUNT; i++) {
		rig_expect_wait(front, ids[i], LEN,
				i % 2 ? VIRTIO_SPI_PARAM_ERR
				      : VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx[i], i % 2 ? zeros : tx_bytes, LEN);
	}
}

/* Sums up all that the log says of refused requests. */
static unsigned long count_refusals(const char *log)
{
	static const char suppressed[] = " lines suppressed";
	unsigned long count = 0;

	for (const char *at = log; (at = strstr(at, "request refused")); at++)
		count++;
	for (const char *at = log; (at = strstr(at, suppressed)); at++) {
		const char *digits = at;

		while (digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		count += strtoul(digits, NULL, 10);
	}
	return count;
}

static void log_names_the_value_and_counts_every_refusal(void **state)
{
	enum {
		COUNT = 200
	};
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front_request request = duplex(rig_head(0));
	const char *log;

	request.head.bits_per_word = 99;
	for (unsigned int i = 0; i < COUNT; i++)
		rig_expect(front, &request, VIRTIO_SPI_PARAM_ERR);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	log = daemon_stderr(&rig->daemon);
	assert_non_null(strstr(log, "request refused: word size 99 on chip "
				    "select 0: the controller has 1 to 32"));
	assert_int_equal(count_refusals(log), COUNT);
}

int main(void)
{
	static const char *const slow[] = {
		"--device=sim:loopback,max-speed=2M", NULL
	};
	static const char *const small[] = {
		"--device=sim:loopback,max-request=4k", NULL
	};
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(chip_select_out_of_range),
		RIG_TEST_BOTH(bits_per_word_out_of_range),
		RIG_TEST_BOTH(unknown_mode_bits),
		RIG_TEST_BOTH(reserved_bytes),
		RIG_TEST_BOTH(number_of_lines),
		RIG_TEST_BOTH(cs_change_is_zero_or_one),
		RIG_TEST_BOTH(delays_above_the_config),
		RIG_TEST_BOTH_ARGS(frequency_above_the_config, slow),
		RIG_TEST_BOTH(lengths_of_full_duplex_differ),
		RIG_TEST_BOTH(length_is_no_multiple_of_the_word),
		RIG_TEST_BOTH(no_data_at_all),
		RIG_TEST_BOTH(head_is_cut_short),
		RIG_TEST_BOTH(no_writable_byte),
		RIG_TEST_BOTH_ARGS(request_above_the_limit, small),
		RIG_TEST_BOTH(bad_request_costs_its_neighbours_nothing),
		RIG_TEST(log_names_the_value_and_counts_every_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
