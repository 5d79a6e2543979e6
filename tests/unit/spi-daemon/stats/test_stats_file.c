/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/stats/stats_file.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

struct fixture {
	char dir[64];
	char path[96];
	struct stats_file file;
	int log; /* stands for stderr during the test */
	int stderr_fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[96];

	assert_non_null(f);
	assert_int_equal(process_make_dir(f->dir, sizeof(f->dir)), 0);
	snprintf(f->path, sizeof(f->path), "%s/spi.prom", f->dir);
	snprintf(path, sizeof(path), "%s/log", f->dir);
	f->stderr_fd = dup(STDERR_FILENO);
	f->log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(f->log >= 0);
	unlink(path);
	dup2(f->log, STDERR_FILENO);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dup2(f->stderr_fd, STDERR_FILENO);
	close(f->stderr_fd);
	close(f->log);
	stats_file_close(&f->file);
	process_remove_dir(f->dir);
	free(f);
	return 0;
}

/* Returns the log so far. */
static const char *logged(const struct fixture *f)
{
	static char text[4096];
	ssize_t n = pread(f->log, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static unsigned int count_files(const struct fixture *f)
{
	DIR *dir = opendir(f->dir);
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void open_file(struct fixture *f)
{
	char error[400];

	assert_int_equal(
		stats_file_open(&f->file, f->path, error, sizeof(error)), 0);
}

static void write_file(struct fixture *f, const char *text)
{
	stats_file_write(&f->file, strdup(text));
}

/* Returns the contents of @path, up to 64 KiB. */
static const char *read_path(const char *path)
{
	static _Thread_local char text[65537];
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return text;
}

TEST_WITH(opening_makes_no_file, struct fixture *f)
{
	open_file(f);
	assert_int_equal(count_files(f), 0);
	stats_file_close(&f->file);
	assert_int_equal(count_files(f), 0);
}

TEST_WITH(contents_are_replaced_and_removed, struct fixture *f)
{
	open_file(f);
	write_file(f, "one\n");
	assert_string_equal(read_path(f->path), "one\n");
	write_file(f, "two, and longer\n");
	assert_string_equal(read_path(f->path), "two, and longer\n");
	write_file(f, "");
	assert_string_equal(read_path(f->path), "");
	assert_int_equal(count_files(f), 1);
	stats_file_close(&f->file);
	assert_int_equal(count_files(f), 0);
}

TEST_WITH(anyone_may_read_it_whatever_the_umask, struct fixture *f)
{
	mode_t mask = umask(0777);
	struct stat st;

	open_file(f);
	write_file(f, "one\n");
	umask(mask);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
}

TEST_WITH(same_contents_are_not_written_again, struct fixture *f)
{
	struct stat before, after;

	open_file(f);
	write_file(f, "one\n");
	assert_int_equal(stat(f->path, &before), 0);
	write_file(f, "one\n");
	assert_int_equal(stat(f->path, &after), 0);
	assert_true(before.st_ino == after.st_ino);
}

TEST_WITH(file_of_a_dead_daemon_is_replaced, struct fixture *f)
{
	FILE *old = fopen(f->path, "we");

	fputs("old\n", old);
	fclose(old);
	open_file(f);
	assert_string_equal(read_path(f->path), "old\n");
	write_file(f, "new\n");
	assert_string_equal(read_path(f->path), "new\n");
}

static void check_refused(struct fixture *f, const char *path, const char *why)
{
	char error[400], wanted[400];

	assert_true(stats_file_open(&f->file, path, error, sizeof(error)) < 0);
	snprintf(wanted, sizeof(wanted), "--stats=%s: %s", path, why);
	assert_string_equal(error, wanted);
	assert_null(f->file.path);
	write_file(f, "nowhere");
	stats_file_close(&f->file);
}

TEST_WITH(path_that_cannot_be_is_refused, struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/none/spi.prom", f->dir);
	check_refused(f, path, "No such file or directory");
	check_refused(f, f->dir, "exists, and is not a regular file");
	check_refused(f, "/dev/null", "exists, and is not a regular file");
	assert_int_equal(symlink("elsewhere", f->path), 0);
	check_refused(f, f->path, "exists, and is not a regular file");
	unlink(f->path);
	assert_int_equal(count_files(f), 0);
}

TEST_WITH(directory_without_permission_is_refused, struct fixture *f)
{
	bool root = geteuid() == 0;

	/* Root can write anywhere. */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	else
		chmod(f->dir, 0500);
	check_refused(f, f->path, "Permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
	chmod(f->dir, 0700);
}

/* Returns how often @needle is in the log. */
static unsigned int count_logged(const struct fixture *f, const char *needle)
{
	unsigned int count = 0;

	for (const char *at = logged(f); (at = strstr(at, needle)); at++)
		count++;
	return count;
}

TEST_WITH(lost_directory_is_logged_once_and_forgiven, struct fixture *f)
{
	char moved[80];

	open_file(f);
	write_file(f, "one\n");
	snprintf(moved, sizeof(moved), "%s.moved", f->dir);
	assert_int_equal(rename(f->dir, moved), 0);
	write_file(f, "two\n");
	write_file(f, "three\n");
	write_file(f, "four\n");
	assert_int_equal(count_logged(f, "No such file"), 1);
	assert_int_equal(rename(moved, f->dir), 0);
	assert_string_equal(read_path(f->path), "one\n");
	write_file(f, "four\n");
	assert_string_equal(read_path(f->path), "four\n");
	assert_int_equal(count_logged(f, "is written again"), 1);
	assert_int_equal(rename(f->dir, moved), 0);
	write_file(f, "five\n");
	assert_int_equal(count_logged(f, "No such file"), 2);
	assert_int_equal(rename(moved, f->dir), 0);
}

/* With this limit write(2) fails in the middle, as on a full device. */
TEST_WITH(half_a_file_is_never_kept, struct fixture *f)
{
	char *big = malloc(20001);
	struct rlimit limit, small;

	assert_non_null(big);
	memset(big, 'x', 20000);
	big[20000] = '\0';
	open_file(f);
	write_file(f, "whole\n");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &small);
	stats_file_write(&f->file, big);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_string_equal(read_path(f->path), "whole\n");
	assert_int_equal(count_files(f), 1);
	assert_int_equal(count_logged(f, "File too large"), 1);
}

TEST_WITH(no_memory_is_logged, struct fixture *f)
{
	open_file(f);
	write_file(f, "one\n");
	stats_file_write(&f->file, NULL);
	stats_file_write(&f->file, NULL);
	assert_int_equal(count_logged(f, "Cannot allocate memory"), 1);
	assert_string_equal(read_path(f->path), "one\n");
}

struct watch {
	const char *path;
	atomic_bool over;
	const char *fault;
	unsigned int reads;
};

/* A complete file has the same digit 30,000 times. */
static void *watch_file(void *arg)
{
	struct watch *w = arg;

	while (!atomic_load(&w->over) && !w->fault) {
		const char *text = read_path(w->path);

		if (!text)
			w->fault = "there was no file";
		else if (strlen(text) != 30000 || text[0] != text[29999])
			w->fault = "it was not whole";
		w->reads++;
	}
	return NULL;
}

static char *digits(unsigned int digit)
{
	char *text = malloc(30001);

	assert_non_null(text);
	memset(text, '0' + (int)(digit % 10), 30000);
	text[30000] = '\0';
	return text;
}

TEST_WITH(readers_always_find_it_whole, struct fixture *f)
{
	struct watch w = { .path = f->path };
	pthread_t thread;

	open_file(f);
	stats_file_write(&f->file, digits(0));
	assert_int_equal(pthread_create(&thread, NULL, watch_file, &w), 0);
	for (unsigned int i = 1; i < 500; i++)
		stats_file_write(&f->file, digits(i));
	atomic_store(&w.over, true);
	pthread_join(thread, NULL);
	if (w.fault)
		fail_msg("%s, at read %u", w.fault, w.reads);
}

TEST_MAIN(setup, teardown)
