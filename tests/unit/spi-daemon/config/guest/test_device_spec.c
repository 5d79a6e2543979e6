/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/config/guest/device_spec.h"
#include "tests/lib/test.h"

#define MIB (1u << 20)

static struct device_spec parse(const char *text)
{
	struct device_spec spec;
	char error[256] = "";

	if (device_spec_parse(text, &spec, error, sizeof(error)) != 0)
		fail_msg("%s: %s", text, error);
	assert_string_equal(error, "");
	return spec;
}

TEST(a_plain_path_gets_the_defaults)
{
	struct device_spec spec = parse("/dev/spidev0.0");

	assert_int_equal(spec.kind, DEVICE_SPIDEV);
	assert_string_equal(spec.path, "/dev/spidev0.0");
	assert_int_equal(spec.framing, CS_LINUX);
	assert_int_equal(spec.cs_hold_ms, 10);
	assert_int_equal(spec.max_speed_hz, 0);
	assert_int_equal(spec.cs_high, CS_HIGH_DEFAULT);
	assert_int_equal(spec.max_request, 16 * MIB);
	assert_int_equal(spec.max_message_ms, 1000);
	assert_null(spec.sim_bus);
	assert_int_equal(spec.timing, SIM_TIMING_NONE);
	assert_int_equal(spec.chip.size, 0);
	assert_null(spec.chip.file);
	device_spec_free(&spec);
}

TEST(a_path_decides_the_kind)
{
	static const struct {
		const char *text;
		enum device_kind kind;
	} cases[] = {
		{ "/dev/spidev32766.255", DEVICE_SPIDEV },
		{ "spidev0.0", DEVICE_SPIDEV },
		{ "./sim:nor", DEVICE_SPIDEV },
		{ "simulated", DEVICE_SPIDEV },
		{ "/a=b", DEVICE_SPIDEV },
		{ "sim:loopback", DEVICE_SIM_LOOPBACK },
		{ "sim:nor", DEVICE_SIM_NOR },
		{ "sim:socket=/run/chip.sock", DEVICE_SIM_SOCKET },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);

		assert_int_equal(spec.kind, cases[i].kind);
		assert_string_equal(spec.path, cases[i].text);
		device_spec_free(&spec);
	}
}

TEST(every_framing_has_its_name)
{
	static const struct {
		const char *text;
		enum cs_framing framing;
	} cases[] = {
		{ "d,cs=eeprom", CS_EEPROM }, { "d,cs=linux", CS_LINUX },
		{ "d,cs=nor", CS_NOR },	      { "d,cs=nand", CS_NAND },
		{ "d,cs=spec", CS_SPEC },     { "d,cs=transfer", CS_TRANSFER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);

		assert_int_equal(spec.framing, cases[i].framing);
		device_spec_free(&spec);
	}
}

TEST(cs_high_takes_four_words)
{
	static const struct {
		const char *text;
		enum cs_high cs_high;
	} cases[] = {
		{ "d,cs-high=yes", CS_HIGH_YES },
		{ "d,cs-high=on", CS_HIGH_YES },
		{ "d,cs-high=no", CS_HIGH_NO },
		{ "d,cs-high=off", CS_HIGH_NO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);

		assert_int_equal(spec.cs_high, cases[i].cs_high);
		device_spec_free(&spec);
	}
}

TEST(numbers_are_taken_up_to_their_limits)
{
	static const struct {
		const char *text;
		uint32_t hold, speed, request;
	} cases[] = {
		{ "d,cs-hold=1", 1, 0, 16 * MIB },
		{ "d,cs-hold=10000", 10000, 0, 16 * MIB },
		{ "d,max-speed=1000", 10, 1000, 16 * MIB },
		{ "d,max-speed=1k", 10, 1000, 16 * MIB },
		{ "d,max-speed=25M", 10, 25000000, 16 * MIB },
		{ "d,max-speed=4000000000", 10, 4000000000, 16 * MIB },
		{ "d,max-speed=4G", 10, 4000000000, 16 * MIB },
		{ "d,max-request=4096", 10, 0, 4096 },
		{ "d,max-request=4K", 10, 0, 4096 },
		{ "d,max-request=1G", 10, 0, 1024 * MIB },
		{ "d,max-request=1M,max-speed=10k,cs-hold=7", 7, 10000, MIB },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);

		assert_int_equal(spec.cs_hold_ms, cases[i].hold);
		assert_int_equal(spec.max_speed_hz, cases[i].speed);
		assert_int_equal(spec.max_request, cases[i].request);
		device_spec_free(&spec);
	}
}

TEST(max_message_is_taken_up_to_its_limits)
{
	struct device_spec shortest = parse("d,max-message=1");
	struct device_spec longest = parse("sim:nor,max-message=600000");

	assert_int_equal(shortest.max_message_ms, 1);
	assert_int_equal(longest.max_message_ms, 600000);
	device_spec_free(&shortest);
	device_spec_free(&longest);
}

