/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the built-in tables make of each command, and of all transfers that may
 * follow it, is what builtin-tables.txt says: a line for each command that has
 * a row, with its effect and a hash of the plans.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/framing/chip_select.h"
#include "tests/lib/test.h"

#define PLANS	    "tests/unit/spi-daemon/framing/table/builtin-tables.txt"
#define FNV_OFFSET  UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME   UINT64_C(0x100000001b3)
#define TRANSFERS   4
#define IN_NO_TABLE UINT64_C(0x89e273112f7d0757)

static const struct cs_request kinds[] = {
	{ .tx = true, .len = 1 },
	{ .tx = true, .len = 2 },
	{ .tx = true, .len = 3 },
	{ .tx = true, .len = 4 },
	{ .tx = true, .len = 5 },
	{ .tx = true, .len = 6 },
	{ .tx = true, .len = 260 },
	{ .rx = true, .len = 3 },
	{ .tx = true, .rx = true, .len = 2 },
	{ .tx = true, .cs_change = true, .len = 1 },
	{ .rx = true, .cs_change = true, .len = 1 },
};

static uint64_t hash(uint64_t h, char c)
{
	return (h ^ (uint8_t)c) * FNV_PRIME;
}

/* Hashes the plans of all transfers behind @cs, up to so many in all. */
static uint64_t hash_plans(const struct cs_table *table, uint8_t command,
			   const struct chip_select *cs, unsigned int count,
			   uint64_t h)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct chip_select next = *cs;
		struct cs_request request = kinds[i];
		struct cs_plan plan;

		request.framing = CS_TABLE;
		request.table = table;
		request.opcode = !request.tx ? 0 : count ? 0xee : command;
		plan = chip_select_plan(&next, &request);
		h = hash(h, plan.joins ? 'j' : '.');
		h = hash(h, plan.keep ? 'k' : '.');
		h = hash(h, plan.defers ? 'd' : '.');
		chip_select_done(&next, &request, &plan);
		if (count + 1 < TRANSFERS && next.message == CS_HELD)
			h = hash_plans(table, command, &next, count + 1, h);
		else
			h = hash(h, '|');
	}
	return h;
}

/* Hashes what each answer to a status command says. */
static uint64_t hash_answers(const struct cs_command *command, uint8_t second)
{
	const uint8_t header[2] = { command->value, second };
	uint64_t h = FNV_OFFSET;

	for (unsigned int answer = 0; answer < 256; answer++)
		h = hash(h,
			 cs_command_says_busy(command, header, (uint8_t)answer)
				 ? 'b'
				 : 'r');
	return h;
}

static void describe(const char *name, const struct cs_table *table,
		     uint8_t first, char *line, size_t size)
{
	static const char *const effects[] = { "-",	 "opens",  "closes",
					       "starts", "resets", "loads",
					       "status", "cache" };
	const struct cs_command *command = cs_table_find(table, first);
	const struct chip_select closed = { .message = CS_CLOSED };
	uint64_t plans = hash_plans(table, first, &closed, 0, FNV_OFFSET);
	int len;

	*line = '\0';
	if (!command) {
		assert_int_equal(plans, IN_NO_TABLE);
		return;
	}
	len = snprintf(line, size, "%s %02x %s %016" PRIx64, name, first,
		       effects[command->effect], plans);
	if (command->effect == EFFECT_STATUS)
		snprintf(line + len, size - (size_t)len,
			 " %016" PRIx64 " %016" PRIx64,
			 hash_answers(command, 0x11),
			 hash_answers(command, 0xc0));
}

TEST(built_in_tables_mean_what_they_did)
{
	static const char *const names[] = { "nor", "nand", "eeprom", "at45" };
	FILE *plans = fopen(PLANS, "re");
	struct cs_table *table;

	assert_non_null(plans);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(cs_table_builtin(names[i], &table), 0);
		for (unsigned int first = 0; first < 256; first++) {
			char got[160], want[160];

			describe(names[i], table, (uint8_t)first, got,
				 sizeof(got));
			if (!*got)
				continue;
			assert_non_null(fgets(want, sizeof(want), plans));
			want[strcspn(want, "\n")] = '\0';
			assert_string_equal(got, want);
		}
		cs_table_free(table);
	}
	assert_int_equal(fgetc(plans), EOF);
	fclose(plans);
}

TEST(there_are_no_other_built_in_tables)
{
	struct cs_table *table;

	assert_int_equal(cs_table_builtin("linux", &table), -ENOENT);
}

TEST_MAIN(NULL, NULL)
