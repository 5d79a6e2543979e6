// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void messages_clear(struct messages *m)
{
	m->count = 0;
	m->bytes = 0;
	m->text[0][0] = '\0';
	m->failed[0] = false;
}

void messages_add_transfer(struct messages *m, unsigned int len)
{
	char *text = m->text[m->count];
	size_t used = strlen(text);

	snprintf(text + used, sizeof(m->text[0]) - used, " %u", len);
	m->bytes += len;
}

void messages_end(struct messages *m)
{
	if (!m->text[m->count][0] || m->count == MESSAGES_MAX - 1)
		return;
	m->count++;
	m->text[m->count][0] = '\0';
	m->failed[m->count] = false;
}

/* Returns the sum of the numbers in @text. */
static unsigned long sum(const char *text)
{
	unsigned long total = 0, number;
	char *end;

	while ((number = strtoul(text, &end, 10)), end != text) {
		total += number;
		text = end;
	}
	return total;
}

void messages_read_output(struct messages *m, char *output)
{
	char *save = NULL;

	messages_clear(m);
	for (char *line = strtok_r(output, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		bool failed = !strncmp(line, "failed ", 7);

		if (!failed && strncmp(line, "meant ", 6) != 0)
			continue;
		m->failed[m->count] = failed;
		snprintf(m->text[m->count], sizeof(m->text[0]), "%s",
			 strchr(line, ' '));
		m->bytes += failed ? 0 : sum(strchr(line, ' '));
		messages_end(m);
	}
}

void messages_read_trace(struct messages *m, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];
	unsigned int len;

	messages_clear(m);
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, " select\n"))
			messages_end(m);
		if (sscanf(line, "%*s %*s transfer %u", &len) == 1)
			messages_add_transfer(m, len);
	}
	if (file)
		fclose(file);
	messages_end(m);
}

unsigned int messages_count_several(const struct messages *m)
{
	unsigned int several = 0;

	for (unsigned int i = 0; i < m->count; i++)
		several += strchr(m->text[i] + 1, ' ') != NULL;
	return several;
}

unsigned int messages_count_failed(const struct messages *m)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < m->count; i++)
		failed += m->failed[i];
	return failed;
}

/*
 * Returns true if the chip may have seen @seen instead of message @i of @meant:
 * of one that failed, the beginning.
 */
static bool fits(const struct messages *meant, unsigned int i, const char *seen)
{
	const char *text = meant->text[i];

	return meant->failed[i] ? !strncmp(text, seen, strlen(seen))
				: !strcmp(text, seen);
}

bool messages_compare(const struct messages *meant, const struct messages *seen,
		      char *detail, size_t size)
{
	/* may[j]: what was meant so far can be the first j that were seen */
	static bool may[MESSAGES_MAX + 1];
	unsigned int first = 0; /* such j */

	memset(may, 0, sizeof(may));
	may[0] = true;
	for (unsigned int i = 0; i < meant->count; i++) {
		const unsigned int before = first;

		for (unsigned int j = seen->count; j > 0; j--)
			may[j] = (meant->failed[i] && may[j]) ||
				 (may[j - 1] &&
				  fits(meant, i, seen->text[j - 1]));
		may[0] = meant->failed[i] && may[0];
		while (first <= seen->count && !may[first])
			first++;
		if (first > seen->count) {
			snprintf(detail, size, "message %u:%s, the chip saw%s",
				 i + 1, meant->text[i], seen->text[before]);
			return false;
		}
	}
	detail[0] = '\0';
	if (!may[seen->count])
		snprintf(detail, size, "the chip saw%s behind the last message",
			 seen->text[first]);
	return may[seen->count];
}
