/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The caps of spidev devices, and pools of such devices */
#include <errno.h>
#include <linux/spi/spi.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/bus/controller.h"
#include "tests/lib/host/fake_spidev.h"
#include "tests/lib/test.h"

#define FOUR_MODES                                       \
	(VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1 | \
	 VIRTIO_SPI_CAN_CPOL_0 | VIRTIO_SPI_CAN_CPOL_1)

static struct spi_device *open_on(const struct fake_spidev_board *board,
				  enum cs_high cs_high)
{
	struct spi_device *dev;

	fake_spidev_need();
	assert_int_equal(
		spidev_open(fake_spidev_make(0, board), cs_high, false, &dev),
		0);
	return dev;
}

TEST(plain_controller_is_what_it_is)
{
	struct spi_device *dev = open_on(&fake_spidev_plain, CS_HIGH_DEFAULT);
	const struct spi_caps *caps = &dev->caps;

	assert_int_equal(caps->modes, FOUR_MODES);
	assert_int_equal(caps->tx_nbits, 0);
	assert_int_equal(caps->rx_nbits, 0);
	assert_int_equal(caps->bits_per_word_mask, 0xffffff80);
	assert_int_equal(caps->max_speed_hz, 10000000);
	assert_int_equal(caps->max_word_delay_ns, 255000);
	assert_int_equal(caps->max_setup_ns, 65535000);
	assert_int_equal(caps->max_hold_ns, 65535000);
	assert_int_equal(caps->max_inactive_ns, 65535000);
	spi_device_close(dev);
}

TEST(every_mode_bit_is_found)
{
	static const struct {
		uint32_t bits, can;
	} cases[] = {
		{ 0, VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPOL_0 },
		{ SPI_CPHA, VIRTIO_SPI_CAN_CPHA_0 | VIRTIO_SPI_CAN_CPHA_1 |
				    VIRTIO_SPI_CAN_CPOL_0 },
		{ SPI_CPHA | SPI_CPOL | SPI_LSB_FIRST | SPI_LOOP,
		  FOUR_MODES | VIRTIO_SPI_CAN_LSB_FIRST | VIRTIO_SPI_CAN_LOOP },
		{ SPI_CPHA | SPI_CPOL | SPI_CS_HIGH, FOUR_MODES },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_spidev_board board = fake_spidev_plain;
		struct spi_device *dev;

		board.mode_bits = cases[i].bits;
		dev = open_on(&board, CS_HIGH_DEFAULT);
		assert_int_equal(dev->caps.modes, cases[i].can);
		spi_device_close(dev);
	}
}

/* The device does what its caps offer. CAN_DUAL, _QUAD, _OCTAL are 1, 2, 4. */
static void check_lines(struct spi_device *dev)
{
	for (uint8_t lines = 1; lines <= 8; lines *= 2) {
		uint8_t byte = 1;
		struct spi_piece tx = { .tx = &byte,
					.len = 1,
					.bits_per_word = 8,
					.tx_nbits = lines };
		struct spi_piece rx = { .rx = &byte,
					.len = 1,
					.bits_per_word = 8,
					.rx_nbits = lines };

		if (lines == 1 || dev->caps.tx_nbits & lines / 2)
			assert_int_equal(spi_device_transfer(dev, &tx), 0);
		if (lines == 1 || dev->caps.rx_nbits & lines / 2)
			assert_int_equal(spi_device_transfer(dev, &rx), 0);
	}
}

