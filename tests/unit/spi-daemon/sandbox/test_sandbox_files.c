// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Which files and sockets a process in the sandbox can use by their names */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "spi-daemon/files/files.h"
#include "tests/lib/host/sandbox.h"
#include "tests/unit/spi-daemon/sandbox/sandbox_world.h"

static int open_at(const char *dir, const char *name, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	return fd < 0 ? errno : 0;
}

static int use_files(const struct world *w)
{
	const int make = O_RDWR | O_CREAT;

	if (open_at(w->dir, "image", make) != 0)
		return 1;
	if (open_at(w->other, "image", make) != EACCES)
		return 2;
	if (open_at("/etc", "passwd", O_RDONLY) != 0)
		return 3;
	if (open_at("/etc", "passwd", O_RDWR) != EACCES)
		return 4;
	if (open_at("/root", ".", O_RDONLY) != EACCES)
		return 5;
	if (open_at("/dev", "zero", O_RDONLY) != EACCES)
		return 6;
	if (open_at("/dev", "null", O_RDWR) != 0)
		return 7;
	return 0;
}

TEST_WITH(files_are_those_of_the_options, struct world *w)
{
	sandbox_need_landlock();
	assert_int_equal(try(w, use_files), 0);
	assert_int_equal(try_in(sandbox_enter_keeper, w, use_files), 0);
}

/* Returns what the sandbox says of a guest with its socket in @dir. */
static int check_guest_in(const char *dir)
{
	struct guest_spec guest;
	struct options options = { .guests = &guest, .guest_count = 1 };
	char text[64], error[512];

	snprintf(text, sizeof(text), "socket=%s/s,device=sim:nor", dir);
	if (guest_spec_parse(text, &guest, error, sizeof(error)))
		return 1;
	return sandbox_check(&options, error, sizeof(error));
}

static int check_reload(const struct world *w)
{
	if (check_guest_in(w->dir) || check_guest_in("/no-such-directory"))
		return 1;
	return check_guest_in(w->other) == -EACCES ? 0 : 2;
}

TEST_WITH(reload_with_a_directory_out_of_reach_is_refused, struct world *w)
{
	sandbox_need_landlock();
	assert_int_equal(try(w, check_reload), 0);
}

static int bind_at(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", dir);
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
}

static int make_sockets(const struct world *w)
{
	if (bind_at(w->dir) != 0)
		return 1;
	return bind_at(w->other) == EACCES ? 0 : 2;
}

TEST_WITH(sockets_are_those_of_the_options, struct world *w)
{
	sandbox_need_landlock();
	assert_int_equal(try(w, make_sockets), 0);
}

static int connect_at(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/none", dir);
	return !connect(STDIN_FILENO, (struct sockaddr *)&addr, sizeof(addr));
}

static int open_image(const char *dir)
{
	return open_at(dir, "image", O_RDWR | O_CREAT);
}

static int look_at(const char *dir)
{
	struct stat st;

	return stat(dir, &st);
}

static int make_socket(const char *dir)
{
	(void)dir;
	return (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static int list_directory(const char *dir)
{
	(void)dir;
	return (int)syscall(SYS_getdents64, STDIN_FILENO, NULL, 0);
}

/* What only another process does for one that serves */
static const struct {
	const char *name;
	int (*attempt)(const char *dir);
} by_others[] = {
	{ "open a file", open_image },
	{ "look at a file", look_at },
	{ "remove a directory", rmdir },
	{ "remove a file", unlink },
	{ "list a directory", list_directory },
	{ "make a socket", make_socket },
	{ "connect", connect_at },
};

#define BY_OTHERS (sizeof(by_others) / sizeof(by_others[0]))

static int next_attempt;

static int try_next(const struct world *w)
{
	return by_others[next_attempt].attempt(w->dir);
}

TEST_WITH(process_of_a_keeper_uses_no_file_by_its_name, struct world *w)
{
	sandbox_need();
	for (next_attempt = 0; next_attempt < (int)BY_OTHERS; next_attempt++)
		expect_sigsys(by_others[next_attempt].name,
			      try_in(enter_kept, w, try_next));
}

static void *run_guest_thread(void *arg)
{
	sandbox_enter_guest_thread();
	return (void *)(intptr_t)try_next(arg);
}

static int try_in_guest_thread(const struct world *w)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, run_guest_thread,
			   (void *)(uintptr_t)w) ||
	    pthread_join(thread, &result))
		return 99;
	return (int)(intptr_t)result;
}

TEST_WITH(thread_of_a_guest_uses_no_file_by_its_name, struct world *w)
{
	sandbox_need();
	for (next_attempt = 0; next_attempt < (int)BY_OTHERS; next_attempt++)
		expect_sigsys(by_others[next_attempt].name,
			      try(w, try_in_guest_thread));
}

static int open_through_another(const char *dir, const char *name, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = files_open(path, flags, 0600);
	return fd < 0 ? fd : 0;
}

static int use_files_through_another(const struct world *w)
{
	const int make = O_RDWR | O_CREAT;
	char path[96];
	struct stat st;

	if (open_through_another(w->dir, "image", make) != 0)
		return 1;
	if (open_through_another(w->other, "image", make) != -EACCES)
		return 2;
	if (open_through_another("/root", ".", O_RDONLY) != -EACCES)
		return 3;
	snprintf(path, sizeof(path), "%s/image", w->dir);
	if (files_stat(path, &st) || !S_ISREG(st.st_mode))
		return 4;
	if (files_unlink(path) || files_stat(path, &st) != -ENOENT)
		return 5;
	return 0;
}

TEST_WITH(files_of_the_options_are_opened_by_another_process, struct world *w)
{
	sandbox_need_landlock();
	assert_int_equal(try_in(enter_kept, w, use_files_through_another), 0);
	assert_int_equal(try(w, use_files_through_another), 0);
}

static int connect_through_another(const struct world *w)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/none", w->dir);
	if (files_connect(path) != -ENOENT)
		return 1;
	snprintf(path, sizeof(path), "%s/none", w->other);
	return files_connect(path) == -EACCES ? 0 : 2;
}

TEST_WITH(connections_are_made_to_programs_that_are_chips_alone,
	  struct world *w)
{
	struct device_spec *spec;
	char text[256], error[256];

	sandbox_need_landlock();
	options_free(&w->options);
	w->options = (struct options){ .guest_count = 1 };
	w->options.guests = calloc(1, sizeof(*w->options.guests));
	snprintf(text, sizeof(text),
		 "socket=%s/socket,device=sim:socket=%s/chip", w->other,
		 w->dir);
	assert_int_equal(
		guest_spec_parse(text, w->options.guests, error, sizeof(error)),
		0);
	spec = w->options.guests->devices->specs;
	assert_int_equal(spec->kind, DEVICE_SIM_SOCKET);
	assert_int_equal(try_in(enter_kept, w, connect_through_another), 0);
}

TEST_MAIN(setup, teardown)
