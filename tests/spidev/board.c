/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/spidev/board.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/channel.h"
#include "tests/lib/kernel_log.h"
#include "tests/lib/process.h"
#include "tests/lib/qemu/qemu.h"

/* A boot takes seconds; a loaded machine may need many times that. */
#define BOOT_MS	    180000
#define QUIT_MS	    20000

#define MAX_ARGS    48
#define MAX_COMMAND 4000

struct board {
	pid_t pid;
	unsigned int last_id;	/* of a command */
	struct channel control; /* to init */
	char dir[64];
	char console[96]; /* log files */
	char output[96];
};

const struct board_kind board_sifive_u = {
	.name = "sifive_u",
	.arch = "riscv64",
	.qemu = "qemu-system-riscv64",
	.args = (const char *const[]){ "-M", "sifive_u", "-smp", "2", NULL },
	.append = "console=ttySIF0 control=ttySIF1",
};

const struct board_kind board_sabrelite = {
	.name = "sabrelite",
	.arch = "armhf",
	.qemu = "qemu-system-arm",
	.args = (const char *const[]){ "-M", "sabrelite", NULL },
	.append = "console=ttymxc1 control=ttymxc0",
	.has_dtb = true,
	.control_is_first = true,
};

/* Words for a command line, and the memory of those made for it */
struct words {
	const char *argv[MAX_ARGS + 1];
	char made[8][PATH_MAX + 64];
	unsigned int count, made_count;
};

static void add(struct words *w, const char *word)
{
	if (w->count == MAX_ARGS)
		abort();
	w->argv[w->count++] = word;
}

/* An option, and a value of up to three parts. */
static void add_made(struct words *w, const char *option, const char *a,
		     const char *b, const char *c)
{
	char *made = w->made[w->made_count++];

	snprintf(made, sizeof(w->made[0]), "%s%s%s", a, b, c);
	if (option)
		add(w, option);
	add(w, made);
}

static void add_serials(struct words *w, const struct board *board,
			const struct board_kind *kind)
{
	for (int i = 0; i < 2; i++) {
		if (kind->control_is_first == (i == 0))
			add_made(w, "-serial", "unix:", board->dir,
				 "/control,server=on,wait=off");
		else
			add_made(w, "-serial", "file:", board->console, "");
	}
}

static int start_qemu(struct board *board, const struct board_kind *kind,
		      const char *append)
{
	char kit[PATH_MAX], arch[PATH_MAX];
	struct words w = { .count = 0 };
	int err = qemu_find_kit(BOARD_KIT, kit, sizeof(kit));

	if (err)
		return err;
	if (snprintf(arch, sizeof(arch), "%s/%s", kit, kind->arch) >=
	    (int)sizeof(arch))
		return -ENAMETOOLONG;
	add_made(&w, NULL, kit, "/", kind->qemu);
	for (int i = 0; kind->args[i]; i++)
		add(&w, kind->args[i]);
	add(&w, "-nodefaults");
	add(&w, "-display");
	add(&w, "none");
	add(&w, "-m");
	add(&w, "256");
	add_made(&w, "-kernel", arch, "/kernel", "");
	add_made(&w, "-initrd", arch, "/initramfs", "");
	if (kind->has_dtb)
		add_made(&w, "-dtb", arch, "/dtb", "");
	add_made(&w, "-append", kind->append, " panic=-1 ",
		 append ? append : "");
	add_serials(&w, board, kind);
	board->pid = process_start(w.argv, board->output);
	return board->pid < 0 ? (int)board->pid : 0;
}

/* QEMU makes the socket a moment after it was started. */
static int connect_control(struct board *board)
{
	int64_t deadline = process_now_ms() + BOOT_MS;
	char path[96];
	int err;

	snprintf(path, sizeof(path), "%s/control", board->dir);
	while ((err = channel_connect(&board->control, path)) != 0) {
		if (!process_is_running(board->pid))
			return -EPIPE;
		if (process_now_ms() > deadline)
			return err;
		process_sleep_ms(20);
	}
	return 0;
}

/*
 * What is sent before init has opened the port is lost, or not: look at the
 * console first.
 */
static int wait_for_init(struct board *board)
{
	int64_t deadline = process_now_ms() + BOOT_MS;
	char line[256];

	while (process_now_ms() < deadline) {
		FILE *file = fopen(board->console, "r");

		while (file && fgets(line, sizeof(line), file)) {
			if (strncmp(line, "board ready", 11) != 0)
				continue;
			fclose(file);
			return 0;
		}
		if (file)
			fclose(file);
		if (!process_is_running(board->pid))
			return -EPIPE;
		process_sleep_ms(50);
	}
	return -ETIMEDOUT;
}

struct board *board_start(const struct board_kind *kind, const char *append)
{
	struct board *board = calloc(1, sizeof(*board));
	int err;

	if (!board)
		return NULL;
	board->pid = -1;
	board->control.fd = -1;
	err = process_make_dir(board->dir, sizeof(board->dir));
	snprintf(board->console, sizeof(board->console), "%s/console.log",
		 board->dir);
	snprintf(board->output, sizeof(board->output), "%s/qemu.log",
		 board->dir);
	if (!err)
		err = start_qemu(board, kind, append);
	if (!err)
		err = connect_control(board);
	if (!err)
		err = wait_for_init(board);
	if (!err)
		return board;
	fprintf(stderr, "board %s did not start: %s\n", kind->name,
		strerror(-err));
	board_show_log(board);
	board_stop(board);
	return NULL;
}

/* Drops answers to earlier commands, which timed out. */
static int read_answer(struct board *board, char *out, size_t size,
		       int64_t deadline)
{
	char line[128];
	unsigned int id;
	size_t len;
	int status, err;

	for (;;) {
		err = channel_read_line(&board->control, line, sizeof(line),
					deadline);
		if (err)
			return err;
		if (sscanf(line, "%u %d %zu", &id, &status, &len) != 3)
			continue;
		err = channel_read_bytes(&board->control, out, size, len,
					 deadline);
		if (err)
			return err;
		if (id == board->last_id)
			return status;
	}
}

int board_run(struct board *board, char *out, size_t size, int timeout_s,
	      const char *command)
{
	int64_t deadline = process_now_ms() + (int64_t)timeout_s * 1000;
	char line[MAX_COMMAND];
	int len, err;

	len = snprintf(line, sizeof(line), "%u %s\n", ++board->last_id,
		       command);
	if (len < 0 || (size_t)len >= sizeof(line))
		return -E2BIG;
	err = channel_write(&board->control, line, (size_t)len);
	return err ? err : read_answer(board, out, size, deadline);
}

void board_show_log(struct board *board)
{
	process_show_log("console", board->console);
	process_show_log("QEMU", board->output);
}

int board_stop(struct board *board)
{
	char fault[256];
	bool failed;

	if (!board)
		return 0;
	if (board->pid >= 0) {
		kill(board->pid, SIGTERM);
		if (process_wait(board->pid, QUIT_MS) == -ETIMEDOUT) {
			kill(board->pid, SIGKILL);
			process_wait(board->pid, QUIT_MS);
		}
	}
	failed = kernel_log_find_fault(board->console, fault, sizeof(fault));
	if (failed) {
		board_show_log(board);
		fprintf(stderr, "the board's kernel logged: %s\n", fault);
	}
	channel_close(&board->control);
	process_remove_dir(board->dir);
	free(board);
	return failed ? -EBADMSG : 0;
}
