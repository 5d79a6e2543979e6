/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer, the tool, on the daemon. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/lib/xfer/xfer_tool.h"

#define FLASH "--device=sim:nor,size=1M,id=c22014,cs-hold=5000"

static void parts_are_one_message(void **state)
{
	struct rig *rig = *state;

	xfer_expect(rig, "--cs 0 --tx 9f --rx 3", 0, "c2 20 14\n");
	xfer_expect(rig, "--tx 9f --rx 1 --cs-change=linux", 0, "c2\n");
	xfer_expect(rig, "--tx '03 00 00 00' --rx 4", 0, "ff ff ff ff\n");
	xfer_expect(rig, "--duplex 9f000000 | cut -c 4-", 0, "c2 20 14\n");
}

static void every_reading_part_has_its_line(void **state)
{
	struct rig *rig = *state;

	xfer_expect(rig, "--duplex 0102 --tx aa --duplex 03", 0, "01 02\n03\n");
	xfer_expect(rig, "--tx aabb", 0, "");
	xfer_expect(rig, "--duplex a1b2c3d4 --mode 3 --bits 16 --speed 400k", 0,
		    "a1 b2 c3 d4\n");
}

static void info_tells_features_and_config(void **state)
{
	struct rig *rig = *state;
	const char *indirect, *packed;

	assert_int_equal(xfer_run(rig, "--info"), 0);
	/* Every bit that we offer has a name here, too. */
	assert_non_null(strstr(xfer_output,
			       "features:          NOTIFY_ON_EMPTY LOG_ALL "
			       "ANY_LAYOUT INDIRECT_DESC"));
	assert_non_null(strstr(xfer_output, "EVENT_IDX"));
	assert_non_null(strstr(xfer_output, "CONFIGURE_MEM_SLOTS"));
	assert_non_null(strstr(xfer_output, "chip selects:      1\n"));
	assert_non_null(strstr(xfer_output, "bits per word:"));
	/* Once as offered, once as negotiated */
	indirect = strstr(xfer_output, "INDIRECT_DESC");
	assert_non_null(indirect);
	assert_non_null(strstr(indirect + 1, "INDIRECT_DESC"));
	packed = strstr(xfer_output, "RING_PACKED");
	assert_int_equal(packed != NULL, rig->packed);
	if (packed)
		assert_non_null(strstr(packed + 1, "RING_PACKED"));
}

static void errors_have_exit_codes(void **state)
{
	struct rig *rig = *state;

	xfer_expect(
		rig, "--cs 1 --tx 00", 3,
		"spi-xfer: part 0: PARAM_ERR: the device does not allow these "
		"parameters\n");
	xfer_expect(
		rig, "--tx 00 --bits 40", 3,
		"spi-xfer: part 0: PARAM_ERR: the device does not allow these "
		"parameters\n");
	xfer_expect(rig, "--tx 0", 1,
		    "spi-xfer: --tx=0: not bytes in hex, such as \"9f 00\"\n");
	assert_int_equal(xfer_run(rig, "--socket /nonexistent --tx 00"), 2);
	assert_string_equal(xfer_output,
			    "spi-xfer: /nonexistent: No such file or "
			    "directory\n");
	/* Somebody is served already. */
	rig_open(rig, 0);
	rig->packed = true;
	assert_int_equal(xfer_run(rig, "--tx 00"), 2);
}

static void files_are_sent_and_written(void **state)
{
	struct rig *rig = *state;
	char args[512];

	snprintf(args, sizeof(args),
		 "--duplex 414243 --rx-file %s/out && cat %s/out",
		 rig->daemon.dir, rig->daemon.dir);
	xfer_expect(rig, args, 0, "ABC");
	xfer_expect(rig, "--tx-file - < /dev/null", 1,
		    "spi-xfer: --tx-file=-: empty\n");
	snprintf(args, sizeof(args), "--tx-file %s/out", rig->daemon.dir);
	xfer_expect(rig, args, 0, "");
}

