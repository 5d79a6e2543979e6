/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_sfdp.h"

#include <errno.h>
#include <string.h>

#include "spi-daemon/device/nor/nor_sfdp.h"
#include "tests/lib/test.h"

#define MIB (1u << 20)

/* What the chip answers; 0xff behind it */
static uint8_t sfdp[NOR_SFDP_SIZE];
static struct flash_geometry geometry;

static int read_sfdp(void *chip, uint32_t addr, uint8_t *bytes, uint32_t len)
{
	(void)chip;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = addr + i < sizeof(sfdp) ? sfdp[addr + i] : 0xff;
	return 0;
}

static int fail_to_read(void *chip, uint32_t addr, uint8_t *bytes, uint32_t len)
{
	(void)chip;
	(void)addr;
	(void)bytes;
	(void)len;
	return 4;
}

static int parse(void)
{
	return flash_sfdp_read(read_sfdp, NULL, &geometry);
}

TEST(chip_of_16_mib_has_3_byte_addresses)
{
	nor_sfdp_fill(16 * MIB, sfdp);
	assert_int_equal(parse(), 0);
	assert_int_equal(geometry.size, 16 * MIB);
	assert_int_equal(geometry.page_size, 256);
	assert_int_equal(geometry.addr_len, 3);
	assert_int_equal(geometry.read, 0x0b);
	assert_int_equal(geometry.program, 0x02);
	assert_int_equal(geometry.erase_count, 3);
	assert_int_equal(geometry.erase[0].size, 4096);
	assert_int_equal(geometry.erase[0].opcode, 0x20);
	assert_int_equal(geometry.erase[2].size, 65536);
	assert_int_equal(geometry.erase[2].opcode, 0xd8);
	assert_int_equal(geometry.major, 1);
}

TEST(larger_chip_has_4_byte_addresses)
{
	nor_sfdp_fill(64 * MIB, sfdp);
	assert_int_equal(parse(), 0);
	assert_int_equal(geometry.size, 64 * MIB);
	assert_int_equal(geometry.addr_len, 4);
	assert_int_equal(geometry.read, 0x0c);
	assert_int_equal(geometry.program, 0x12);
	assert_int_equal(geometry.erase[0].opcode, 0x21);
	assert_int_equal(geometry.erase[2].opcode, 0xdc);
}

TEST(chip_without_sfdp_is_told)
{
	memset(sfdp, 0xff, sizeof(sfdp));
	assert_int_equal(parse(), -ENOENT);
}

TEST(error_of_the_chip_is_returned)
{
	assert_int_equal(flash_sfdp_read(fail_to_read, NULL, &geometry), 4);
}

/* Whatever the chip answers, in each byte, is taken or refused. */
TEST(any_byte_may_be_wrong)
{
	for (uint32_t size = 16 * MIB; size <= 32 * MIB; size *= 2) {
		for (unsigned int i = 0; i < 256 * sizeof(sfdp); i++) {
			int err;

			nor_sfdp_fill(size, sfdp);
			sfdp[i / 256] = i % 256;
			err = parse();
			if (err)
				continue;
			assert_true(geometry.size > 0);
			assert_in_range(geometry.erase_count, 1, 4);
			assert_true(geometry.erase[0].size > 0);
		}
	}
}

TEST(id_tells_the_size_of_a_chip_without_sfdp)
{
	assert_int_equal(flash_geometry_guess((uint8_t[]){ 0xef, 0x40, 0x18 },
					      &geometry),
			 0);
	assert_int_equal(geometry.size, 16 * MIB);
	assert_int_equal(geometry.erase[0].opcode, 0xd8);
	assert_int_equal(flash_geometry_guess((uint8_t[]){ 0x20, 0xba, 0x20 },
					      &geometry),
			 0);
	assert_int_equal(geometry.size, 64 * MIB);
	assert_int_equal(geometry.erase[0].opcode, 0xdc);
	assert_int_equal(flash_geometry_guess((uint8_t[]){ 0xef, 0x40, 0x02 },
					      &geometry),
			 -ENOENT);
}

TEST(largest_block_that_fits_is_erased)
{
	nor_sfdp_fill(16 * MIB, sfdp);
	assert_int_equal(parse(), 0);
	assert_int_equal(flash_geometry_erase(&geometry, 0, MIB)->size, 65536);
	assert_int_equal(flash_geometry_erase(&geometry, 0x8000, MIB)->size,
			 32768);
	assert_int_equal(flash_geometry_erase(&geometry, 0, 65535)->size,
			 32768);
	assert_int_equal(flash_geometry_erase(&geometry, 0x1000, MIB)->size,
			 4096);
	assert_null(flash_geometry_erase(&geometry, 0x1000, 4095));
}

TEST_MAIN(NULL, NULL)
