/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/config/key/cs_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_PREFIX "table:"

static const struct framing {
	const char *name;
	enum cs_framing framing;
	const char *table; /* that is built in, or NULL */
} framings[] = {
	{ "linux", CS_LINUX, NULL },	  { "auto", CS_AUTO, "nor" },
	{ "nor", CS_TABLE, "nor" },	  { "nand", CS_TABLE, "nand" },
	{ "eeprom", CS_TABLE, "eeprom" }, { "at45", CS_TABLE, "at45" },
	{ "spec", CS_SPEC, NULL },	  { "transfer", CS_TRANSFER, NULL },
};

/* Stores a copy of @name, or NULL if that is NULL, in place of *@to. */
static int set_name(char **to, const char *name)
{
	free(*to);
	*to = name ? strdup(name) : NULL;
	return name && !*to ? -ENOMEM : 0;
}

static int set_framing(struct device_spec *spec, enum cs_framing framing,
		       const char *table, const char *file)
{
	int ret = set_name(&spec->table_name, table);

	spec->framing = framing;
	return ret ? ret : set_name(&spec->table_file, file);
}

int cs_key(struct device_spec *spec, const char *value)
{
	size_t prefix = strlen(FILE_PREFIX);

	if (!strncmp(value, FILE_PREFIX, prefix) && value[prefix])
		return set_framing(spec, CS_TABLE, NULL, value + prefix);
	for (size_t i = 0; i < sizeof(framings) / sizeof(framings[0]); i++)
		if (!strcmp(value, framings[i].name))
			return set_framing(spec, framings[i].framing,
					   framings[i].table, NULL);
	return -EINVAL;
}

int cs_key_finish(struct device_spec *spec, char *error, size_t error_size)
{
	int ret = 0;

	if (spec->table_file)
		return cs_table_load(spec->table_file, &spec->table, error,
				     error_size);
	if (spec->table_name)
		ret = cs_table_builtin(spec->table_name, &spec->table);
	if (!ret && spec->framing == CS_AUTO)
		ret = cs_table_builtin("nand", &spec->nand_table);
	if (!ret && spec->framing == CS_AUTO)
		ret = cs_table_builtin("at45", &spec->at45_table);
	return ret;
}
