/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* linux, spec, transfer; what is cut, lost or failed in any framing. */
#include "tests/lib/test.h"
#include "tests/unit/spi-daemon/framing/chip_select_steps.h"

static void run(const char *framing, const struct cs_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cs_case_run(framing, &cases[i]);
}

#define RUN(framing, cases) \
	run(framing, cases, sizeof(cases) / sizeof((cases)[0]))

TEST(linux_joins_a_read_to_the_write_before_it)
{
	static const struct cs_case cases[] = {
		{ "write, read", { TX(1, "k"), RX(4, "j") } },
		{ "write, read, write, read",
		  { TX(1, "k"), RX(4, "j"), TX(2, "k"), RX(1, "j") } },
		{ "two writes", { TX(1, "k"), TX(1, "k"), RX(1, "j") } },
		{ "read alone", { RX(1, ""), RX(1, "") } },
		{ "a read ends it", { TX(1, "k"), RX(1, "j"), RX(1, "") } },
		{ "full duplex is a message of its own",
		  { TX(1, "k"), DUPLEX(1, ""), RX(1, ""), DUPLEX(1, "") } },
		{ "cs_change releases",
		  { TX_CHANGE(1, ""), RX(1, ""), TX(1, "k"),
		    RX_CHANGE(1, "j") } },
		{ "another chip is another message",
		  { TX(1, "k"), RX1(1, ""), RX(1, "") } },
		{ "interleaved chips",
		  { TX(1, "k"), TX1(1, "k"), RX(1, ""), RX1(1, "") } },
	};

	RUN("linux", cases);
}

TEST(spec_takes_cs_change_to_the_letter)
{
	static const struct cs_case cases[] = {
		{ "0 keeps, 1 releases",
		  { TX(1, "k"), RX(1, "jk"), DUPLEX(1, "jk"), TX_CHANGE(1, "j"),
		    TX_CHANGE(1, "") } },
		{ "read first", { RX(1, "k"), RX_CHANGE(1, "j") } },
		{ "another chip is another message",
		  { TX(1, "k"), TX1_CHANGE(1, ""), RX_CHANGE(1, "") } },
		{ "interleaved chips",
		  { TX(1, "k"), TX1(1, "k"), TX(1, "k"), TX_CHANGE(1, "j") } },
	};

	RUN("spec", cases);
}

TEST(transfer_takes_cs_change_as_spidev_does)
{
	static const struct cs_case cases[] = {
		{ "0 releases, 1 keeps",
		  { TX(1, ""), RX(1, ""), TX_CHANGE(1, "k"), RX_CHANGE(1, "jk"),
		    DUPLEX(1, "j"), TX(1, "") } },
		{ "another chip is another message",
		  { TX_CHANGE(1, "k"), TX1(1, ""), RX(1, "") } },
	};

	RUN("transfer", cases);
}

TEST(late_half_is_lost_once)
{
	static const struct cs_case linux_cases[] = {
		{ "cut, read", { TX(1, "k"), CUT, RX(4, "l"), RX(4, "") } },
		{ "cut, new message",
		  { TX(1, "k"), CUT, TX(1, "k"), RX(1, "j") } },
		{ "cut, duplex",
		  { TX(1, "k"), CUT, DUPLEX(1, ""), RX(1, "") } },
		{ "cut, other chip",
		  { TX(1, "k"), CUT, RX1(1, ""), RX(1, "") } },
		{ "nothing to cut",
		  { TX(1, "k"), RX(1, "j"), CUT, RX(1, "") } },
		{ "cut twice",
		  { TX(1, "k"), CUT, CUT, RX(1, "l"), RX(1, "") } },
		{ "closed after the cut",
		  { TX(1, "k"), CUT, CLOSE, RX(1, "") } },
		{ "closed", { TX(1, "k"), CLOSE, RX(1, "") } },
	};
	static const struct cs_case spec_cases[] = {
		{ "cut, last part",
		  { TX(1, "k"), CUT, RX_CHANGE(1, "l"), RX(1, "k") } },
		{ "the rest is lost too",
		  { TX(1, "k"), CUT, TX(1, "lk"), RX(1, "lk"),
		    TX_CHANGE(1, "l"), TX_CHANGE(1, "") } },
	};

	RUN("linux", linux_cases);
	RUN("spec", spec_cases);
}

