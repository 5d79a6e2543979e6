/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"
#include "tests/lib/test.h"

#define PREFIX	"vhost-device-spi: "
#define THREADS 4
#define LINES	200
#define SECOND	UINT64_C(1000000000)

/* stderr redirected to a file, to read back what is logged */
struct capture {
	FILE *file;
	int old_stderr;
};

static struct capture capture_start(void)
{
	struct capture capture = { .file = tmpfile() };

	assert_non_null(capture.file);
	capture.old_stderr = dup(STDERR_FILENO);
	assert_true(capture.old_stderr >= 0);
	/* Threads share the file's offset, as with a terminal. */
	assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
	return capture;
}

/* Returns all that was logged; the caller frees it. */
static char *capture_end(struct capture *capture)
{
	long size;
	char *text;

	dup2(capture->old_stderr, STDERR_FILENO);
	close(capture->old_stderr);
	assert_int_equal(fseek(capture->file, 0, SEEK_END), 0);
	size = ftell(capture->file);
	assert_true(size >= 0);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	rewind(capture->file);
	assert_int_equal(fread(text, 1, (size_t)size, capture->file), size);
	fclose(capture->file);
	return text;
}

static void assert_logged(struct capture *capture, const char *expected)
{
	char *text = capture_end(capture);

	assert_string_equal(text, expected);
	free(text);
}

TEST(a_message_is_one_line_with_the_prefix)
{
	struct capture capture = capture_start();

	log_error("guest %d: %s", 3, "gone");
	log_warning("slow");
	log_info("%s", "");
	assert_logged(&capture,
		      PREFIX "guest 3: gone\n" PREFIX "slow\n" PREFIX "\n");
}

TEST(levels_above_the_one_set_are_dropped)
{
	static const struct {
		enum log_level level;
		const char *logged;
	} cases[] = {
		{ LOG_LEVEL_ERROR, PREFIX "e\n" },
		{ LOG_LEVEL_WARNING, PREFIX "e\n" PREFIX "w\n" },
		{ LOG_LEVEL_INFO, PREFIX "e\n" PREFIX "w\n" PREFIX "i\n" },
		{ LOG_LEVEL_DEBUG,
		  PREFIX "e\n" PREFIX "w\n" PREFIX "i\n" PREFIX "d\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture capture = capture_start();

		log_set_level(cases[i].level);
		log_error("e");
		log_warning("w");
		log_info("i");
		log_debug("d");
		log_set_level(LOG_LEVEL_INFO);
		assert_logged(&capture, cases[i].logged);
	}
}

TEST(what_is_not_printable_ascii_is_escaped)
{
	struct capture capture = capture_start();

	log_error("%s", "\x1b[2J");
	log_error("%s", "two\nlines\r\t");
	log_error("%s", "\x7f\x9b\xc2\x9b ~!");
	assert_logged(&capture, PREFIX "\\x1b[2J\n" PREFIX
				       "two\\x0alines\\x0d\\x09\n" PREFIX
				       "\\x7f\\x9b\\xc2\\x9b ~!\n");
}

TEST(a_long_text_is_cut_off_in_one_line)
{
	struct capture capture = capture_start();
	char long_text[5000];
	char *text;
	size_t len;

	memset(long_text, '\x1b', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	log_error("%s", long_text);
	text = capture_end(&capture);
	len = strlen(text);
	assert_in_range(len, 1000, 4096);
	assert_string_equal(text + len - 4, "...\n");
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	free(text);
}

TEST(errno_is_shown_and_left_alone)
{
	struct capture capture = capture_start();
	int after;

	errno = ENOENT;
	log_error("%m");
	after = errno;
	assert_logged(&capture, PREFIX "No such file or directory\n");
	assert_int_equal(after, ENOENT);
}

TEST(a_line_that_cannot_be_written_is_lost)
{
	int old_stderr = dup(STDERR_FILENO);
	int after;

	close(STDERR_FILENO);
	errno = 0;
	log_error("nobody hears this");
	after = errno;
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	assert_int_equal(after, 0);
}

static void *log_many(void *name)
{
	for (int i = 0; i < LINES; i++)
		log_info("%s%s%s", (char *)name, (char *)name, (char *)name);
	return NULL;
}

TEST(threads_do_not_mix_their_lines)
{
	static char names[THREADS][4] = { "aaa", "bbb", "ccc", "ddd" };
	struct capture capture = capture_start();
	pthread_t threads[THREADS];
	int lines = 0;
	char *text, *rest, *line;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, log_many, names[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	text = capture_end(&capture);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		line += strlen(PREFIX);
		assert_int_equal(strlen(line), 9);
		assert_int_equal(strspn(line, (char[]){ line[0], '\0' }), 9);
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES);
	free(text);
}

/* Logs @count lines at @now. Returns how many the limit allows. */
static int log_lines(struct log_limit *limit, uint64_t now, int count)
{
	unsigned int suppressed;
	int yes = 0;

	while (count--)
		yes += log_limit_ok(limit, now, &suppressed);
	return yes;
}

TEST(ten_lines_of_a_burst_are_logged)
{
	struct log_limit limit = { 0 };

	assert_int_equal(log_lines(&limit, SECOND, 4), 4);
	assert_int_equal(log_lines(&limit, 3 * SECOND, 4), 4);
	assert_int_equal(log_lines(&limit, 6 * SECOND - 1, 4), 2);
}

TEST(the_next_burst_tells_what_was_suppressed)
{
	struct log_limit limit = { 0 };
	unsigned int suppressed = 99;

	assert_int_equal(log_lines(&limit, SECOND, 37), 10);
	assert_true(log_limit_ok(&limit, 6 * SECOND, &suppressed));
	assert_int_equal(suppressed, 27);
	assert_true(log_limit_ok(&limit, 6 * SECOND, &suppressed));
	assert_int_equal(suppressed, 0);
	assert_int_equal(log_limit_end(&limit), 0);
	assert_int_equal(log_lines(&limit, 7 * SECOND, 37), 8);
	/* The end of the session tells the rest. */
	assert_int_equal(log_limit_end(&limit), 29);
	assert_int_equal(log_limit_end(&limit), 0);
}

TEST(slow_lines_are_never_suppressed)
{
	struct log_limit limit = { 0 };

	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(log_lines(&limit, i * SECOND / 2, 1), 1);
}

TEST(a_burst_at_time_zero_is_limited)
{
	struct log_limit limit = { 0 };

	assert_int_equal(log_lines(&limit, 0, 20), 10);
}

TEST_MAIN(NULL, NULL)
