/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The keys of simulated chips */
#include <stdio.h>

#include "tests/unit/spi-daemon/config/guest/device_spec_rig.h"

TEST(a_plain_nor_has_16_mib_and_no_file)
{
	struct device_spec spec = parse("sim:nor");

	assert_int_equal(spec.chip.size, 16 * MIB);
	assert_null(spec.chip.file);
	assert_null(spec.chip_file);
	assert_int_equal(spec.chip.id_len, 0);
	device_spec_free(&spec);
}

TEST(a_nor_takes_all_keys_at_once)
{
	static const uint8_t id[] = { 0xef, 0x40, 0x18 };
	struct device_spec spec = parse(
		"sim:nor,id=eF4018,file=a=b.img,size=64K,cs=nor,max-speed=1M");

	assert_string_equal(spec.table_name, "nor");
	assert_int_equal(spec.max_speed_hz, 1000000);
	assert_int_equal(spec.chip.size, 65536);
	assert_string_equal(spec.chip.file, "a=b.img");
	assert_ptr_equal(spec.chip.file, spec.chip_file);
	assert_int_equal(spec.chip.id_len, sizeof(id));
	assert_memory_equal(spec.chip.id, id, sizeof(id));
	device_spec_free(&spec);
}

TEST(a_nor_takes_its_extreme_values)
{
	struct device_spec spec = parse("sim:nor,size=256M,id=010203040506");

	assert_int_equal(spec.chip.size, 256 * MIB);
	assert_int_equal(spec.chip.id_len, 6);
	assert_int_equal(spec.chip.id[5], 6);
	device_spec_free(&spec);
}

TEST(a_plain_eeprom_has_32_kib)
{
	struct device_spec spec = parse("sim:eeprom");

	assert_int_equal(spec.kind, DEVICE_SIM_EEPROM);
	assert_string_equal(spec.table_name, "eeprom");
	assert_int_equal(spec.chip.size, 32 << 10);
	assert_int_equal(spec.chip.page, 64);
	device_spec_free(&spec);
}

TEST(an_eeprom_is_called_by_its_size_or_its_name)
{
	static const struct {
		const char *text;
		uint32_t size, page;
	} cases[] = {
		{ "size=128", 128, 16 },
		{ "size=25lc010", 128, 16 },
		{ "size=25AA040", 512, 16 },
		{ "size=at25080", 1 << 10, 32 },
		{ "size=M95640", 8 << 10, 32 },
		{ "size=16k", 16 << 10, 64 },
		{ "size=25lc256", 32 << 10, 64 },
		{ "size=m95512", 64 << 10, 128 },
		{ "size=25lc1024", 128 << 10, 256 },
		{ "size=m95m01", 128 << 10, 256 },
		{ "page=32,size=at25m02", 256 << 10, 32 },
		{ "size=1k,page=1", 1 << 10, 1 },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec;

		snprintf(text, sizeof(text), "sim:eeprom,%s", cases[i].text);
		spec = parse(text);
		assert_int_equal(spec.chip.size, cases[i].size);
		assert_int_equal(spec.chip.page, cases[i].page);
		device_spec_free(&spec);
	}
}

TEST(a_nand_takes_all_keys_at_once)
{
	struct device_spec spec = parse("sim:nand");

	assert_int_equal(spec.kind, DEVICE_SIM_NAND);
	assert_string_equal(spec.table_name, "nand");
	assert_int_equal(spec.chip.size, 128 * MIB);
	assert_int_equal(spec.chip.bad_count, 0);
	assert_false(spec.chip.unlocked);
	device_spec_free(&spec);
	spec = parse("sim:nand,locked=no,bad=7:511,size=64M,id=efba21,file=f");
	assert_int_equal(spec.chip.size, 64 * MIB);
	assert_int_equal(spec.chip.bad_count, 2);
	assert_int_equal(spec.chip.bad[0], 7);
	assert_int_equal(spec.chip.bad[1], 511);
	assert_true(spec.chip.unlocked);
	assert_memory_equal(spec.chip.id, "\xef\xba\x21", 3);
	assert_string_equal(spec.chip.file, "f");
	device_spec_free(&spec);
}

