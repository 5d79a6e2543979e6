// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Random bytes and edges, as a hostile guest sends them, to each simulated chip
 * that keeps something. Whatever they did, the next process goes on from there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_wire.h"

#define MESSAGES 3000
#define REOPENS	 30

struct model {
	size_t (*memory_size)(const struct sim_chip_config *config);
	int (*open)(const struct sim_chip_config *config,
		    enum sim_timing timing, struct spi_device **out);
	struct sim_chip_config config;
	const char *opcodes;	  /* that are more likely than others */
	const char *questions[3]; /* what a new process has to answer alike */
};

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static int open_regs(const struct sim_chip_config *config,
		     enum sim_timing timing, struct spi_device **out)
{
	char error[256];

	return sim_regs_open(config, timing, out, error, sizeof(error));
}

static struct spi_device *open_chip(const struct model *model, int fd)
{
	struct sim_chip_config config = model->config;
	struct spi_device *dev;

	config.memory = mmap(NULL, model->memory_size(&config),
			     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(config.memory != MAP_FAILED);
	assert_int_equal(model->open(&config, SIM_TIMING_NONE, &dev), 0);
	return dev;
}

static void send_random(struct spi_device *dev, const char *opcodes)
{
	uint8_t tx[80], rx[80];
	struct spi_piece piece = {
		.tx = tx,
		.rx = rx,
		.len = 1 + random_below(random_below(8) ? 6 : sizeof(tx) - 1),
		.mode = random_below(20) ? 0 : random_below(64),
		.bits_per_word = 8,
		.keep = !random_below(4),
	};

	for (uint32_t i = 0; i < piece.len; i++)
		tx[i] = (uint8_t)(random_below(3) ? random_below(256) : 0);
	if (random_below(8))
		tx[0] = (uint8_t)
			opcodes[random_below((uint32_t)strlen(opcodes))];
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	if (!random_below(10))
		assert_int_equal(spi_device_release(dev), 0);
}

/* The question has up to 4 bytes, of which the last are zeros. */
static void ask(struct spi_device *dev, const char *question, uint8_t rx[6])
{
	uint8_t tx[6] = { 0 };
	struct spi_piece piece = {
		.tx = tx, .rx = rx, .len = 6, .bits_per_word = 8
	};

	memcpy(tx, question, strlen(question));
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
}

static void run(const struct model *model)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);
	size_t size = model->memory_size(&model->config);
	struct spi_device *dev;

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	dev = open_chip(model, fd);
	for (int i = 0; i < REOPENS; i++) {
		uint8_t before[3][6], after[6];

		for (int j = 0; j < MESSAGES; j++)
			send_random(dev, model->opcodes);
		assert_int_equal(spi_device_release(dev), 0);
		for (int q = 0; q < 3 && model->questions[q]; q++)
			ask(dev, model->questions[q], before[q]);
		spi_device_close(dev);
		dev = open_chip(model, fd);
		for (int q = 0; q < 3 && model->questions[q]; q++) {
			ask(dev, model->questions[q], after);
			assert_memory_equal(after, before[q], 6);
		}
	}
	spi_device_close(dev);
	close(fd);
}

TEST(eeprom_survives_random_messages)
{
	static const uint32_t sizes[] = { 128, 512, 4096, 256 * 1024 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct model model = {
			.memory_size = sim_eeprom_memory_size,
			.open = sim_eeprom_open,
			.config = { .size = sizes[i], .page = 16 },
			.opcodes = "\x06\x06\x02\x0a\x01\x03\x0b\x05\x04",
			.questions = { "\x05", "\x03" },
		};

		run(&model);
	}
}

TEST(nand_survives_random_messages)
{
	const struct model model = {
		.memory_size = sim_nand_memory_size,
		.open = sim_nand_open,
		.config = { .size = 1 << 20,
			    .unlocked = true,
			    .bad = { 2 },
			    .bad_count = 1 },
		.opcodes = "\x06\x06\x02\x84\x10\x13\x03\xeb\xd8\x1f\x0f\xff",
		.questions = { "\x0f\xa0", "\x0f\xc0", "\x03" },
	};

	run(&model);
}

TEST(nor_survives_random_messages)
{
	const struct model model = {
		.memory_size = sim_nor_memory_size,
		.open = sim_nor_open,
		.config = { .size = 64 << 10 },
		/* Mostly those that take no time */
		.opcodes = "\x06\x04\x03\x0b\x05\x35\x9f\x5a\xb7\xe9\x66\x99",
		.questions = { "\x35", "\x15" }, /* also while busy */
	};

	run(&model);
}

TEST(registers_survive_random_messages)
{
	const struct model model = {
		.memory_size = sim_regs_memory_size,
		.open = open_regs,
		.config = { .file = "docs/chips/bmp280.regs" },
		.opcodes = "\x74\x75\x60\xf4\xd0\x88",
		.questions = { "\xf4", "\xd0", "\x88" },
	};

	run(&model);
}

TEST_MAIN(NULL, NULL)
