/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* cs=nor, nand, eeprom and at45: the opcode tells where a message ends. */
#include "tests/lib/test.h"
#include "tests/unit/spi-daemon/framing/chip_select_steps.h"

static void run(const char *framing, const struct cs_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cs_case_run(framing, &cases[i]);
}

#define RUN(framing, cases) \
	run(framing, cases, sizeof(cases) / sizeof((cases)[0]))

/* Behind each there is a message of another kind, which must not join. */
#define NEXT OP(0x05, 1, "k"), RX(1, "j")

/* What Linux sends, a phase at a time, for every kind of each flash. */
static void run_ops(const char *framing, const uint8_t *opcodes, size_t count,
		    const struct cs_case *like)
{
	for (size_t i = 0; i < count; i++) {
		struct cs_case c = *like;

		c.steps[0].opcode = opcodes[i];
		cs_case_run(framing, &c);
	}
}

#define RUN_OPS(framing, opcodes, like) \
	run_ops(framing, opcodes, sizeof(opcodes), like)

TEST(nor_commands_are_one_part)
{
	static const uint8_t opcodes[] = { 0x06, 0x04, 0x50, 0xc7, 0x60, 0x66,
					   0x99, 0xf0, 0xb7, 0xe9, 0xb9, 0xab,
					   0x30, 0x75, 0x7a, 0x98, 0x7e };
	static const struct cs_case like = { "command",
					     { OP(0, 1, ""), NEXT } };

	RUN_OPS("nor", opcodes, &like);
}

TEST(nor_reads_end_with_what_is_received)
{
	static const uint8_t opcodes[] = {
		0x9f, 0x9e, 0x05, 0x35, 0x15, 0x70, 0x3f, 0x65,
		0x5a, 0x4b, 0x48, 0x85, 0xb5, 0xc8, 0x16, 0x2b,
		0x03, 0x0b, 0x3b, 0x6b, 0xbb, 0xeb, 0x8b, 0xcb,
		0x13, 0x0c, 0x3c, 0x6c, 0xbc, 0xec, 0x7c, 0xcc,
	};
	static const struct cs_case likes[] = {
		{ "register", { OP(0, 1, "k"), RX(3, "j"), NEXT } },
		{ "array, 3 bytes",
		  { OP(0, 1, "k"), TX(3, "jk"), RX(256, "j"), NEXT } },
		{ "array, 4 bytes, dummy",
		  { OP(0, 1, "k"), TX(4, "jk"), TX(1, "jk"), RX(1, "j"),
		    NEXT } },
		{ "address with dummy in one",
		  { OP(0, 1, "k"), TX(5, "jk"), RX(9, "j"), NEXT } },
		{ "all in one", { OP(0, 5, "k"), RX(9, "j"), NEXT } },
	};

	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		RUN_OPS("nor", opcodes, &likes[i]);
}

TEST(nor_arguments_are_the_last_part)
{
	static const uint8_t opcodes[] = { 0x01, 0x31, 0x11, 0x81, 0xb1,
					   0xc5, 0x17, 0x20, 0x21, 0x52,
					   0x5c, 0xd8, 0xdc, 0xd7, 0x44 };
	static const struct cs_case likes[] = {
		{ "one byte", { OP(0, 1, "k"), TX(1, "j"), NEXT } },
		{ "3 bytes", { OP(0, 1, "k"), TX(3, "j"), NEXT } },
		{ "4 bytes", { OP(0, 1, "k"), TX(4, "j"), NEXT } },
		{ "in one with the opcode", { OP(0, 4, ""), NEXT } },
	};

	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		RUN_OPS("nor", opcodes, &likes[i]);
}

TEST(nor_programs_end_with_their_data)
{
	static const uint8_t opcodes[] = { 0x02, 0x32, 0xa2, 0xd2, 0x38,
					   0x82, 0xc2, 0x42, 0x71 };
	static const struct cs_case likes[] = {
		{ "3 bytes",
		  { OP(0, 1, "k"), TX(3, "jk"), TX(256, "j"), NEXT } },
		{ "4 bytes, in 4-byte mode",
		  { OP(0, 1, "k"), TX(4, "jk"), TX(256, "j"), NEXT } },
		{ "one byte of data",
		  { OP(0, 1, "k"), TX(3, "jk"), TX(1, "j"), NEXT } },
		{ "one byte of data, 4-byte mode",
		  { OP(0, 1, "k"), TX(4, "jk"), TX(1, "j"), NEXT } },
		{ "opcode and address in one",
		  { OP(0, 4, "k"), TX(256, "j"), NEXT } },
		{ "opcode and 4 bytes in one",
		  { OP(0, 5, "k"), TX(256, "j"), NEXT } },
		{ "address byte by byte",
		  { OP(0, 1, "k"), TX(1, "jk"), TX(1, "jk"), TX(1, "jk"),
		    TX(7, "j"), NEXT } },
		{ "address and data in one",
		  { OP(0, 1, "k"), TX(259, "j"), NEXT } },
		{ "all in one", { OP(0, 260, ""), NEXT } },
	};

	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		RUN_OPS("nor", opcodes, &likes[i]);
}

