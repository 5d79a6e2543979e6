// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/qemu/qemu.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/process.h"

void qemu_arg(struct qemu_args *a, const char *arg)
{
	if (a->count == QEMU_MAX_ARGS)
		abort();
	a->argv[a->count++] = arg;
}

void qemu_option(struct qemu_args *a, const char *option, const char *format,
		 ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text || a->owned_count == QEMU_MAX_ARGS)
		abort();
	a->owned[a->owned_count++] = text;
	if (option)
		qemu_arg(a, option);
	qemu_arg(a, text);
}

void qemu_args_free(struct qemu_args *a)
{
	while (a->owned_count)
		free(a->owned[--a->owned_count]);
}

/* The script alone knows where the kit is and whether it is up to date. */
int qemu_find_kit(const char *script, char *dir, size_t size)
{
	char command[96];
	FILE *output;
	bool read;

	snprintf(command, sizeof(command),
		 "cd \"${VHOST_SPI_TOP:-.}\" && %s --print", script);
	output = popen(command, "r");
	if (!output)
		return -errno;
	read = fgets(dir, (int)size, output) != NULL;
	if (pclose(output) != 0 || !read)
		return -ENOENT;
	dir[strcspn(dir, "\n")] = '\0';
	return 0;
}

int qemu_connect(struct channel *c, const char *path, pid_t pid,
		 int64_t deadline)
{
	int err;

	while ((err = channel_connect(c, path)) != 0) {
		if (!process_is_running(pid))
			return -EPIPE;
		if (process_now_ms() > deadline)
			return err;
		process_sleep_ms(5);
	}
	return 0;
}