#define NOR_KEYS    SIM_KEYS ", size, file, id"
#define EEPROM_KEYS SIM_KEYS ", size, page, file"
#define A_SIZE	    "a power of two from 64K to 256M"
#define AN_EEPROM   "a power of two from 128 to 256K, or a name, as 25lc040"
#define THE_BAD	    "1 to 20 numbers of blocks, such as 7:300"
#define A_PAGE	    "a power of two from 1 to 256"
#define AN_ID	    "3 to 6 bytes in hex, such as ef4018"

static const struct mistake key_mistakes[] = {
	{ "sim:nor,speed=1",
	  "\"speed\" is not a key of sim:nor, which has: " NOR_KEYS },
	{ "sim:eeprom,id=ef4018",
	  "\"id\" is not a key of sim:eeprom, which has: " EEPROM_KEYS },
	{ "sim:nor,bad=1",
	  "\"bad\" is not a key of sim:nor, which has: " NOR_KEYS },
	{ "sim:nor,page=16",
	  "\"page\" is not a key of sim:nor, which has: " NOR_KEYS },
	{ "sim:regs,size=1k",
	  "\"size\" is not a key of sim:regs, which has: " SIM_KEYS ", file" },
};

static const struct mistake value_mistakes[] = {
	{ "sim:nor,size=3M", "size=3M is not " A_SIZE },
	{ "sim:nor,size=32K", "size=32K is not " A_SIZE },
	{ "sim:nor,size=512M", "size=512M is not " A_SIZE },
	{ "sim:nor,size=0", "size=0 is not " A_SIZE },
	{ "sim:nor,id=ef40", "id=ef40 is not " AN_ID },
	{ "sim:nor,id=ef40181", "id=ef40181 is not " AN_ID },
	{ "sim:nor,id=0xef4018", "id=0xef4018 is not " AN_ID },
	{ "sim:nor,id=ef401g", "id=ef401g is not " AN_ID },
	{ "sim:eeprom,size=64", "size=64 is not " AN_EEPROM },
	{ "sim:eeprom,size=512k", "size=512k is not " AN_EEPROM },
	{ "sim:eeprom,size=3k", "size=3k is not " AN_EEPROM },
	{ "sim:eeprom,size=25lc", "size=25lc is not " AN_EEPROM },
	{ "sim:eeprom,size=25lc2560", "size=25lc2560 is not " AN_EEPROM },
	{ "sim:eeprom,size=24lc256", "size=24lc256 is not " AN_EEPROM },
	{ "sim:eeprom,page=0", "page=0 is not " A_PAGE },
	{ "sim:eeprom,page=24", "page=24 is not " A_PAGE },
	{ "sim:eeprom,page=512", "page=512 is not " A_PAGE },
	{ "sim:eeprom,page=256,size=128", "page=256 is more than size=128" },
	{ "sim:nand,size=32M", "size=32M is not 64M or 128M" },
	{ "sim:nand,size=96M", "size=96M is not 64M or 128M" },
	{ "sim:nand,size=256M", "size=256M is not 64M or 128M" },
	{ "sim:nand,locked=1", "locked=1 is not yes or no" },
	{ "sim:nand,bad=0", "bad=0 is not " THE_BAD },
	{ "sim:nand,bad=1024", "bad=1024 is not " THE_BAD },
	{ "sim:nand,bad=1:", "bad=1: is not " THE_BAD },
	{ "sim:nand,bad=1-2", "bad=1-2 is not " THE_BAD },
	{ "sim:nand,bad=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21",
	  "bad=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21 is "
	  "not " THE_BAD },
	{ "sim:nand,bad=5:600,size=64M", "bad=600 is no block: there are 512" },
	{ "sim:regs", "sim:regs needs file=" },
	{ "sim:nor,id=01020304050607", "id=01020304050607 is not " AN_ID },
};

TEST(a_key_of_another_chip_is_refused)
{
	check_mistakes(key_mistakes,
		       sizeof(key_mistakes) / sizeof(key_mistakes[0]));
}

TEST(a_bad_value_is_refused)
{
	check_mistakes(value_mistakes,
		       sizeof(value_mistakes) / sizeof(value_mistakes[0]));
}

TEST_MAIN(NULL, NULL)