TEST(nor_4_byte_programs_have_4_bytes)
{
	static const uint8_t opcodes[] = { 0x12, 0x34, 0x3e, 0x84, 0x8e };
	static const struct cs_case likes[] = {
		{ "in parts",
		  { OP(0, 1, "k"), TX(4, "jk"), TX(256, "j"), NEXT } },
		{ "opcode and address in one",
		  { OP(0, 5, "k"), TX(1, "j"), NEXT } },
		{ "all in one", { OP(0, 6, ""), NEXT } },
	};

	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		RUN_OPS("nor", opcodes, &likes[i]);
}

TEST(cs_change_and_received_data_always_end_it)
{
	static const struct cs_case cases[] = {
		{ "cs_change on the opcode",
		  { OP_CHANGE(0x9f, 1, ""), RX(3, "") } },
		{ "cs_change on the address",
		  { OP(0x02, 1, "k"), TX_CHANGE(3, "j"), OP(0x06, 1, "") } },
		{ "cs_change on the data",
		  { OP(0x9f, 1, "k"), RX_CHANGE(3, "j"), OP(0x06, 1, "") } },
	};
	static const struct cs_case both[] = {
		{ "full duplex", { DUPLEX(1, ""), RX(1, "") } },
		{ "full duplex in the middle",
		  { OP(0x03, 1, "k"), DUPLEX(4, "j"), RX(1, "") } },
		{ "received data alone", { RX(1, ""), RX(1, "") } },
		{ "reads where an argument is due",
		  { OP(0xd8, 1, "k"), RX(1, "j"), OP(0x06, 1, "") } },
	};

	RUN("nor", cases);
	RUN("nor", both);
	RUN("nand", both);
}

/* Framed as linux does: the best guess there is. */
TEST(unknown_opcodes_are_framed_like_linux)
{
	static const struct cs_case cases[] = {
		{ "write, read", { TX(1, "k"), RX(1, "j"), NEXT } },
		{ "two writes", { TX(1, "k"), TX(1, "k"), RX(1, "j") } },
		{ "write, command",
		  { TX(1, "k"), OP(0x06, 1, ""), RX(1, "") } },
	};

	RUN("nor", cases);
}

TEST(other_chips_begin_their_own_message)
{
	static const struct cs_case cases[] = {
		{ "in the middle",
		  { OP(0x02, 1, "k"), TX1(1, "k"), TX(3, "k") } },
		{ "read", { OP(0x9f, 1, "k"), RX1(1, ""), RX(3, "") } },
	};

	RUN("nor", cases);
}

/* The opcode of a message is its first byte, not that of a later part. */
TEST(data_that_looks_like_an_opcode_is_data)
{
	static const struct cs_case cases[] = {
		{ "program",
		  { OP(0x02, 1, "k"), OP(0x06, 3, "jk"), OP(0x9f, 8, "j"),
		    NEXT } },
		{ "erase", { OP(0xd8, 1, "k"), OP(0x02, 3, "j"), NEXT } },
		{ "read",
		  { OP(0x0b, 1, "k"), OP(0x06, 4, "jk"), RX(8, "j"), NEXT } },
	};

	RUN("nor", cases);
}

#define NAND_NEXT OP(0x0f, 1, "k"), TX(1, "jk"), RX(1, "j")

TEST(nand_ops_end_where_they_should)
{
	static const struct cs_case likes[] = {
		{ "command", { OP(0, 1, ""), NAND_NEXT } },
		{ "read",
		  { OP(0, 1, "k"), TX(2, "jk"), TX(1, "jk"), RX(64, "j"),
		    NAND_NEXT } },
		{ "row", { OP(0, 1, "k"), TX(3, "j"), NAND_NEXT } },
		{ "load",
		  { OP(0, 1, "k"), TX(2, "jk"), TX(2048, "j"), NAND_NEXT } },
	};
	static const uint8_t commands[] = { 0x06, 0x04, 0xff };
	static const uint8_t reads[] = { 0x9f, 0x0f, 0x03, 0x0b, 0x3b,
					 0x6b, 0xbb, 0xeb, 0x8b, 0xcb };
	static const uint8_t rows[] = { 0x13, 0x10, 0xd8 };
	static const uint8_t loads[] = { 0x02, 0x84, 0x32, 0x34,
					 0xc4, 0x82, 0xc2 };
	static const struct cs_case others[] = {
		{ "set feature",
		  { OP(0x1f, 1, "k"), TX(1, "jk"), TX(1, "j"), NAND_NEXT } },
		{ "set feature, address and value in one",
		  { OP(0x1f, 1, "k"), TX(2, "j"), NAND_NEXT } },
		{ "set feature in one", { OP(0x1f, 3, ""), NAND_NEXT } },
		{ "get feature in one",
		  { OP(0x0f, 2, "k"), RX(1, "j"), NAND_NEXT } },
		{ "one byte loaded",
		  { OP(0x02, 1, "k"), TX(2, "jk"), TX(1, "j"), NAND_NEXT } },
	};

	RUN_OPS("nand", commands, &likes[0]);
	RUN_OPS("nand", reads, &likes[1]);
	RUN_OPS("nand", rows, &likes[2]);
	RUN_OPS("nand", loads, &likes[3]);
	RUN("nand", others);
}

