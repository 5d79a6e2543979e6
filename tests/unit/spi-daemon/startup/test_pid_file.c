/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/pid_file.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define NOBODY 65534

struct place {
	char dir[96];
	char path[128];
	char error[256];
	int fd;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	*state = p;
	if (!p || process_make_dir(p->dir, sizeof(p->dir)) < 0)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/pid", p->dir);
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	process_remove_dir(p->dir);
	free(p);
	return 0;
}

static int make(struct place *p)
{
	p->fd = pid_file_make(p->path, p->error, sizeof(p->error));
	return p->fd < 0 ? p->fd : 0;
}

/* Returns the number in the file, 0 if it is empty, -1 if there is no file. */
static int content(const struct place *p)
{
	FILE *file = fopen(p->path, "r");
	int pid = 0;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

static void file_holds_the_process_id_until_removed(void **state)
{
	struct place *p = *state;
	mode_t mask = umask(077);
	struct stat st;

	assert_int_equal(make(p), 0);
	umask(mask);
	assert_int_equal(content(p), getpid());
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	pid_file_remove(p->path, p->fd);
	assert_int_equal(content(p), -1);
}

static void second_is_told_the_first_ones_process_id(void **state)
{
	struct place *p = *state;
	int first;
	char expected[200];

	assert_int_equal(make(p), 0);
	first = p->fd;
	assert_int_equal(make(p), -EEXIST);
	snprintf(expected, sizeof(expected),
		 "--pidfile=%s: already running, process %d", p->path,
		 (int)getpid());
	assert_string_equal(p->error, expected);
	assert_int_equal(content(p), getpid());
	pid_file_remove(p->path, first);
}

/* The daemon locks the file first, and then writes the process id. */
static void file_without_an_id_yet_is_not_taken(void **state)
{
	struct place *p = *state;
	int first;

	assert_int_equal(make(p), 0);
	first = p->fd;
	assert_int_equal(truncate(p->path, 0), 0);
	assert_int_equal(make(p), -EEXIST);
	assert_non_null(strstr(p->error, "another daemon is starting"));
	pid_file_remove(p->path, first);
}

static void file_of_a_dead_process_is_taken_over(void **state)
{
	struct place *p = *state;
	FILE *file = fopen(p->path, "w");

	assert_non_null(file);
	fputs("123456789\n", file);
	fclose(file);
	assert_int_equal(make(p), 0);
	assert_int_equal(content(p), getpid());
	pid_file_remove(p->path, p->fd);
}

static void place_that_cannot_be_is_named(void **state)
{
	struct place *p = *state;

	strcpy(p->path, "/no/such/dir/pid");
	assert_int_equal(make(p), -ENOENT);
	assert_string_equal(
		p->error,
		"--pidfile=/no/such/dir/pid: No such file or directory");
	strcpy(p->path, p->dir);
	assert_true(make(p) < 0);
}

/* As with --user: the directory belongs to root. */
static void file_that_may_not_be_removed_is_left_empty(void **state)
{
	struct place *p = *state;
	pid_t child;
	int status;

	if (geteuid() != 0) {
		skip_because("not root, cannot change the user");
	}
	child = fork();
	if (!child) {
		if (make(p) < 0 || setuid(NOBODY) < 0)
			_exit(1);
		pid_file_remove(p->path, p->fd);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(content(p), 0);
	assert_int_equal(make(p), 0);
	pid_file_remove(p->path, p->fd);
}

static void no_file_is_no_error(void **state)
{
	(void)state;
	pid_file_remove("/no/such/file", -1);
}

int main(void)
{
#define FIXTURE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(file_holds_the_process_id_until_removed),
		FIXTURE_TEST(second_is_told_the_first_ones_process_id),
		FIXTURE_TEST(file_without_an_id_yet_is_not_taken),
		FIXTURE_TEST(file_of_a_dead_process_is_taken_over),
		FIXTURE_TEST(place_that_cannot_be_is_named),
		FIXTURE_TEST(file_that_may_not_be_removed_is_left_empty),
		cmocka_unit_test(no_file_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