/* The kernel refuses dual and quad together, and drops missing widths. */
TEST(every_number_of_lines_is_found_and_works)
{
	static const struct {
		uint32_t bits;
		uint8_t tx, rx;
	} cases[] = {
		{ SPI_TX_DUAL, 1, 0 },
		{ SPI_RX_DUAL, 0, 1 },
		{ SPI_TX_QUAD | SPI_RX_DUAL, 2, 1 },
		{ SPI_TX_DUAL | SPI_TX_QUAD | SPI_RX_DUAL | SPI_RX_QUAD, 3, 3 },
		{ SPI_TX_OCTAL | SPI_RX_OCTAL, 4, 4 },
		{ SPI_TX_DUAL | SPI_TX_QUAD | SPI_TX_OCTAL | SPI_RX_DUAL |
			  SPI_RX_QUAD | SPI_RX_OCTAL,
		  7, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_spidev_board board = fake_spidev_plain;
		struct spi_device *dev;

		board.mode_bits |= cases[i].bits;
		dev = open_on(&board, CS_HIGH_DEFAULT);
		assert_int_equal(dev->caps.tx_nbits, cases[i].tx);
		assert_int_equal(dev->caps.rx_nbits, cases[i].rx);
		check_lines(dev);
		spi_device_close(dev);
	}
}

/* A device tree with spi-tx-bus-width does that. */
TEST(device_may_come_up_with_wide_bits)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_device *dev;

	board.mode_bits |= SPI_TX_DUAL | SPI_TX_QUAD | SPI_RX_DUAL;
	board.mode = SPI_TX_DUAL | SPI_RX_DUAL | SPI_CPOL;
	dev = open_on(&board, CS_HIGH_DEFAULT);
	assert_int_equal(dev->caps.tx_nbits, 3);
	assert_int_equal(dev->caps.rx_nbits, 1);
	assert_int_equal(dev->caps.modes, FOUR_MODES);
	spi_device_close(dev);
}

TEST(three_wire_has_one_line)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_device *dev;

	board.mode_bits |= SPI_3WIRE | SPI_TX_DUAL | SPI_RX_DUAL;
	board.mode = SPI_3WIRE;
	dev = open_on(&board, CS_HIGH_DEFAULT);
	assert_int_equal(dev->caps.tx_nbits, 0);
	assert_int_equal(dev->caps.modes, FOUR_MODES);
	spi_device_close(dev);
}

TEST(word_sizes_are_those_that_are_taken)
{
	static const uint32_t masks[] = { 0x80, 0x8080, 0x80008080, 0xffff,
					  0xffffffff };

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		struct fake_spidev_board board = fake_spidev_plain;
		struct spi_device *dev;

		board.bits_mask = masks[i];
		dev = open_on(&board, CS_HIGH_DEFAULT);
		assert_int_equal(dev->caps.bits_per_word_mask, masks[i]);
		spi_device_close(dev);
	}
}

/* No edge and no byte. CS_HIGH is never tried: it would move the line. */
TEST(probing_leaves_the_bus_alone)
{
	struct fake_spidev_board board = fake_spidev_plain;
	const struct fake_spidev_log *log;
	struct spi_device *dev;

	board.mode_bits |= SPI_CS_HIGH | SPI_LOOP;
	board.mode = SPI_CPHA | SPI_CPOL;
	dev = open_on(&board, CS_HIGH_YES);
	log = fake_spidev_take(0);
	assert_int_equal(log->messages, 0);
	for (unsigned int i = 0; i < log->count; i++) {
		assert_int_equal(log->events[i].kind, FAKE_SETUP);
		assert_int_equal(log->events[i].mode & SPI_CS_HIGH, 0);
	}
	/* As it was found. */
	assert_int_equal(log->events[log->count - 1].mode, SPI_CPHA | SPI_CPOL);
	assert_int_equal(log->events[log->count - 1].bits, 8);
	spi_device_close(dev);
}

