// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/guest/trial.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/process.h"

/* A driver on an emulated processor is slow between two requests. */
#define KEYS	  ",cs-hold=10000"

#define TRY_S	  120
#define START_MS  30000
#define TRACE_MS  10000
#define MAX_WORDS 16

static bool is_program(const struct trial *trial)
{
	return strncmp(trial->chip, "sim:", 4) != 0;
}

static void name_file(const struct trials *t, const char *what,
		      unsigned int index, char *path, size_t size)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%u", what, index);
	snprintf(path, size, "%s", daemon_file(&t->daemon, name));
}

const char *trials_trace(const struct trials *t, unsigned int index)
{
	char name[32];

	snprintf(name, sizeof(name), "trace%u.txt", index);
	return daemon_file(&t->daemon, name);
}

/* The daemon's --device= for trial @index */
static void describe_device(const struct trials *t, unsigned int index,
			    char *text, size_t size)
{
	const struct trial *trial = &t->list[index];
	char socket[DAEMON_PATH_MAX];
	size_t len;

	if (is_program(trial)) {
		name_file(t, "chip", index, socket, sizeof(socket));
		len = (size_t)snprintf(text, size,
				       "--device=sim:socket=%s,timeout=5000",
				       socket);
	} else {
		len = (size_t)snprintf(text, size, "--device=%s", trial->chip);
	}
	snprintf(text + len, size - len, KEYS ",trace=%s%s%s",
		 trials_trace(t, index), trial->framing ? ",cs=" : "",
		 trial->framing ? trial->framing : "");
}

void trials_start(struct trials *t, const struct trial *list,
		  unsigned int count, const struct guest_config *guest)
{
	static char text[TRIALS_MAX][512];
	const char *args[TRIALS_MAX + 1];
	struct guest_config config = { 0 };

	assert_true(count <= TRIALS_MAX);
	t->list = list;
	t->count = count;
	daemon_init(&t->daemon);
	for (unsigned int i = 0; i < count; i++) {
		describe_device(t, i, text[i], sizeof(text[i]));
		args[i] = text[i];
	}
	args[count] = NULL;
	daemon_start(&t->daemon, 1, args);
	if (guest)
		config = *guest;
	config.drivers = true;
	config.may_fault = true; /* trials_run() tells of it */
	config.sockets[0] = daemon_socket(&t->daemon, 0);
	t->guest = guest_start(&config);
	if (!t->guest)
		daemon_show_log(&t->daemon);
	assert_non_null(t->guest);
}

/* Starts the program of a trial, and waits until it listens. */
static pid_t start_program(const struct trials *t, unsigned int index)
{
	char socket[DAEMON_PATH_MAX], log[DAEMON_PATH_MAX];
	const char *argv[MAX_WORDS + 2] = { NULL };
	char *words = strdup(t->list[index].chip), *save = NULL;
	int64_t deadline = process_now_ms() + START_MS;
	unsigned int count = 0;
	pid_t pid;

	assert_non_null(words);
	name_file(t, "chip", index, socket, sizeof(socket));
	name_file(t, "log", index, log, sizeof(log));
	for (char *word = strtok_r(words, " ", &save);
	     word && count < MAX_WORDS; word = strtok_r(NULL, " ", &save)) {
		argv[count++] = word;
		if (count == 1)
			argv[count++] = socket;
	}
	pid = process_start(argv, log);
	free(words);
	while (pid > 0 && !daemon_listens(socket)) {
		if (!process_is_running(pid) || process_now_ms() > deadline) {
			process_show_log(t->list[index].chip, log);
			fail_msg("%s does not listen", t->list[index].chip);
		}
		process_sleep_ms(20);
	}
	assert_true(pid > 0);
	return pid;
}

/* If @line begins with @word, adds the rest to @text, of @size bytes. */
static void take_line(const char *line, const char *word, char *text,
		      size_t size)
{
	size_t used = strlen(text), skip = strlen(word);
	int len = (int)strcspn(line, "\n");

	if (!strncmp(line, word, skip))
		snprintf(text + used, size - used, "%.*s\n", len - (int)skip,
			 line + skip);
}

/* Returns true if try-driver did not write @line itself. */
static bool is_other(const char *line)
{
	static const char *const words[] = { "driver ", "status ", "check ",
					     "log ",	"meant ",  "failed " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strncmp(line, words[i], strlen(words[i])))
			return false;
	return true;
}

/* Takes what try-driver says in @output, but for the messages. */
static void read_result(struct trial_result *result, const char *output)
{
	for (const char *line = output; line && *line;
	     line = strchr(line, '\n'), line += line != NULL) {
		sscanf(line, "driver %63s", result->driver);
		sscanf(line, "status %d", &result->status);
		take_line(line, "check ", result->output,
			  sizeof(result->output));
		take_line(line, "log ", result->log, sizeof(result->log));
		if (is_other(line))
			take_line(line, "", result->log, sizeof(result->log));
	}
}

/* Writes @text to @quoted, of @size bytes, as one word of the shell. */
static void quote(const char *text, char *quoted, size_t size)
{
	size_t at = 0;

	quoted[at++] = '\'';
	for (; *text && at + 6 < size; text++) {
		if (*text == '\'')
			at += (size_t)snprintf(quoted + at, size - at, "'\\''");
		else
			quoted[at++] = *text;
	}
	assert_false(*text);
	quoted[at++] = '\'';
	quoted[at] = '\0';
}

/* Reads what the chip saw. The daemon writes its trace a little later. */
static void read_trace(struct trials *t, unsigned int index)
{
	int64_t deadline = process_now_ms() + TRACE_MS;

	messages_read_trace(&t->seen, trials_trace(t, index));
	while (t->seen.bytes < t->meant.bytes && process_now_ms() < deadline) {
		process_sleep_ms(5);
		messages_read_trace(&t->seen, trials_trace(t, index));
	}
}

void trials_run(struct trials *t, unsigned int index,
		struct trial_result *result)
{
	static char output[1 << 17];
	char check[3000];
	const struct trial *trial = &t->list[index];
	pid_t program = is_program(trial) ? start_program(t, index) : 0;
	int status;

	*result = (struct trial_result){ .status = -1 };
	quote(trial->check ? trial->check : "", check, sizeof(check));
	status = guest_run(t->guest, output, sizeof(output), TRY_S,
			   "try-driver '%s' '%u:%s' %s 2>&1",
			   trial->module ? trial->module : "", index,
			   trial->board, check);
	if (program) {
		kill(program, SIGKILL);
		process_wait(program, START_MS);
	}
	guest_find_fault(t->guest, result->fault, sizeof(result->fault));
	if (status < 0)
		snprintf(result->fault, sizeof(result->fault), "it hangs");
	read_result(result, output);
	if (!trial->check)
		result->status = 0;
	messages_read_output(&t->meant, output);
	read_trace(t, index);
	result->as_meant = messages_compare(&t->meant, &t->seen, result->detail,
					    sizeof(result->detail));
}

void trials_stop(struct trials *t)
{
	if (!t->count)
		return;
	guest_stop(t->guest);
	t->guest = NULL;
	if (t->daemon.pid)
		daemon_stop(&t->daemon, SIGTERM);
	daemon_clean(&t->daemon);
	t->count = 0;
}

bool trial_is_good(const struct trial_result *result)
{
	return *result->driver && !result->status && !*result->fault &&
	       result->as_meant;
}
