/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/stats/prom.h"

void prom_family(FILE *file, const char *name, const char *type,
		 const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/*
 * Writes @byte of a label's value to @to, as 1 to 5 bytes. Returns how many.
 */
static size_t escape(char *to, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	if (byte == '"' || byte == '\\') {
		memcpy(to, (char[]){ '\\', (char)byte }, 2);
		return 2;
	}
	if (byte >= ' ' && byte <= '~') {
		*to = (char)byte;
		return 1;
	}
	/* A backslash in a value is written as two. */
	memcpy(to, (char[]){ '\\', '\\', 'x', hex[byte >> 4], hex[byte & 15] },
	       5);
	return 5;
}

char *prom_label(const char *name, const char *value)
{
	size_t len = strlen(name);
	char *label = malloc(len + 5 * strlen(value) + sizeof("=\"\""));
	char *to = label;

	if (!label)
		return NULL;
	memcpy(to, name, len);
	to += len;
	*to++ = '=';
	*to++ = '"';
	for (; *value; value++)
		to += escape(to, (unsigned char)*value);
	*to++ = '"';
	*to = '\0';
	return label;
}

/* Writes a sample up to its value. */
static void begin(FILE *file, const char *name, const char *labels,
		  const char *more)
{
	const char *comma = *labels && *more ? "," : "";

	if (*labels || *more)
		fprintf(file, "%s{%s%s%s} ", name, labels, comma, more);
	else
		fprintf(file, "%s ", name);
}

void prom_number(FILE *file, const char *name, const char *labels,
		 const char *more, uint64_t value)
{
	begin(file, name, labels, more);
	fprintf(file, "%" PRIu64 "\n", value);
}

/* Integers are exact, and the dot does not depend on the locale. */
void prom_seconds(FILE *file, const char *name, const char *labels,
		  const char *more, uint64_t ns)
{
	begin(file, name, labels, more);
	fprintf(file, "%" PRIu64 ".%09" PRIu64 "\n", ns / NS_PER_S,
		ns % NS_PER_S);
}
