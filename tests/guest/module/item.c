// SPDX-License-Identifier: GPL-2.0-only
#include "item.h"

#include <linux/kernel.h>
#include <linux/string.h>

#define ITEM_SPEED_HZ	10000000

#define LINE_SUFFIX	"-gpios"
#define SUPPLY_SUFFIX	"-supply"

static int item_add_line(struct item *item, const char *name,
			 const char *value)
{
	struct item_line *line = &item->lines[item->line_count++];

	line->name = name;
	return kstrtobool(value, &line->level);
}

static int item_add_supply(struct item *item, const char *name,
			   const char *value)
{
	struct item_supply *supply = &item->supplies[item->supply_count++];

	supply->name = name;
	return kstrtou32(value, 0, &supply->microvolts);
}

/* Cuts @suffix off @name. Returns false if it does not end with that. */
static bool item_cut(char *name, const char *suffix)
{
	size_t len = strlen(name), cut = strlen(suffix);

	if (len <= cut || strcmp(name + len - cut, suffix))
		return false;
	name[len - cut] = '\0';
	return true;
}

static int item_add_property(struct item *item, char *value)
{
	char *name = strreplace(strsep(&value, "="), '.', ',');
	struct property_entry *entry;
	u32 number;

	if (!value && !strcmp(name, "interrupts")) {
		item->has_interrupt = true;
		return 0;
	}
	if (item->property_count + item->line_count + item->supply_count ==
	    ITEM_PROPERTIES)
		return -E2BIG;
	if (value && item_cut(name, LINE_SUFFIX))
		return item_add_line(item, name, value);
	if (value && item_cut(name, SUPPLY_SUFFIX))
		return item_add_supply(item, name, value);

	entry = &item->properties[item->property_count++];
	if (!value)
		*entry = PROPERTY_ENTRY_BOOL(name);
	else if (!kstrtou32(value, 0, &number))
		*entry = PROPERTY_ENTRY_U32(name, number);
	else
		*entry = PROPERTY_ENTRY_STRING(name, value);
	return 0;
}

int item_parse(char *text, struct item *item)
{
	struct spi_board_info *info = &item->info;
	char *field = strsep(&text, ":");
	char *name = strsep(&text, ":");
	int err;

	if (!name || !*name)
		return -EINVAL;
	err = kstrtou16(field, 0, &info->chip_select);
	if (err)
		return err;
	if (strscpy(info->modalias, name, sizeof(info->modalias)) < 0)
		return -EINVAL;

	info->max_speed_hz = ITEM_SPEED_HZ;
	field = strsep(&text, ":");
	if (field && *field)
		err = kstrtou32(field, 0, &info->max_speed_hz);
	field = strsep(&text, ":");
	if (!err && field && *field)
		err = kstrtou32(field, 0, &info->mode);
	while (!err && (field = strsep(&text, ":")))
		err = item_add_property(item, field);
	return err;
}
