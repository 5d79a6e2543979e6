// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/qtest.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/qemu/qemu.h"
#include "tests/lib/qemu/qmp.h"
#include "tests/lib/skip.h"

/* Bytes of memory in one line of the protocol */
#define PIECE	  2048
#define LINE_SIZE (2 * PIECE + 64)

void qtest_need_kit(void)
{
	char kit[PATH_MAX];

	if (!qemu_find_kit(QEMU_GUEST_KIT, kit, sizeof(kit)))
		return;
	skip_because("no kit; tests/guest/kit.sh makes it");
}

const char *qtest_log(const struct qtest *qt)
{
	static char text[65536];
	FILE *file = fopen(qt->log, "re");
	size_t len = 0;

	if (file) {
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	return text;
}

void qtest_fail(const struct qtest *qt, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	process_show_log("output of QEMU", qt->log);
	if (qt->peer_log)
		process_show_log("log of the daemon", qt->peer_log);
	fail_msg("%s", text);
	abort(); /* not reached, which the compiler cannot know */
}

static void add_machine(struct qemu_args *a, const struct qtest *qt,
			const char *kit)
{
	qemu_option(a, NULL, "%s/qemu-system-x86_64", kit);
	qemu_option(a, "-accel", "qtest");
	qemu_option(a, "-qtest", "unix:%s/qtest,server=on,wait=off", qt->dir);
	qemu_option(a, "-qtest-log", "none");
	qemu_option(a, "-qmp", "unix:%s/qmp,server=on,wait=off", qt->dir);
	qemu_option(a, "-m", "%d,slots=32,maxmem=16G", QTEST_RAM_MIB);
	qemu_option(a, "-object",
		    "memory-backend-memfd,id=mem,size=%dM,share=on",
		    QTEST_RAM_MIB);
	qemu_option(a, "-machine", "q35,memory-backend=mem");
	qemu_arg(a, "-nodefaults");
	qemu_option(a, "-display", "none");
}

static void start_process(struct qtest *qt, const char *const *args)
{
	struct qemu_args a = { .count = 0 };
	char kit[PATH_MAX];

	assert_int_equal(qemu_find_kit(QEMU_GUEST_KIT, kit, sizeof(kit)), 0);
	add_machine(&a, qt, kit);
	for (int i = 0; args[i]; i++)
		qemu_arg(&a, args[i]);
	qt->pid = process_start(a.argv, qt->log);
	qemu_args_free(&a);
	assert_true(qt->pid > 0);
}

static int connect_to(struct qtest *qt, struct channel *c, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", qt->dir, name);
	return qemu_connect(c, path, qt->pid, process_now_ms() + QTEST_MS);
}

int qtest_try_start(struct qtest *qt, const char *const *args)
{
	int err;

	assert_int_equal(process_make_dir(qt->dir, sizeof(qt->dir)), 0);
	snprintf(qt->log, sizeof(qt->log), "%s/log", qt->dir);
	qt->port.fd = -1;
	qt->qmp.fd = -1;
	start_process(qt, args);

	err = connect_to(qt, &qt->port, "qtest");
	if (!err)
		err = connect_to(qt, &qt->qmp, "qmp");
	/* The greeting comes when the machine is complete. */
	if (!err)
		err = qmp_open(&qt->qmp, process_now_ms() + QTEST_MS);
	if (!err)
		return 0;
	if (strstr(qtest_log(qt), "invalid accelerator qtest")) {
		qtest_stop(qt);
		skip_because("this QEMU has no -accel qtest");
	}
	if (err == -ETIMEDOUT)
		qtest_fail(qt, "QEMU does not answer");
	return -ECHILD;
}

void qtest_start(struct qtest *qt, const char *const *args)
{
	if (qtest_try_start(qt, args))
		qtest_fail(qt, "QEMU did not start");
}

bool qtest_is_running(const struct qtest *qt)
{
	return qt->pid > 0 && process_is_running(qt->pid);
}

void qtest_check_running(const struct qtest *qt)
{
	if (!qtest_is_running(qt))
		qtest_fail(qt, "QEMU has ended");
}

static void close_channels(struct qtest *qt)
{
	channel_close(&qt->port);
	channel_close(&qt->qmp);
}

void qtest_kill(struct qtest *qt)
{
	if (qt->pid > 0) {
		kill(qt->pid, SIGKILL);
		process_wait(qt->pid, QTEST_MS);
		close_channels(qt);
	}
	qt->pid = 0;
	if (qt->dir[0])
		process_remove_dir(qt->dir);
	qt->dir[0] = '\0';
}

int qtest_stop(struct qtest *qt)
{
	int status = 0;

	if (qt->pid > 0) {
		if (qt->qmp.fd >= 0)
			qmp_command(&qt->qmp, "{\"execute\":\"quit\"}", NULL,
				    0);
		status = process_wait(qt->pid, QTEST_MS);
		if (status != -ETIMEDOUT) {
			qt->pid = 0;
			close_channels(qt);
		}
	}
	qtest_kill(qt);
	return status;
}

/* Sends a line, which is given without its end, and reads the answer. */
static void ask(struct qtest *qt, const char *line, char *answer)
{
	int64_t deadline = process_now_ms() + QTEST_MS;
	int err;

	err = channel_write(&qt->port, line, strlen(line));
	if (!err)
		err = channel_write(&qt->port, "\n", 1);
	if (!err)
		err = channel_read_line(&qt->port, answer, LINE_SIZE, deadline);
	if (err)
		qtest_fail(qt, "%.40s: %s", line, strerror(-err));
	if (strncmp(answer, "OK", 2))
		qtest_fail(qt, "%.40s: %.200s", line, answer);
}

__attribute__((format(printf, 3, 4))) static void
command(struct qtest *qt, char *answer, const char *format, ...)
{
	char line[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	ask(qt, line, answer);
}

static uint64_t number(const char *answer)
{
	return strtoull(answer + strlen("OK "), NULL, 16);
}

uint32_t qtest_inl(struct qtest *qt, uint16_t port)
{
	char answer[LINE_SIZE];

	command(qt, answer, "inl 0x%x", port);
	return (uint32_t)number(answer);
}

void qtest_outl(struct qtest *qt, uint16_t port, uint32_t value)
{
	char answer[LINE_SIZE];

	command(qt, answer, "outl 0x%x 0x%x", port, value);
}

/* The letter that the protocol has for a size */
static char letter(unsigned int size)
{
	return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : 'q';
}

uint64_t qtest_load(struct qtest *qt, uint64_t addr, unsigned int size)
{
	char answer[LINE_SIZE];

	command(qt, answer, "read%c 0x%" PRIx64, letter(size), addr);
	return number(answer);
}

void qtest_store(struct qtest *qt, uint64_t addr, unsigned int size,
		 uint64_t value)
{
	char answer[LINE_SIZE];

	command(qt, answer, "write%c 0x%" PRIx64 " 0x%" PRIx64, letter(size),
		addr, value);
}

void qtest_read(struct qtest *qt, uint64_t addr, void *data, size_t len)
{
	char answer[LINE_SIZE];
	uint8_t *to = data;

	while (len) {
		size_t part = len < PIECE ? len : PIECE;
		const char *hex = answer + strlen("OK 0x");

		command(qt, answer, "read 0x%" PRIx64 " 0x%zx", addr, part);
		if (strlen(answer) != strlen("OK 0x") + 2 * part)
			qtest_fail(qt, "read: %.200s", answer);
		for (size_t i = 0; i < part; i++) {
			char byte[3] = { hex[2 * i], hex[2 * i + 1] };

			*to++ = (uint8_t)strtoul(byte, NULL, 16);
		}
		addr += part;
		len -= part;
	}
}

void qtest_write(struct qtest *qt, uint64_t addr, const void *data, size_t len)
{
	char line[LINE_SIZE], answer[LINE_SIZE];
	const uint8_t *from = data;

	while (len) {
		size_t part = len < PIECE ? len : PIECE;
		int at = snprintf(line, sizeof(line),
				  "write 0x%" PRIx64 " 0x%zx 0x", addr, part);

		for (size_t i = 0; i < part; i++, at += 2)
			snprintf(line + at, sizeof(line) - (size_t)at, "%02x",
				 *from++);
		ask(qt, line, answer);
		addr += part;
		len -= part;
	}
}

void qtest_memset(struct qtest *qt, uint64_t addr, uint8_t byte, size_t len)
{
	char answer[LINE_SIZE];

	command(qt, answer, "memset 0x%" PRIx64 " 0x%zx 0x%x", addr, len, byte);
}

void qtest_qmp(struct qtest *qt, char *reply, size_t size, const char *format,
	       ...)
{
	char json[1024], answer[4096] = "";
	va_list ap;
	int err;

	va_start(ap, format);
	vsnprintf(json, sizeof(json), format, ap);
	va_end(ap);
	err = qmp_command(&qt->qmp, json, answer, sizeof(answer));
	if (err)
		qtest_fail(qt, "%s: %s: %.200s", json, strerror(-err), answer);
	if (reply)
		snprintf(reply, size, "%s", answer);
}

void qtest_execute(struct qtest *qt, const char *command)
{
	qtest_qmp(qt, NULL, 0, "{\"execute\":\"%s\"}", command);
}