TEST(simulated_chips_have_a_bus_and_a_timing)
{
	struct device_spec nor = parse("sim:nor,bus=B-us_1,timing=real");
	struct device_spec loopback =
		parse("sim:loopback,timing=none,"
		      "bus=0123456789abcdef0123456789abcdef");

	assert_string_equal(nor.sim_bus, "B-us_1");
	assert_int_equal(nor.timing, SIM_TIMING_REAL);
	assert_string_equal(loopback.sim_bus,
			    "0123456789abcdef0123456789abcdef");
	assert_int_equal(loopback.timing, SIM_TIMING_NONE);
	device_spec_free(&nor);
	device_spec_free(&loopback);
}

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

	assert_int_equal(spec.framing, CS_NOR);
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

TEST(a_program_has_a_socket_and_a_timeout)
{
	struct device_spec spec = parse("sim:socket=/run/chip.sock");

	assert_string_equal(spec.socket.path, "/run/chip.sock");
	assert_int_equal(spec.socket.timeout_ms, 1000);
	assert_int_equal(spec.framing, CS_LINUX);
	device_spec_free(&spec);
	spec = parse("sim:socket=s,timeout=5000,bus=a,timing=real");
	assert_int_equal(spec.socket.timeout_ms, 5000);
	device_spec_free(&spec);
}

TEST(a_socket_path_has_at_most_107_bytes)
{
	char text[256] = "sim:socket=", error[256] = "";
	struct device_spec spec;

	memset(text + 11, 'x', 107);
	assert_int_equal(device_spec_parse(text, &spec, error, sizeof(error)),
			 0);
	device_spec_free(&spec);
	text[11 + 107] = 'x';
	assert_int_equal(device_spec_parse(text, &spec, error, sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, "1 to 107 bytes"));
}

