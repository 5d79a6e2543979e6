/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/script/script_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/script/script_exec.h"
#include "spi-daemon/xfer/script/script_line.h"

#define PROMPT "spi> "

/* All lines of a script that do something */
struct script {
	struct script_line *lines; /* owned */
	size_t count;
};

static const char hint[] =
	"a message:  tx 9f rx 3      tx 05 rx 1 = x0 within 1s    duplex 01 02\n"
	"settings:   cs 0   speed 10M   mode 3\n"
	"others:     wait 10ms   quit\n";

/*
 * Reads a line without its newline; a NUL in it becomes a character that is no
 * part of any word. Returns false at the end.
 */
static bool read_line(FILE *file, char **text, size_t *size)
{
	ssize_t len = getline(text, size, file);

	if (len < 0)
		return false;
	for (ssize_t i = 0; i < len; i++)
		if (!(*text)[i])
			(*text)[i] = '\1';
	(*text)[strcspn(*text, "\n")] = '\0';
	return true;
}

static void script_free(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		script_line_free(&script->lines[i]);
	free(script->lines);
}

/* Adds the next line, if it does something. */
static int script_add(struct script *script, struct script_reader *reader,
		      const char *text, char *why, size_t why_size)
{
	struct script_line line, *lines;
	int err = script_line_parse(reader, text, &line, why, why_size);

	if (err || (line.part_count == 0 && line.wait_ns == 0))
		return err;
	lines = reallocarray(script->lines, script->count + 1, sizeof(*lines));
	if (!lines) {
		script_line_free(&line);
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	script->lines = lines;
	script->lines[script->count++] = line;
	return 0;
}

static int read_script(FILE *file, const char *name,
		       struct script_reader reader, struct script *script)
{
	int code = XFER_EXIT_DONE;
	char *text = NULL;
	size_t size = 0;
	char why[256];

	while (!code && read_line(file, &text, &size)) {
		if (script_add(script, &reader, text, why, sizeof(why))) {
			xfer_report("%s:%u: %s", name, reader.number, why);
			code = XFER_EXIT_USAGE;
		}
	}
	if (!code && ferror(file)) {
		xfer_report("%s: %s", name, strerror(errno));
		code = XFER_EXIT_USAGE;
	}
	free(text);
	return code;
}

static int load_script(const char *path, struct script_reader reader,
		       struct script *script)
{
	FILE *file;
	int code;

	if (!strcmp(path, "-"))
		return read_script(stdin, path, reader, script);
	file = fopen(path, "re");
	if (!file) {
		xfer_report("%s: %s", path, strerror(errno));
		return XFER_EXIT_USAGE;
	}
	code = read_script(file, path, reader, script);
	fclose(file);
	return code;
}

/* Opens the link, and has the first message begin as the options say. */
static int open_link(struct xfer_link *link, const struct xfer_options *options)
{
	int err = xfer_link_open(link, &options->link, 2 * SCRIPT_MAX_BYTES);

	return err ? xfer_report_error(options->link.socket_path, err)
		   : XFER_EXIT_DONE;
}

static int run_script(struct script_exec *exec, const struct script *script)
{
	int code = XFER_EXIT_DONE;

	for (size_t i = 0; !code && i < script->count; i++)
		code = script_exec_line(exec, &script->lines[i]);
	return code;
}

int script_run_file(const struct xfer_options *options)
{
	struct script script = { .lines = NULL };
	struct xfer_link link;
	struct script_exec exec = {
		.link = &link,
		.name = options->file,
		.hexdump = options->hexdump,
	};
	int code = open_link(&link, options);

	if (code)
		return code;
	code = load_script(options->file,
			   (struct script_reader){ .head = link.head },
			   &script);
	if (!code)
		code = run_script(&exec, &script);
	if (!code && fflush(stdout)) {
		xfer_report("standard output: %s", strerror(errno));
		code = XFER_EXIT_USAGE;
	}
	script_free(&script);
	xfer_link_close(&link);
	return code;
}

/* Does one line that was typed. */
static int run_typed(struct script_exec *exec, struct script_reader *reader,
		     const char *text)
{
	struct script_line line;
	char why[256];
	int code;

	if (script_line_parse(reader, text, &line, why, sizeof(why))) {
		xfer_report("%s", why);
		return XFER_EXIT_USAGE;
	}
	code = script_exec_line(exec, &line);
	script_line_free(&line);
	return code;
}

static int run_lines(struct script_exec *exec, bool prompt)
{
	struct script_reader reader = { .head = exec->link->head };
	int first = XFER_EXIT_DONE, code = XFER_EXIT_DONE;
	char *text = NULL;
	size_t size = 0;

	while (code != XFER_EXIT_BACK_END) {
		if (prompt)
			fputs(PROMPT, stdout);
		fflush(stdout);
		if (!read_line(stdin, &text, &size)) {
			if (prompt)
				fputc('\n', stdout);
			break;
		}
		if (!strcmp(text, "quit"))
			break;
		if (!strcmp(text, "help")) {
			fputs(hint, stdout);
			continue;
		}
		code = run_typed(exec, &reader, text);
		first = first ? first : code;
	}
	free(text);
	return first;
}

int script_run_interactive(const struct xfer_options *options)
{
	struct xfer_link link;
	struct script_exec exec = {
		.link = &link,
		.name = "-",
		.hexdump = options->hexdump,
	};
	int code = open_link(&link, options);

	if (code)
		return code;
	code = run_lines(&exec, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
	xfer_link_close(&link);
	return code;
}
