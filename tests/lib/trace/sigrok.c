/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/trace/sigrok.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tool_is_there(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s > /dev/null", tool);
	return !system(command);
}

const char *tool_run(const char *command, const char *path)
{
	static char output[1 << 18];
	FILE *pipe;
	size_t len;

	setenv("TRACE", path, 1);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	len = fread(output, 1, sizeof(output) - 1, pipe);
	output[len] = '\0';
	assert_int_equal(pclose(pipe), 0);
	return output;
}

const char *sigrok_read_flash(const char *path)
{
	return tool_run(
		"sigrok-cli -I vcd:compress=100000 -i $TRACE -A spiflash "
		"-P spi:clk=clk:mosi=mosi:miso=miso:cs=cs0,spiflash | "
		"grep -e 'Command: ' -e addr -e Addr -e ID -e Erase | uniq",
		path);
}

const char *gtkwave_convert(const char *path)
{
	return tool_run("vcd2fst $TRACE $TRACE.fst && "
			"fst2vcd $TRACE.fst | grep '^\\$[sv]'",
			path);
}

unsigned int text_count(const char *text, const char *part)
{
	unsigned int count = 0;

	for (; (text = strstr(text, part)); count++)
		text += strlen(part);
	return count;
}

void text_expect(const char *text, const char *part, unsigned int count)
{
	unsigned int found = text_count(text, part);

	if (found != count)
		fail_msg("\"%s\" is %u times, not %u, in:\n%s", part, found,
			 count, text);
}