TEST(failure_loses_the_rest_of_its_message)
{
	static const struct cs_case linux_cases[] = {
		{ "write failed", { TX_FAILS(1, "k"), RX(1, "l"), RX(1, "") } },
		{ "read failed",
		  { TX(1, "k"), RX_FAILS(1, "j"), RX(1, ""), RX(1, "") } },
		{ "duplex failed", { DUPLEX_FAILS(1, ""), RX(1, "") } },
		{ "write failed, new message",
		  { TX_FAILS(1, "k"), TX(1, "k"), RX(1, "j") } },
	};
	static const struct cs_case spec_cases[] = {
		{ "first part",
		  { TX_FAILS(1, "k"), TX(1, "lk"), RX_CHANGE(1, "l"),
		    RX_CHANGE(1, "") } },
		{ "middle part",
		  { TX(1, "k"), TX_FAILS(1, "jk"), RX_CHANGE(1, "l"),
		    RX_CHANGE(1, "") } },
		{ "last part",
		  { TX(1, "k"), RX_CHANGE_FAILS(1, "j"), TX(1, "k") } },
	};
	static const struct cs_case transfer_cases[] = {
		{ "kept", { TX_CHANGE_FAILS(1, "k"), TX(1, "l"), TX(1, "") } },
		{ "released", { TX_FAILS(1, ""), TX(1, "") } },
	};
	static const struct cs_case nor_cases[] = {
		{ "opcode", { OP_FAILS(0x9f, 1, "k"), RX(3, "l"), RX(3, "") } },
		{ "address",
		  { OP(0x02, 1, "k"), TX_FAILS(3, "jk"), TX(9, "l"),
		    OP(0x05, 1, "k"), RX(1, "j") } },
		{ "opcode, and the whole rest",
		  { OP_FAILS(0x02, 1, "k"), TX(3, "lk"), TX(9, "l"),
		    OP(0x05, 1, "k") } },
	};

	RUN("linux", linux_cases);
	RUN("spec", spec_cases);
	RUN("transfer", transfer_cases);
	RUN("nor", nor_cases);
}

/* Chips of one guest may differ in framing. */
TEST(each_chip_has_its_own_framing)
{
	struct chip_select cs = { 0 };
	struct cs_request spec = {
		.chip = 0, .framing = CS_SPEC, .tx = true, .len = 1
	};
	struct cs_request other = {
		.chip = 1, .framing = CS_TRANSFER, .tx = true, .len = 1
	};
	struct cs_plan plan = chip_select_plan(&cs, &spec);

	assert_true(plan.keep);
	chip_select_done(&cs, &spec, &plan);
	plan = chip_select_plan(&cs, &other);
	assert_false(plan.joins);
	assert_false(plan.keep);
	plan = chip_select_plan(&cs, &spec);
	assert_true(plan.joins);
}

TEST(planning_changes_nothing)
{
	struct chip_select cs = { .message = CS_HELD,
				  .opcode = 0x9f,
				  .len = 1 };
	struct cs_request request = { .framing = CS_LINUX,
				      .rx = true,
				      .len = 3 };

	chip_select_plan(&cs, &request);
	assert_int_equal(cs.message, CS_HELD);
	assert_int_equal(cs.chip, 0);
	assert_int_equal(cs.opcode, 0x9f);
	assert_int_equal(cs.len, 1);
}

TEST(note_brings_an_open_message_back_as_cut)
{
	const struct chip_select messages[] = {
		{ .message = CS_HELD, .chip = 254, .opcode = 0x9f, .len = 1 },
		{ .message = CS_CUT, .chip = 0, .opcode = 0, .len = 4 },
		{ .message = CS_HELD,
		  .chip = 1,
		  .opcode = 0xff,
		  .len = 1u << 20 },
	};
	const struct chip_select closed = {
		.message = CS_CLOSED, .chip = 3, .opcode = 0x9f, .len = 5
	};
	struct chip_select cs;

	for (unsigned int i = 0; i < 3; i++) {
		const struct chip_select *was = &messages[i];
		uint32_t note = chip_select_note(was);

		assert_true(note < 1u << 24);
		chip_select_recover(&cs, note);
		assert_int_equal(cs.message, CS_CUT);
		assert_int_equal(cs.chip, was->chip);
		assert_int_equal(cs.opcode, was->opcode);
		assert_int_equal(cs.len, was->len > 127 ? 127 : was->len);
	}
	chip_select_recover(&cs, chip_select_note(&closed));
	assert_int_equal(cs.message, CS_CLOSED);
}

TEST_MAIN(NULL, NULL)
