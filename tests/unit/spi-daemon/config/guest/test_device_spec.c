/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/config/key/trace_name.h"
#include "tests/unit/spi-daemon/config/guest/device_spec_rig.h"

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
		{ "d,cs=eeprom", CS_TABLE },	  { "d,cs=linux", CS_LINUX },
		{ "d,cs=nor", CS_TABLE },	  { "d,cs=nand", CS_TABLE },
		{ "d,cs=auto", CS_AUTO },	  { "d,cs=spec", CS_SPEC },
		{ "d,cs=transfer", CS_TRANSFER }, { "d,cs=at45", CS_TABLE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_spec spec = parse(cases[i].text);

		assert_int_equal(spec.framing, cases[i].framing);
		assert_int_equal(!!spec.table, spec.framing == CS_TABLE ||
						       spec.framing == CS_AUTO);
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

TEST(every_device_may_have_a_trace)
{
	struct device_spec host = parse("/dev/spidev0.0,trace=/tmp/a=b.txt");
	struct device_spec sim = parse("sim:loopback");

	assert_string_equal(host.trace, "/tmp/a=b.txt");
	assert_null(sim.trace);
	device_spec_free(&host);
	device_spec_free(&sim);
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

TEST(free_empties_the_spec_and_may_be_repeated)
{
	struct device_spec spec = parse("sim:nor,file=f");

	device_spec_free(&spec);
	assert_null(spec.path);
	assert_null(spec.chip.file);
	device_spec_free(&spec);
}

#define SPIDEV_KEYS ALL_KEYS ", host-shared"
#define THE_SIMS                                                  \
	"sim:loopback, sim:nor, sim:eeprom, sim:nand, sim:regs, " \
	"sim:socket=PATH"
#define A_CS \
	"auto, linux, nor, nand, eeprom, at45, table:FILE, spec or transfer"
#define A_HOLD	  "a number of ms from 1 to 10000"
#define A_BUS	  "a name of at most 32 letters, digits, - and _"
#define A_SPEED	  "a number of Hz from 1000 to 4000000000"
#define A_TIMEOUT "a number of ms from 1 to 5000"

static const struct mistake path_mistakes[] = {
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
	{ "sim:nor,trace=/tmp/t", "trace=/tmp/t is not " TRACE_NAMES },
	{ "sim:socket=s,timeout=0", "timeout=0 is not " A_TIMEOUT },
	{ "sim:socket=s,timeout=5001", "timeout=5001 is not " A_TIMEOUT },
};

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