static void large_parts_pass(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(xfer_run(rig, "--rx 3000000 --rx-file - | wc -c"), 0);
	assert_string_equal(xfer_output, "3000000\n");
}

static void full_disk_is_an_error_of_the_file(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(xfer_run(rig, "--rx 3 > /dev/full"), 1);
	assert_int_equal(xfer_run(rig, "--rx 3 --rx-file /dev/full"), 1);
}

/* It is what was asked for, or nothing. */
static void packed_fails_where_it_is_not_offered(void **state)
{
	struct rig *rig = *state;

	rig->packed = true;
	assert_int_equal(xfer_run(rig, "--tx 00"), 2);
	assert_non_null(strstr(xfer_output,
			       "the back end offers no packed virtqueues\n"));
	rig->packed = false;
	xfer_expect(rig, "--duplex 00", 0, "00\n");
}

static void message_is_repeated(void **state)
{
	struct rig *rig = *state;
	int64_t begin = process_now_ms();

	xfer_expect(rig, "--duplex 41 --repeat 3", 0, "41\n41\n41\n");
	assert_int_equal(xfer_run(rig, "--duplex 41 --repeat 5 --rate 20"), 0);
	assert_in_range(process_now_ms() - begin, 200, DAEMON_TIMEOUT_MS);
	/* Until somebody has seen enough: SIGPIPE */
	assert_int_equal(xfer_run(rig, "--duplex 41 --repeat 0 | head -n 2"),
			 0);
	assert_string_equal(xfer_output, "41\n41\n");
	/* Not after an error */
	xfer_expect(rig, "--cs 7 --duplex 41 --repeat 3", 3,
		    "spi-xfer: part 0: PARAM_ERR: the device does not allow "
		    "these parameters\n");
}

static void several_chips_have_their_turn(void **state)
{
	struct rig *rig = *state;

	xfer_expect(rig, "--cs 0,1 --tx 9f --rx 2 --repeat 2", 0,
		    "cs0: c2 20\ncs1: ef 40\ncs0: c2 20\ncs1: ef 40\n");
	xfer_expect(rig, "--cs 1,2,0 --tx 9f --rx 2", 3,
		    "cs1: ef 40\nspi-xfer: part 0: PARAM_ERR: the device does "
		    "not allow these parameters\n");
	xfer_expect(rig, "--cs 1 --tx 9f --rx 2 --hexdump", 0,
		    "00000000  ef 40                                          "
		    "   |.@|\n");
}

static void help_and_version_are_printed(void **state)
{
	assert_int_equal(xfer_run(*state, "--help"), 0);
	assert_non_null(strstr(xfer_output, "--cs-change"));
	assert_int_equal(xfer_run(*state, "--version"), 0);
	assert_string_equal(xfer_output, "spi-xfer " VERSION "\n");
}

int main(void)
{
	static const char *const flash[] = { FLASH, NULL };
	static const char *const chips[] = {
		"--device=sim:nor,size=1M,id=c22014", "--device=sim:nor", NULL
	};
	static const char *const legacy[] = {
		"--device=sim:loopback", "--with=any-layout,notify-on-empty",
		NULL
	};
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH_ARGS(parts_are_one_message, flash),
		RIG_TEST_BOTH(every_reading_part_has_its_line),
		RIG_TEST_BOTH_ARGS(info_tells_features_and_config, legacy),
		RIG_TEST(errors_have_exit_codes),
		RIG_TEST(files_are_sent_and_written),
		RIG_TEST_BOTH(large_parts_pass),
		RIG_TEST_BOTH(full_disk_is_an_error_of_the_file),
		RIG_TEST(packed_fails_where_it_is_not_offered),
		RIG_TEST(message_is_repeated),
		RIG_TEST_ARGS(several_chips_have_their_turn, chips),
		RIG_TEST(help_and_version_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
