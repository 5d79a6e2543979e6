/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Where chip select has its edges under each cs= framing, shown on a chip that
 * decodes between them: a command's bytes only count when they are one
 * message.
 */
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

#define FLASH "--device=sim:nor,size=1M,id=c22014"

static const uint8_t id[] = { 0xc2, 0x20, 0x14 };

/* The opcodes used here */
static const uint8_t rdid = 0x9f, read_data = 0x03, fast_read = 0x0b,
		     dual_read = 0x3b, quad_read = 0x6b, program = 0x02,
		     write_enable = 0x06, read_status = 0x05;

static const uint8_t addr[] = { 0x00, 0x12, 0x00 };

/* Sends RDID in two requests. Returns true if the answer is the chip's. */
static bool identify(struct spi_front *front, uint8_t cs_change_tx,
		     uint8_t cs_change_rx)
{
	uint8_t rx[3];

	rig_tx(front, cs_change_tx, &rdid, 1);
	rig_rx(front, cs_change_rx, rx, sizeof(rx));
	return !memcmp(rx, id, sizeof(id));
}

static uint8_t status_register(struct spi_front *front, uint8_t keep,
			       uint8_t release)
{
	uint8_t status;

	rig_tx(front, keep, &read_status, 1);
	rig_rx(front, release, &status, 1);
	return status;
}

/* Programs @data at @addr with requests as Linux's spi-mem sends them. */
static void program_like_spi_mem(struct spi_front *front, const void *data,
				 uint32_t len)
{
	rig_tx(front, 0, &write_enable, 1);
	rig_tx(front, 0, &program, 1);
	rig_tx(front, 0, addr, 3);
	rig_tx(front, 0, data, len);
	while (status_register(front, 0, 0) & 1)
		usleep(1000);
}

static void linux_joins_read_to_write(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < 20; i++)
		assert_true(identify(front, 0, 0));
}

static void linux_full_duplex_is_a_message_of_its_own(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t tx[4] = { rdid }, rx[4];
	struct spi_front_request request = { rig_head(0), tx, 4, rx, 4 };

	request.head.cs_change = 0;
	for (unsigned int i = 0; i < 5; i++) {
		rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx + 1, id, 3);
	}
}

/* WREN counts when chip select rises behind it: two writes, two messages. */
static void linux_write_after_write_is_a_new_message(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_int_equal(status_register(front, 0, 0) & 2, 0);
	rig_tx(front, 0, &write_enable, 1);
	assert_int_equal(status_register(front, 0, 0) & 2, 2);
}

static void linux_read_after_read_is_a_new_message(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t rx[3];

	assert_true(identify(front, 0, 0));
	rig_rx(front, 0, rx, 3);
	assert_memory_not_equal(rx, id, 3);
	assert_true(identify(front, 0, 0));
}

static void linux_cs_change_releases_after_the_transfer(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_false(identify(front, 1, 0));
	assert_true(identify(front, 0, 1));
	assert_true(identify(front, 0, 0));
}

/* FLASH,cs-hold=20: the second half comes after that. */
static void linux_late_half_is_an_error(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t rx[3] = { 1, 2, 3 };
	static const uint8_t zeros[3];
	struct spi_front_request request = { rig_head(0), NULL, 0, rx, 3 };

	rig_tx(front, 0, &rdid, 1);
	usleep(200000);
	rig_expect(front, &request, VIRTIO_SPI_TRANS_ERR);
	assert_memory_equal(rx, zeros, 3);
	/* The next message is as good as ever, without luck: see cs-hold. */
	request = (struct spi_front_request){ rig_head(0), &write_enable, 1,
					      NULL, 0 };
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
}

/* The neighbour waits for the end of the hold, and no longer. */
static void linux_hold_ends_for_a_neighbour(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	uint8_t tx[4] = { rdid }, rx[4];

	rig_tx(front, 0, &rdid, 1);
	rig_duplex(rig_open(rig, 1), tx, rx, 4);
	assert_memory_equal(rx + 1, id, 3);
}

static void nor_read_and_program_in_parts(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t data[100], rx[100], dummy = 0;

	assert_true(identify(front, 0, 0));
	rig_pattern(data, sizeof(data), 5);
	program_like_spi_mem(front, data, sizeof(data));

	rig_tx(front, 0, &read_data, 1);
	rig_tx(front, 0, addr, 3);
	rig_rx(front, 0, rx, sizeof(rx));
	assert_memory_equal(rx, data, sizeof(data));

	rig_tx(front, 0, &fast_read, 1);
	rig_tx(front, 0, addr, 3);
	rig_tx(front, 0, &dummy, 1);
	rig_rx(front, 0, rx, sizeof(rx));
	assert_memory_equal(rx, data, sizeof(data));
}

static void nor_reads_on_several_lines(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t data[64], rx[64], dummy = 0;
	struct spi_front_request request = { rig_head(0), NULL, 0, rx, 64 };

	rig_pattern(data, sizeof(data), 6);
	program_like_spi_mem(front, data, sizeof(data));
	for (uint8_t lines = 2; lines <= 4; lines += 2) {
		rig_tx(front, 0, lines == 2 ? &dual_read : &quad_read, 1);
		rig_tx(front, 0, addr, 3);
		rig_tx(front, 0, &dummy, 1);
		request.head.rx_nbits = lines;
		rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
		assert_memory_equal(rx, data, sizeof(data));
	}
}

