/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes the notation of tables: the input is the text. A mistake is one line
 * with the name of the text. In a table that is accepted each command is
 * walked through, ends, and is equal to itself. `make fuzz` runs it.
 */
#include <errno.h>

#include "spi-daemon/framing/table/cs_table.h"
#include "tests/fuzz/fuzz.h"

/* Transfers of a message that never ends but for what is received */
#define TRANSFERS 64

static void walk(const struct cs_command *command)
{
	struct cs_place place = { 0 };
	bool more = true;

	for (unsigned int i = 0; more && i < TRANSFERS; i++)
		more = cs_command_step(command, &place, i % 7 + 1, i % 3 == 2);
	for (unsigned int i = 0; more && i <= CS_PARTS_MAX; i++)
		more = cs_command_step(command, &place, UINT64_MAX, i % 2);
	must(place.part <= command->part_count + 1);
}

static void check(const struct cs_table *table)
{
	uint8_t cmd[2];

	must(table->count && cs_table_equal(table, table));
	for (unsigned int first = 0; first < 256; first++) {
		const struct cs_command *command =
			cs_table_find(table, (uint8_t)first);

		must(!command || (first & command->mask) == command->value);
	}
	for (unsigned int i = 0; i < table->count; i++)
		walk(&table->commands[i]);
	if (cs_table_status_command(table, cmd))
		must(cs_table_find(table, cmd[0])->effect == EFFECT_STATUS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_table *table;
	char error[256] = "";
	int ret = cs_table_parse("text", (const char *)data, size, &table,
				 error, sizeof(error));

	if (ret) {
		must(ret == -EINVAL && !strncmp(error, "text:", 5) &&
		     !strchr(error, '\n'));
		return 0;
	}
	check(table);
	cs_table_free(table);
	return 0;
}