TEST(eeprom_ops_end_where_they_should)
{
#define EEPROM_NEXT OP(0x05, 1, "k"), RX(1, "j")
	static const struct cs_case likes[] = {
		{ "command", { OP(0, 1, ""), EEPROM_NEXT } },
		{ "read",
		  { OP(0, 1, "k"), TX(2, "jk"), RX(64, "j"), EEPROM_NEXT } },
		{ "read, opcode and address in one",
		  { OP(0, 3, "k"), RX(64, "j"), EEPROM_NEXT } },
		{ "write, one address byte",
		  { OP(0, 1, "k"), TX(1, "jk"), TX(1, "j"), EEPROM_NEXT } },
		{ "write, two address bytes",
		  { OP(0, 1, "k"), TX(2, "jk"), TX(1, "j"), EEPROM_NEXT } },
		{ "write, three address bytes",
		  { OP(0, 1, "k"), TX(3, "jk"), TX(256, "j"), EEPROM_NEXT } },
		{ "write in one", { OP(0, 4, ""), EEPROM_NEXT } },
	};
	static const uint8_t commands[] = { 0x06, 0x04 };
	static const uint8_t reads[] = { 0x03, 0x0b, 0x83 };
	static const uint8_t writes[] = { 0x02, 0x0a, 0x82 };
	static const struct cs_case others[] = {
		{ "write status",
		  { OP(0x01, 1, "k"), TX(1, "j"), EEPROM_NEXT } },
		{ "write status in one", { OP(0x01, 2, ""), EEPROM_NEXT } },
		{ "full duplex", { DUPLEX(1, ""), RX(1, "") } },
	};

	RUN_OPS("eeprom", commands, &likes[0]);
	RUN_OPS("eeprom", reads, &likes[1]);
	RUN_OPS("eeprom", reads, &likes[2]);
	for (size_t i = 3; i < 7; i++)
		RUN_OPS("eeprom", writes, &likes[i]);
	RUN("eeprom", others);
}

/* As Linux's mtd_dataflash sends them, and flashrom */
TEST(at45_ops_end_where_they_should)
{
#define AT45_NEXT OP(0xd7, 1, "k"), RX(1, "j")
	static const struct cs_case likes[] = {
		{ "program", { OP(0, 4, "k"), TX(11, "j"), AT45_NEXT } },
		{ "program in one", { OP(0, 260, ""), AT45_NEXT } },
		{ "address alone", { OP(0, 4, ""), AT45_NEXT } },
		{ "read", { OP(0, 8, "k"), RX(264, "j"), AT45_NEXT } },
		{ "read, bytes apart",
		  { OP(0, 1, "k"), TX(3, "jk"), RX(264, "j"), AT45_NEXT } },
		{ "command", { OP(0, 1, ""), AT45_NEXT } },
	};
	static const uint8_t programs[] = {
		0x82, 0x85, 0x84, 0x87, 0x02, 0x9b
	};
	static const uint8_t addresses[] = { 0x53, 0x55, 0x60, 0x61, 0x83,
					     0x86, 0x88, 0x89, 0x58, 0x59,
					     0x81, 0x50, 0x7c, 0xc7 };
	static const uint8_t reads[] = { 0xe8, 0x68, 0xd2, 0x52, 0x03, 0x01,
					 0x0b, 0x1b, 0xd1, 0xd3, 0xd4, 0xd6,
					 0x54, 0x56, 0x9f, 0xd7, 0x57, 0x77 };
	static const uint8_t commands[] = { 0xb9, 0xab, 0x79 };

	RUN_OPS("at45", programs, &likes[0]);
	RUN_OPS("at45", programs, &likes[1]);
	RUN_OPS("at45", addresses, &likes[2]);
	RUN_OPS("at45", reads, &likes[3]);
	RUN_OPS("at45", reads, &likes[4]);
	RUN_OPS("at45", commands, &likes[5]);
}

TEST_MAIN(NULL, NULL)