/* FLASH,cs=nor,cs-hold=10000: whoever waited for it would be very late. */
static void nor_command_ends_without_a_timer(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	int64_t end = deadline_in(9000);
	uint8_t data[16] = { 1, 2, 3 };

	for (unsigned int i = 0; i < 5; i++) {
		assert_true(identify(front, 0, 0));
		assert_true(identify(rig->open[1] ? &rig->fronts[1]
						  : rig_open(rig, 1),
				     0, 0));
	}
	program_like_spi_mem(front, data, sizeof(data));
	assert_true(identify(&rig->fronts[1], 0, 0));
	assert_true(deadline_left(end) > 0);
}

static void nand_identifies_in_two_requests(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < 5; i++)
		assert_true(identify(front, 0, 0));
}

static void spec_keeps_on_0_and_releases_on_1(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t rx[16], ones[16];

	assert_true(identify(front, 0, 1));
	assert_false(identify(front, 1, 1));
	assert_true(identify(front, 0, 1));

	rig_tx(front, 1, &write_enable, 1);
	assert_int_equal(status_register(front, 0, 1) & 2, 2);
	memset(ones, 0xff, sizeof(ones));
	memset(rx, 0, sizeof(rx));
	rig_tx(front, 0, &read_data, 1);
	rig_tx(front, 0, addr, 1);
	rig_tx(front, 0, addr + 1, 2);
	rig_rx(front, 0, rx, 8);
	rig_rx(front, 1, rx + 8, 8);
	assert_memory_equal(rx, ones, sizeof(ones));
}

/* WREN without an edge behind it is no WREN. */
static void spec_write_after_write_is_one_message(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	rig_tx(front, 0, &write_enable, 1);
	rig_tx(front, 1, &write_enable, 1);
	assert_int_equal(status_register(front, 0, 1) & 2, 0);
}

/* As spidev has it: the flag of a message's last transfer, inverted */
static void transfer_releases_on_0_and_keeps_on_1(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_false(identify(front, 0, 0));
	assert_true(identify(front, 1, 0));
	assert_false(identify(front, 0, 0));
	rig_tx(front, 0, &write_enable, 1);
	assert_int_equal(status_register(front, 1, 0) & 2, 2);
}

/* The rest of a message that was cut short fails; the next message works. */
static void expect_cut_short(struct spi_front *front)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 3 };

	rig_expect(front, &request, VIRTIO_SPI_TRANS_ERR);
	assert_true(identify(front, 0, 1));
	rig_tx(front, 0, &rdid, 1);
}

/* A chip that is held is released when its ring is held, stops, or ends. */
static void held_chip_is_released_with_its_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	struct front_end *fe = &front->fe;
	int64_t end = deadline_in(9000);
	uint32_t base;

	rig_open(rig, 1);
	rig_tx(front, 0, &rdid, 1);
	assert_int_equal(front_set_vring_enable(fe, 0, false), 0);
	assert_true(identify(&rig->fronts[1], 0, 1));
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	expect_cut_short(front);

	/* QEMU's stop and cont */
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	assert_true(identify(&rig->fronts[1], 0, 1));
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	assert_int_equal(front_start_vring(fe, 0, &front->ring, base), 0);
	expect_cut_short(front);

	/* A new driver knows nothing of the old one's messages. */
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	assert_int_equal(spi_front_new_ring(front, 0), 0);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	assert_int_equal(front_start_vring(fe, 0, &front->ring, 0), 0);
	assert_true(identify(front, 0, 1));

	rig_tx(front, 0, &rdid, 1);
	rig_close(rig, 0);
	assert_true(identify(&rig->fronts[1], 0, 1));
	assert_true(deadline_left(end) > 0);
}

#define FRAMING_TEST(test, device) \
	RIG_TEST_ARGS(test, ((const char *const[]){ device, NULL }))

int main(void)
{
	/* Holds are long where time must not matter. */
	const struct CMUnitTest tests[] = {
		FRAMING_TEST(linux_joins_read_to_write,
			     FLASH ",cs=linux,cs-hold=5000"),
		FRAMING_TEST(linux_full_duplex_is_a_message_of_its_own,
			     FLASH ",cs=linux"),
		FRAMING_TEST(linux_write_after_write_is_a_new_message,
			     FLASH ",cs=linux,cs-hold=5000"),
		FRAMING_TEST(linux_read_after_read_is_a_new_message,
			     FLASH ",cs=linux,cs-hold=5000"),
		FRAMING_TEST(linux_cs_change_releases_after_the_transfer,
			     FLASH ",cs=linux,cs-hold=5000"),
		FRAMING_TEST(linux_late_half_is_an_error,
			     FLASH ",cs=linux,cs-hold=20"),
		FRAMING_TEST(linux_hold_ends_for_a_neighbour,
			     FLASH ",cs=linux,cs-hold=100"),
		FRAMING_TEST(nor_read_and_program_in_parts,
			     FLASH ",cs=nor,cs-hold=5000"),
		FRAMING_TEST(nor_reads_on_several_lines,
			     FLASH ",cs=nor,cs-hold=5000"),
		FRAMING_TEST(nor_command_ends_without_a_timer,
			     FLASH ",cs=nor,cs-hold=10000"),
		FRAMING_TEST(nand_identifies_in_two_requests,
			     FLASH ",cs=nand,cs-hold=5000"),
		FRAMING_TEST(spec_keeps_on_0_and_releases_on_1,
			     FLASH ",cs=spec,cs-hold=5000"),
		FRAMING_TEST(spec_write_after_write_is_one_message,
			     FLASH ",cs=spec,cs-hold=5000"),
		FRAMING_TEST(transfer_releases_on_0_and_keeps_on_1,
			     FLASH ",cs=transfer,cs-hold=5000"),
		FRAMING_TEST(held_chip_is_released_with_its_guest,
			     FLASH ",cs=spec,cs-hold=10000"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
