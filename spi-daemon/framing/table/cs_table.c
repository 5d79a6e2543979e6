/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/table/cs_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/framing/table/builtin.h"

int cs_table_builtin(const char *name, struct cs_table **table)
{
	static const struct {
		const char *name, *text;
	} texts[] = {
		{ "nor", cs_table_text_nor },
		{ "nand", cs_table_text_nand },
		{ "eeprom", cs_table_text_eeprom },
		{ "at45", cs_table_text_at45 },
	};
	char error[128];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(name, texts[i].name))
			return cs_table_parse(name, texts[i].text,
					      strlen(texts[i].text), table,
					      error, sizeof(error));
	return -ENOENT;
}

void cs_table_free(struct cs_table *table)
{
	free(table);
}

unsigned int cs_table_status_command(const struct cs_table *table,
				     uint8_t cmd[2])
{
	const struct cs_command *command;

	if (!table->status)
		return 0;
	command = &table->commands[table->status - 1];
	cmd[0] = command->value;
	cmd[1] = command->at;
	return command->has_at ? 2 : 1;
}

bool cs_table_equal(const struct cs_table *a, const struct cs_table *b)
{
	if (!a || !b)
		return a == b;
	if (a->count != b->count)
		return false;
	for (unsigned int i = 0; i < a->count; i++)
		if (!cs_command_equal(&a->commands[i], &b->commands[i]))
			return false;
	return true;
}