TEST(a_plain_eeprom_has_32_kib)
{
	struct device_spec spec = parse("sim:eeprom");

	assert_int_equal(spec.kind, DEVICE_SIM_EEPROM);
	assert_int_equal(spec.framing, CS_EEPROM);
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
	assert_int_equal(spec.framing, CS_NAND);
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

TEST(free_empties_the_spec_and_may_be_repeated)
{
	struct device_spec spec = parse("sim:nor,file=f");

	device_spec_free(&spec);
	assert_null(spec.path);
	assert_null(spec.chip.file);
	device_spec_free(&spec);
}

#define ALL_KEYS                                                          \
	"cs, cs-hold, cs-late, op-max, max-speed, cs-high, max-request, " \
	"max-message, exclusive"
#define SPIDEV_KEYS ALL_KEYS ", host-shared"
#define SIM_KEYS    ALL_KEYS ", bus, timing"
#define NOR_KEYS    SIM_KEYS ", size, file, id"
#define EEPROM_KEYS SIM_KEYS ", size, page, file"
#define THE_SIMS                                                  \
	"sim:loopback, sim:nor, sim:eeprom, sim:nand, sim:regs, " \
	"sim:socket=PATH"
#define A_CS	  "linux, nor, nand, eeprom, spec or transfer"
#define A_HOLD	  "a number of ms from 1 to 10000"
#define A_BUS	  "a name of at most 32 letters, digits, - and _"
#define A_SPEED	  "a number of Hz from 1000 to 4000000000"
#define A_SIZE	  "a power of two from 64K to 256M"
#define A_TIMEOUT "a number of ms from 1 to 5000"
#define AN_EEPROM "a power of two from 128 to 256K, or a name, as 25lc040"
#define THE_BAD	  "1 to 20 numbers of blocks, such as 7:300"
#define A_PAGE	  "a power of two from 1 to 256"
#define AN_ID	  "3 to 6 bytes in hex, such as ef4018"

static const struct mistake {
	const char *text;
	const char *error;
} path_mistakes[] = {
	{ "", "the path is empty" },
	{ ",cs=nor", "the path is empty" },
	{ "sim:", "sim: is not one of " THE_SIMS },
	{ "sim:flash", "sim:flash is not one of " THE_SIMS },
	{ "sim:socket", "sim:socket is not one of " THE_SIMS },
	{ "sim:socket=", "sim:socket=: the path has to have 1 to 107 bytes" },
	{ "sim:nor2", "sim:nor2 is not one of " THE_SIMS },
};

static const struct mistake key_mistakes[] = {
	{ "d,speed=1", "\"speed\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,CS=nor", "\"CS\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,size=1M", "\"size\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "sim:loopback,file=f",
	  "\"file\" is not a key of sim:loopback, which has: " SIM_KEYS },
	{ "d,bus=a", "\"bus\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,timing=real",
	  "\"timing\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,id=ef4018", "\"id\" is not a key of d, which has: " SPIDEV_KEYS },
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
	{ "d,", "\"\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,,cs=nor", "\"\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,=5", "\"\" is not a key of d, which has: " SPIDEV_KEYS },
	{ "d,cs", "cs has no value" },
	{ "d,cs=", "cs= has no value" },
	{ "sim:nor,file=", "file= has no value" },
	{ "d,cs=nor,cs=nor", "cs=nor is the second cs=" },
	{ "sim:nor,file=a,cs=nor,file=b", "file=b is the second file=" },
};

static const struct mistake value_mistakes[] = {
	{ "d,cs=NOR", "cs=NOR is not " A_CS },
	{ "d,cs=linux ", "cs=linux  is not " A_CS },
	{ "d,cs-hold=0", "cs-hold=0 is not " A_HOLD },
	{ "d,cs-hold=10001", "cs-hold=10001 is not " A_HOLD },
	{ "d,cs-hold=1k", "cs-hold=1k is not " A_HOLD },
	{ "d,cs-hold=-1", "cs-hold=-1 is not " A_HOLD },
	{ "d,max-speed=999", "max-speed=999 is not " A_SPEED },
	{ "d,max-speed=4000000001", "max-speed=4000000001 is not " A_SPEED },
	{ "d,max-speed=5G", "max-speed=5G is not " A_SPEED },
	{ "d,max-speed=18446744074G",
	  "max-speed=18446744074G is not " A_SPEED },
	{ "d,max-speed=99999999999999999999",
	  "max-speed=99999999999999999999 is not " A_SPEED },
	{ "d,max-speed=1MHz", "max-speed=1MHz is not " A_SPEED },
	{ "d,max-speed=1.5M", "max-speed=1.5M is not " A_SPEED },
	{ "d,max-speed=M", "max-speed=M is not " A_SPEED },
	{ "d,max-speed= 1M", "max-speed= 1M is not " A_SPEED },
	{ "d,max-speed=-1M", "max-speed=-1M is not " A_SPEED },
	{ "d,max-speed=0x1000", "max-speed=0x1000 is not " A_SPEED },
	{ "d,cs-high=1", "cs-high=1 is not yes or no" },
	{ "d,max-request=4095",
	  "max-request=4095 is not a size from 4096 to 1G" },
	{ "d,max-request=1025M",
	  "max-request=1025M is not a size from 4096 to 1G" },
	{ "d,max-message=0", "max-message=0 is not a number of ms from 1 to "
			     "600000" },
	{ "d,max-message=600001",
	  "max-message=600001 is not a number of ms from 1 to 600000" },
	{ "d,max-message=1k",
	  "max-message=1k is not a number of ms from 1 to 600000" },
	{ "sim:nor,bus=a/b", "bus=a/b is not " A_BUS },
	{ "sim:nor,bus=a b", "bus=a b is not " A_BUS },
	{ "sim:loopback,bus=0123456789abcdef0123456789abcdef0",
	  "bus=0123456789abcdef0123456789abcdef0 is not " A_BUS },
	{ "sim:nor,timing=fast", "timing=fast is not none or real" },
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
	{ "sim:socket=s,timeout=0", "timeout=0 is not " A_TIMEOUT },
	{ "sim:socket=s,timeout=5001", "timeout=5001 is not " A_TIMEOUT },
	{ "sim:nor,id=01020304050607", "id=01020304050607 is not " AN_ID },
};

static void check_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct device_spec spec;
		char error[256] = "";

		assert_int_equal(device_spec_parse(mistakes[i].text, &spec,
						   error, sizeof(error)),
				 -EINVAL);
		assert_string_equal(error, mistakes[i].error);
		assert_null(spec.path);
		assert_null(spec.chip_file);
	}
}

TEST(a_bad_path_is_refused)
{
	check_mistakes(path_mistakes,
		       sizeof(path_mistakes) / sizeof(path_mistakes[0]));
}

TEST(a_bad_key_is_refused)
{
	check_mistakes(key_mistakes,
		       sizeof(key_mistakes) / sizeof(key_mistakes[0]));
}

TEST(a_bad_value_is_refused)
{
	check_mistakes(value_mistakes,
		       sizeof(value_mistakes) / sizeof(value_mistakes[0]));
}

TEST(a_long_mistake_fits_a_short_buffer)
{
	struct device_spec spec;
	char text[2000] = "d,cs=";
	char error[16];

	memset(text + 5, 'x', sizeof(text) - 6);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(device_spec_parse(text, &spec, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "cs=xxxxxxxxxxxx");
	memset(text + 2, 'x', 3);
	assert_int_equal(device_spec_parse(text, &spec, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "\"xxxxxxxxxxxxxx");
}

TEST_MAIN(NULL, NULL)
