/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Traces whose files cannot be written for some time: no request fails, and the
 * trace goes on as soon as it can, and tells how many events it lacks.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/small_fs.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

/* More than the daemon wants free before it writes again */
#define FS_SIZE (4u << 20)

#define BROKEN	": is not written any more, until it can be: "
#define WRITTEN ": is written again"

/* What the tests look for in the last lines */
#define FILE_TEXT (4u << 20)

static char dir[DAEMON_PATH_MAX]; /* of the trace */

static const char *trace_file(const char *name)
{
	static char path[DAEMON_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* @option is another one, or NULL. */
static struct spi_front *start(struct rig *rig, const char *file,
			       const char *option)
{
	char trace[DAEMON_PATH_MAX + 128];
	const char *const args[] = { "--device=sim:loopback", trace, option,
				     NULL };

	snprintf(trace, sizeof(trace), "--trace=%s", trace_file(file));
	daemon_start(&rig->daemon, 1, args);
	return rig_open(rig, 0);
}

/* Sends requests until the daemon has said @text. Returns how many. */
static unsigned int send_until(struct rig *rig, struct spi_front *front,
			       const char *text)
{
	uint8_t bytes[16] = { 0 };
	unsigned int count = 0;

	while (!strstr(daemon_stderr(&rig->daemon), text)) {
		daemon_check_alive(&rig->daemon);
		rig_duplex(front, bytes, bytes, sizeof(bytes));
		count++;
		/* So few that the file system has room for them. */
		process_sleep_ms(1);
	}
	return count;
}

/* What is in @file; "" if there is none */
static const char *contents(const char *file)
{
	static char text[FILE_TEXT];
	FILE *stream = fopen(trace_file(file), "re");
	size_t len = 0;

	if (stream) {
		len = fread(text, 1, sizeof(text) - 1, stream);
		fclose(stream);
	}
	text[len] = '\0';
	return text;
}

/* How many requests the lines of @file tell of; all of them are whole. */
static unsigned long count_requests(const char *file)
{
	static const char lost[] = "{\"lost\":";
	unsigned long count = 0;

	for (const char *line = contents(file); *line;) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_int_equal(end[-1], '}');
		if (!strncmp(line, lost, strlen(lost)))
			count += strtoul(line + strlen(lost), NULL, 10);
		else
			count++;
		line = end + 1;
	}
	return count;
}

static void mount_small_fs(void)
{
	if (!small_fs_mount(dir, FS_SIZE))
		skip_because("no small file system: mounting takes root");
}

static void requests_are_counted_while_the_disk_is_full(void **state)
{
	static const char *const files[] = { "t.jsonl", "t.jsonl.1",
					     "t.jsonl.2", "t.jsonl.3" };
	struct rig *rig = *state;
	unsigned long sent, told = 0;
	struct spi_front *front;

	mount_small_fs();
	front = start(rig, "t.jsonl", NULL);
	small_fs_fill(dir);
	sent = send_until(rig, front, BROKEN "No space left on device\n");
	rig_check_loopback(front, 8);
	small_fs_drain(dir);
	sent += 1 + send_until(rig, front, WRITTEN);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_non_null(strstr(contents("t.jsonl"), "{\"lost\":"));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		told += count_requests(files[i]);
	assert_int_equal(told, sent);
}

static void lines_are_unknown_while_the_disk_is_full(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;
	const char *text;

	mount_small_fs();
	front = start(rig, "t.vcd", NULL);
	small_fs_fill(dir);
	send_until(rig, front, BROKEN "No space left on device\n");
	small_fs_drain(dir);
	send_until(rig, front, WRITTEN);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	text = strstr(contents("t.vcd.1"), "$comment lost ");
	if (!text)
		text = strstr(contents("t.vcd"), "$comment lost ");
	assert_non_null(text);
}

static void trace_goes_on_in_a_directory_that_was_removed(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;

	assert_int_equal(mkdir(dir, 0700), 0);
	/* With a sandbox another directory is out of reach. */
	front = start(rig, "t.txt", "--sandbox=off");
	unlink(trace_file("t.txt"));
	assert_int_equal(rmdir(dir), 0);
	send_until(rig, front, BROKEN "No such file or directory\n");
	assert_int_equal(mkdir(dir, 0700), 0);
	send_until(rig, front, WRITTEN);
	assert_int_equal(strncmp(contents("t.txt"), "lost ", 5), 0);
}

static void trace_goes_on_when_its_file_was_moved(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;

	assert_int_equal(mkdir(dir, 0700), 0);
	front = start(rig, "t.txt", NULL);
	assert_int_equal(
		rename(trace_file("t.txt"), daemon_file(&rig->daemon, "moved")),
		0);
	send_until(rig, front, WRITTEN);
	assert_int_equal(strncmp(contents("t.txt"), "lost ", 5), 0);
}

static void trace_goes_on_when_the_name_of_the_next_file_is_free(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;

	assert_int_equal(mkdir(dir, 0700), 0);
	front = start(rig, "t.jsonl", "--trace-size=64K");
	assert_int_equal(mkdir(trace_file("t.jsonl.3"), 0700), 0);
	send_until(rig, front, BROKEN);
	assert_int_equal(rmdir(trace_file("t.jsonl.3")), 0);
	send_until(rig, front, WRITTEN);
	assert_non_null(strstr(contents("t.jsonl"), "{\"lost\":"));
}

static int setup(void **state)
{
	struct rig *rig;
	int ret = rig_setup_idle(state);

	rig = *state;
	snprintf(dir, sizeof(dir), "%.80s/fs", rig->daemon.dir);
	return ret;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	rig_close(rig, 0);
	if (rig->daemon.pid > 0)
		daemon_stop(&rig->daemon, SIGTERM);
	small_fs_remove(dir);
	return rig_teardown(state);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(requests_are_counted_while_the_disk_is_full),
		A_TEST(lines_are_unknown_while_the_disk_is_full),
		A_TEST(trace_goes_on_in_a_directory_that_was_removed),
		A_TEST(trace_goes_on_when_its_file_was_moved),
		A_TEST(trace_goes_on_when_the_name_of_the_next_file_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
