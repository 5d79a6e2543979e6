// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NAND flash whose state is in memory that outlives it, or in a file */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/host/emulator.h"
#include "tests/unit/spi-daemon/device/nand/nand_pins.h"
#include "tests/unit/spi-daemon/device/store/kept_memory.h"

struct kept {
	struct nand_chip chip;
	struct sim_chip_config config;
	size_t size; /* of the memory */
	int fd;
	char file[40];
};

static void open_chip(struct kept *k)
{
	k->config.memory = kept_memory_map(k->fd, k->size);
	assert_int_equal(nand_chip_open(&k->chip, &k->config, SIM_TIMING_NONE),
			 0);
}

static int setup(void **state)
{
	struct kept *k = calloc(1, sizeof(*k));

	*state = k;
	assert_non_null(k);
	snprintf(k->file, sizeof(k->file), "/tmp/test-nand-%d", getpid());
	k->config.size = MIB;
	k->size = sim_nand_memory_size(&k->config);
	k->fd = kept_memory_create(k->size);
	open_chip(k);
	unlock(&k->chip);
	return 0;
}

static int teardown(void **state)
{
	struct kept *k = *state;

	memory_chip_close(&k->chip.memory.bytes);
	close(k->fd);
	unlink(k->file);
	free(k);
	return 0;
}

static void reopen(struct kept *k)
{
	lose_process(&k->chip.memory);
	open_chip(k);
}

TEST_WITH(registers_cache_and_contents_are_kept, struct kept *k)
{
	program(&k->chip, 7, 0, 0x12);
	SEND(&k->chip, 0x1f, PROTECTION, 0x0c);
	SEND(&k->chip, 0x1f, CONFIGURATION, 0);
	erase(&k->chip, 0);
	SEND(&k->chip, 0x02, 0, 0, 0x34);
	SEND(&k->chip, 0x06);
	reopen(k);
	assert_int_equal(feature(&k->chip, PROTECTION), 0x0c);
	assert_int_equal(feature(&k->chip, CONFIGURATION), 0x08);
	assert_int_equal(status(&k->chip), E_FAIL | WEL);
	assert_int_equal(cached(&k->chip, 0), 0x34);
	assert_int_equal(byte_at(&k->chip, 7, 0), 0x12);
}

TEST_WITH(interrupted_program_is_completed, struct kept *k)
{
	program(&k->chip, 7, 100, 0x12);
	k->chip.memory.state->opcode = 0x10;
	assert_int_equal(chip_store_erase(&k->chip.memory.store,
					  7 * NAND_PAGE_SIZE + 1000, 1112),
			 0);
	reopen(k);
	assert_int_equal(k->chip.memory.state->opcode, 0);
	assert_int_equal(byte_at(&k->chip, 7, 100), 0x12);
	assert_int_equal(status(&k->chip), 0);
}

TEST_WITH(interrupted_erase_is_completed, struct kept *k)
{
	need_memory_removal();
	program(&k->chip, 64, 0, 0x12);
	erase(&k->chip, 0);
	k->chip.memory.state->opcode = 0xd8;
	k->chip.memory.state->addr = 64;
	reopen(k);
	assert_int_equal(byte_at(&k->chip, 64, 0), 0xff);
}

TEST_WITH(interrupted_page_read_is_completed, struct kept *k)
{
	program(&k->chip, 7, 0, 0x12);
	page_read(&k->chip, 7);
	k->chip.memory.state->opcode = 0x13;
	memset(nand_state_of(&k->chip.memory)->cache, 0, 1000);
	reopen(k);
	assert_int_equal(cached(&k->chip, 0), 0x12);
	assert_int_equal(cached(&k->chip, 1), 0xff);
}

/* Any of these, and the chip is an unused one. */
TEST_WITH(state_that_no_chip_can_have_is_dropped, struct kept *k)
{
	need_memory_removal();
	for (int i = 0; i < 7; i++) {
		struct nand_state *state = nand_state_of(&k->chip.memory);

		unlock(&k->chip);
		program(&k->chip, 0, 0, 0x12);
		state->common.stamp ^= i == 0;
		state->common.size += i == 1;
		state->protection |= i == 2;
		state->configuration |= i == 3;
		state->configuration &= i == 4 ? 0x10 : 0xff;
		state->status |= i == 5;
		state->common.opcode = i == 6 ? 0x03 : 0;
		reopen(k);
		assert_int_equal(feature(&k->chip, PROTECTION), 0x7c);
		assert_int_equal(status(&k->chip), 0);
		assert_int_equal(cached(&k->chip, 0), 0xff);
		assert_int_equal(byte_at(&k->chip, 0, 0), 0xff);
	}
}

static void send(struct spi_device *dev, const void *tx, uint32_t len,
		 int expected)
{
	const struct spi_piece piece = { .tx = tx,
					 .len = len,
					 .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), expected);
}

static uint8_t ask(struct spi_device *dev, const char tx[4])
{
	uint8_t rx[5];
	const struct spi_piece last = { .rx = rx,
					.len = 5,
					.bits_per_word = 8 };
	const struct spi_piece first = { .next = &last,
					 .tx = (const uint8_t *)tx,
					 .len = 4,
					 .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &first), 0);
	return rx[0];
}

/* Each page's data, and behind it its spare area */
TEST_WITH(file_has_pages_with_their_spare_areas, struct kept *k)
{
	const struct sim_chip_config config = { .size = MIB,
						.unlocked = true,
						.file = k->file };
	struct spi_device *dev;
	struct stat st;

	assert_int_equal(sim_nand_open(&config, SIM_TIMING_NONE, &dev), 0);
	send(dev, "\x06", 1, 0);
	send(dev, "\x02\x08\x02\x77", 4, 0);
	send(dev, "\x10\0\0\2", 4, 0);
	spi_device_close(dev);
	assert_int_equal(stat(k->file, &st), 0);
	assert_int_equal(st.st_size, 512 * NAND_PAGE_SIZE);
	assert_int_equal(sim_nand_file_size(&config), st.st_size);

	assert_int_equal(sim_nand_open(&config, SIM_TIMING_NONE, &dev), 0);
	send(dev, "\x13\0\0\2", 4, 0);
	assert_int_equal(ask(dev, "\x03\x08\x02"), 0x77);
	spi_device_close(dev);
}

TEST_WITH(file_that_fails_fails_the_command, struct kept *k)
{
	const struct sim_chip_config config = { .size = MIB,
						.unlocked = true,
						.file = k->file };
	struct spi_device *dev;

	assert_int_equal(sim_nand_open(&config, SIM_TIMING_NONE, &dev), 0);
	assert_int_equal(truncate(k->file, 0), 0);
	send(dev, "\x13\0\0\2", 4, -ENODATA);
	assert_non_null(strstr(dev->failed_step, k->file));
	assert_int_equal(ask(dev, "\x0f\xc0\0"), ECC_FAILED);
	send(dev, "\x06", 1, 0);
	send(dev, "\x10\0\0\2", 4, -ENODATA);
	send(dev, "\x06", 1, 0);
	send(dev, "\xd8\0\0\2", 4, -ENODATA);
	assert_int_equal(ask(dev, "\x0f\xc0\0"), ECC_FAILED | P_FAIL | E_FAIL);
	spi_device_close(dev);
	/* A chip whose file is too short is refused. */
	assert_int_equal(sim_nand_open(&config, SIM_TIMING_NONE, &dev), -EFBIG);
}

TEST_MAIN(setup, teardown)