TEST(cs_high_is_as_the_operator_says)
{
	static const struct {
		uint32_t mode;
		enum cs_high cs_high;
		bool can;
	} cases[] = {
		{ 0, CS_HIGH_DEFAULT, false },
		{ 0, CS_HIGH_NO, false },
		{ 0, CS_HIGH_YES, true },
		{ SPI_CS_HIGH, CS_HIGH_DEFAULT, true },
		{ SPI_CS_HIGH, CS_HIGH_NO, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_spidev_board board = fake_spidev_plain;
		struct spi_piece p = { .tx = (const uint8_t *)"a",
				       .len = 1,
				       .bits_per_word = 8 };
		const struct fake_spidev_log *log;
		struct spi_device *dev;
		uint32_t asked;

		board.mode_bits |= SPI_CS_HIGH;
		board.mode = cases[i].mode;
		dev = open_on(&board, cases[i].cs_high);
		assert_int_equal(!!(dev->caps.modes & VIRTIO_SPI_CAN_CS_HIGH),
				 cases[i].can);
		asked = cases[i].can ? VIRTIO_SPI_MODE_CS_HIGH : 0;
		p.mode = asked;
		assert_int_equal(spi_device_transfer(dev, &p), 0);
		log = fake_spidev_take(0);
		/* If requests cannot set it, it stays as the chip came up. */
		assert_int_equal(
			!!(log->events[log->count - 1].mode & SPI_CS_HIGH),
			cases[i].can || cases[i].mode);
		spi_device_close(dev);
	}
}

TEST(cs_high_of_a_gpio_is_taken_although_it_reads_back_0)
{
	struct fake_spidev_board board = fake_spidev_plain;
	struct spi_piece p = { .tx = (const uint8_t *)"a",
			       .len = 1,
			       .bits_per_word = 8,
			       .mode = VIRTIO_SPI_MODE_CS_HIGH };
	struct spi_device *dev;

	board.gpio_cs = true;
	dev = open_on(&board, CS_HIGH_YES);
	fake_spidev_take(0);
	assert_int_equal(spi_device_transfer(dev, &p), 0);
	assert_int_equal(spi_device_transfer(dev, &p), 0);
	assert_int_equal(fake_spidev_take(0)->ioctls, 3);
	spi_device_close(dev);
}

/* Opens a controller with both devices; checks the error, or the word sizes. */
static void check_controller(const char *const *paths, int ret, const char *why,
			     uint32_t bits_per_word_mask)
{
	struct device_list *devices = device_list_new("guest");
	struct controller controller;
	char error[256] = "";
	struct pool pool;

	for (int i = 0; i < 2; i++)
		assert_int_equal(device_list_add(devices, paths[i], error,
						 sizeof(error)),
				 0);
	pool_init(&pool);
	assert_int_equal(controller_open(&controller, &pool, devices, error,
					 sizeof(error)),
			 ret);
	if (ret) {
		assert_non_null(strstr(error, why));
	} else {
		assert_int_equal(controller.config.bits_per_word_mask,
				 bits_per_word_mask);
		controller_close(&controller);
	}
	pool_fini(&pool);
	device_list_put(devices);
}

/* A mask of 0 in the config space would mean all sizes. */
TEST(chips_without_a_common_word_size_are_refused)
{
	struct fake_spidev_board a = fake_spidev_plain, b = fake_spidev_plain;
	const char *paths[2];

	fake_spidev_need();
	a.bits_mask = 0x00000080;
	b.bits_mask = 0x00008000;
	paths[0] = fake_spidev_make(0, &a);
	paths[1] = fake_spidev_make(1, &b);
	check_controller(paths, -EINVAL, "no SPI word size that all", 0);
	b.bits_mask = 0x00008080;
	paths[1] = fake_spidev_make(1, &b);
	check_controller(paths, 0, NULL, 0x80);
}

TEST(one_device_has_one_handle)
{
	struct device_spec spec, other;
	struct handle *a, *b, *c;
	struct pool pool;
	char error[256];
	const char *path;

	fake_spidev_need();
	pool_init(&pool);
	path = fake_spidev_make(0, &fake_spidev_plain);
	device_spec_parse(path, &spec, error, sizeof(error));
	path = fake_spidev_make(1, &fake_spidev_plain);
	device_spec_parse(path, &other, error, sizeof(error));
	assert_int_equal(pool_get(&pool, &spec, "a", 0, &a, error, 256), 0);
	assert_int_equal(pool_get(&pool, &spec, "b", 1, &b, error, 256), 0);
	assert_int_equal(pool_get(&pool, &other, "b", 0, &c, error, 256), 0);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	pool_put(&pool, a);
	pool_put(&pool, c);
	pool_put(&pool, b);
	pool_fini(&pool);
	device_spec_free(&spec);
	device_spec_free(&other);
}

static int teardown(void **state)
{
	(void)state;
	fake_spidev_remove_all();
	return 0;
}

TEST_MAIN(NULL, teardown)
