/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "vhost/listen/listen.h"

#define RIVALS	 16

#define SUN_PATH sizeof(((struct sockaddr_un *)0)->sun_path)

struct setup {
	char dir[32];
	char path[64];
	unsigned int fds;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	strcpy(s->dir, "/tmp/test-listen.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/vs.sock0", s->dir);
	s->fds = open_fds();
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	assert_int_equal(open_fds(), s->fds);
	unlink(s->path);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

/* Waits for a child. Returns its exit status. */
static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static int make_socket(int type, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

/* The check says what listening does, and neither changes anything. */
static void assert_fails(const char *path, int error)
{
	struct vhost_listener listener;

	assert_int_equal(vhost_listen_check(path), error);
	assert_int_equal(vhost_listen(&listener, path, NULL), error);
}

TEST_WITH(test_listens_accepts_and_removes_its_file, struct setup *s)
{
	struct vhost_listener listener;
	int front, back;

	assert_int_equal(vhost_listen_check(s->path), 0);
	assert_false(exists(s->path));
	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	assert_true(exists(s->path));
	assert_true(fcntl(listener.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(vhost_accept(&listener, &(struct ucred){ 0 }),
			 -EAGAIN);

	front = connect_to(s->path);
	assert_true(front >= 0);
	back = vhost_accept(&listener, &(struct ucred){ 0 });
	assert_true(back >= 0);
	assert_true(fcntl(back, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(front, "x", 1), 1);
	assert_int_equal(read(back, &(char){ 0 }, 1), 1);
	assert_int_equal(vhost_accept(&listener, &(struct ucred){ 0 }),
			 -EAGAIN);

	vhost_unlisten(&listener);
	assert_false(exists(s->path));
	close(front);
	close(back);
}

TEST_WITH(test_accepts_each_of_several, struct setup *s)
{
	struct vhost_listener listener;
	int fronts[3];

	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	for (int i = 0; i < 3; i++)
		fronts[i] = connect_to(s->path);
	for (int i = 0; i < 3; i++) {
		int back = vhost_accept(&listener, &(struct ucred){ 0 });

		assert_true(back >= 0);
		close(back);
		close(fronts[i]);
	}
	/* One that has gone again is taken, and found out later. */
	close(connect_to(s->path));
	close(vhost_accept(&listener, &(struct ucred){ 0 }));
	vhost_unlisten(&listener);
}

TEST_WITH(test_stale_socket_is_replaced, struct setup *s)
{
	struct vhost_listener listener;
	struct stat before, after;
	int front;

	close(make_socket(SOCK_STREAM, s->path));
	assert_int_equal(lstat(s->path, &before), 0);
	assert_int_equal(vhost_listen_check(s->path), 0);
	assert_int_equal(lstat(s->path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);

	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	front = connect_to(s->path);
	assert_true(front >= 0);
	close(front);
	vhost_unlisten(&listener);
	assert_false(exists(s->path));
}

TEST_WITH(test_socket_that_is_served_is_left_alone, struct setup *s)
{
	struct vhost_listener listener;
	int front;

	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	assert_fails(s->path, -EADDRINUSE);
	front = connect_to(s->path);
	assert_true(front >= 0);
	close(front);
	vhost_unlisten(&listener);
}

TEST_WITH(test_socket_with_a_full_backlog_is_served_too, struct setup *s)
{
	struct vhost_listener listener;
	int fronts[64];
	int count = 0;

	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	while (count < 64 && (fronts[count] = connect_to(s->path)) >= 0)
		count++;
	assert_true(count < 64);
	assert_fails(s->path, -EADDRINUSE);
	while (count)
		close(fronts[--count]);
	vhost_unlisten(&listener);
}

TEST_WITH(test_socket_of_another_type_is_left_alone, struct setup *s)
{
	int fd = make_socket(SOCK_DGRAM, s->path);

	assert_fails(s->path, -EPROTOTYPE);
	assert_true(exists(s->path));
	close(fd);
}

TEST_WITH(test_what_is_no_socket_is_left_alone, struct setup *s)
{
	struct stat st;

	close(open(s->path, O_CREAT | O_WRONLY, 0600));
	assert_fails(s->path, -EEXIST);
	assert_true(exists(s->path));
	unlink(s->path);

	assert_int_equal(mkdir(s->path, 0700), 0);
	assert_fails(s->path, -EEXIST);
	assert_int_equal(rmdir(s->path), 0);

	/* Not even a link to nowhere: it is not followed. */
	assert_int_equal(symlink("nowhere", s->path), 0);
	assert_fails(s->path, -EEXIST);
	assert_int_equal(lstat(s->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

TEST_WITH(test_path_that_cannot_be_is_an_error, struct setup *s)
{
	struct vhost_listener listener;
	char below[80], path[SUN_PATH + 1];

	assert_fails("", -ENOENT);
	snprintf(below, sizeof(below), "%s/none/sock", s->dir);
	assert_int_equal(vhost_listen(&listener, below, NULL), -ENOENT);
	close(open(s->path, O_CREAT | O_WRONLY, 0600));
	snprintf(below, sizeof(below), "%s/sock", s->path);
	assert_fails(below, -ENOTDIR);

	/* The longest path has a NUL behind it; one more does not fit. */
	memset(path, 'x', sizeof(path));
	memcpy(path, s->dir, strlen(s->dir));
	path[strlen(s->dir)] = '/';
	path[SUN_PATH] = '\0';
	assert_fails(path, -ENAMETOOLONG);
	path[SUN_PATH - 1] = '\0';
	assert_int_equal(vhost_listen(&listener, path, NULL), 0);
	assert_true(exists(path));
	vhost_unlisten(&listener);
	assert_false(exists(path));
}

TEST_WITH(test_file_that_took_our_place_is_not_removed, struct setup *s)
{
	struct vhost_listener ours, theirs;

	assert_int_equal(vhost_listen(&ours, s->path, NULL), 0);
	unlink(s->path);
	close(open(s->path, O_CREAT | O_WRONLY, 0600));
	vhost_unlisten(&ours);
	assert_true(exists(s->path));
	unlink(s->path);

	assert_int_equal(vhost_listen(&ours, s->path, NULL), 0);
	unlink(s->path);
	assert_int_equal(vhost_listen(&theirs, s->path, NULL), 0);
	vhost_unlisten(&ours);
	assert_true(exists(s->path));
	vhost_unlisten(&theirs);
	assert_false(exists(s->path));

	/* Nothing there any more is no trouble. */
	assert_int_equal(vhost_listen(&ours, s->path, NULL), 0);
	unlink(s->path);
	vhost_unlisten(&ours);
}

/* The permission bits of the socket file. */
static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* The rights of the file that bind() made last, before they are changed */
static mode_t bound_mode;

/* In place of the C library's, for the code under test too */
int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un at;
	int ret = (int)syscall(SYS_bind, fd, addr, len);

	memcpy(&at, addr, len);
	if (!ret)
		bound_mode = mode_of(at.sun_path);
	return ret;
}

TEST_WITH(test_file_never_has_more_rights_than_were_asked_for, struct setup *s)
{
	static const struct {
		mode_t umask, mode, bound;
		bool group; /* is asked for, as is the process's own */
	} cases[] = {
		{ 0, 0600, 0600, false },   { 0, 0660, 0660, false },
		{ 0, 0666, 0666, false },   { 027, 0666, 0640, false },
		{ 077, 0660, 0600, false }, { 0, 0660, 0600, true },
		{ 0, 0666, 0606, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vhost_access access = {
			.mode = cases[i].mode,
			.group = cases[i].group ? getegid() : (gid_t)-1,
		};
		struct vhost_listener listener;
		mode_t mask = umask(cases[i].umask);

		assert_int_equal(vhost_listen(&listener, s->path, &access), 0);
		umask(mask);
		assert_int_equal(bound_mode, cases[i].bound);
		assert_int_equal(mode_of(s->path), cases[i].mode);
		vhost_unlisten(&listener);
	}
}

TEST_WITH(test_peers_are_told_and_admitted_if_asked_for, struct setup *s)
{
	struct vhost_access access = {
		.group = (gid_t)-1,
		.peers = { geteuid(), getegid() },
	};
	struct vhost_listener listener;
	struct ucred peer;
	char text[80], expected[80];
	int front, back;

	assert_int_equal(vhost_listen(&listener, s->path, &access), 0);
	front = connect_to(s->path);
	back = vhost_accept(&listener, &peer);
	assert_true(back >= 0);
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_true(vhost_admits(&listener, &peer));
	snprintf(expected, sizeof(expected), "process %d, user %u, group %u",
		 (int)getpid(), (unsigned int)geteuid(),
		 (unsigned int)getegid());
	vhost_describe_peer(&peer, text, sizeof(text));
	assert_string_equal(text, expected);
	peer.uid++;
	assert_false(vhost_admits(&listener, &peer));
	peer.uid--;
	peer.gid++;
	assert_false(vhost_admits(&listener, &peer));
	vhost_unlisten(&listener);
	close(front);
	close(back);
}

TEST_WITH(test_access_is_what_was_asked_for, struct setup *s)
{
	struct vhost_access access = { .mode = 0666, .group = (gid_t)-1 };
	struct vhost_listener listener;
	mode_t mask = umask(027);

	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	assert_int_equal(mode_of(s->path), 0750);
	vhost_unlisten(&listener);

	assert_int_equal(vhost_listen(&listener, s->path, &access), 0);
	assert_int_equal(mode_of(s->path), 0666);
	vhost_unlisten(&listener);

	access.mode = 0600;
	umask(0);
	assert_int_equal(vhost_listen(&listener, s->path, &access), 0);
	assert_int_equal(mode_of(s->path), 0600);
	vhost_unlisten(&listener);
	umask(mask);
}

TEST_WITH(test_group_is_what_was_asked_for_or_an_error, struct setup *s)
{
	struct vhost_access access = { .group = 12345 };
	struct vhost_listener listener;
	struct stat st;

	if (geteuid()) {
		assert_int_equal(vhost_listen(&listener, s->path, &access),
				 -EPERM);
		assert_false(exists(s->path));
		return;
	}
	assert_int_equal(vhost_listen(&listener, s->path, &access), 0);
	assert_int_equal(lstat(s->path, &st), 0);
	assert_int_equal(st.st_gid, 12345);
	vhost_unlisten(&listener);
}

TEST_WITH(test_directory_that_is_locked_for_a_moment_is_waited_for,
	  struct setup *s)
{
	struct vhost_listener listener;
	int lock = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	assert_int_equal(flock(lock, LOCK_EX), 0);
	pid = fork();
	if (!pid) {
		close(lock);
		_exit(-vhost_listen(&listener, s->path, NULL));
	}
	usleep(50000);
	assert_false(exists(s->path));
	close(lock);
	assert_int_equal(end_of(pid), 0);
}

/* Wants the socket as soon as the pipe is closed. Tells by its status. */
static pid_t start_rival(const struct setup *s, const int *ends)
{
	struct vhost_listener listener;
	pid_t pid = fork();
	char byte;
	int ret;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(ends[1]);
	if (read(ends[0], &byte, 1) < 0)
		_exit(255);
	ret = vhost_listen(&listener, s->path, NULL);
	/* The winner serves until it is killed. */
	while (!ret) {
		struct pollfd fd = { .fd = listener.fd, .events = POLLIN };
		int front =
			poll(&fd, 1, -1) == 1
				? vhost_accept(&listener, &(struct ucred){ 0 })
				: -1;

		if (front >= 0)
			close(front);
	}
	_exit(-ret);
}

/* One wins, the others are told so, and the winner's socket works. */
static void race(const struct setup *s)
{
	pid_t rivals[RIVALS];
	unsigned int left = RIVALS;
	int ends[2], front, status;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (unsigned int i = 0; i < RIVALS; i++)
		rivals[i] = start_rival(s, ends);
	close(ends[0]);
	close(ends[1]);
	for (; left > 1; left--) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EADDRINUSE);
	}
	for (int i = 0; (front = connect_to(s->path)) < 0; i++) {
		assert_true(i < 500); /* a full backlog, until it is served */
		usleep(10000);
	}
	close(front);
	for (unsigned int i = 0; i < RIVALS; i++)
		kill(rivals[i], SIGKILL);
	assert_true(wait(&status) > 0);
	assert_true(WIFSIGNALED(status));
}

TEST_WITH(test_one_of_many_rivals_gets_a_stale_socket, struct setup *s)
{
	/* The second and later ones find what the killed winner left. */
	for (int i = 0; i < 25; i++)
		race(s);
}

TEST_WITH(test_alias_is_in_the_directory_of_its_socket, struct setup *s)
{
	struct vhost_listener listener;
	char alias[64];

	snprintf(alias, sizeof(alias), "%s/alias", s->dir);
	assert_int_equal(vhost_listen(&listener, s->path, NULL), 0);
	assert_int_equal(vhost_listen_alias(&listener, "/tmp/alias"), -EXDEV);
	assert_int_equal(vhost_listen_alias(&listener, NULL), 0);
	assert_int_equal(vhost_listen_alias(&listener, alias), 0);
	assert_int_equal(vhost_listen_alias(&listener, alias), 0);
	close(connect_to(alias));
	assert_int_equal(vhost_listen_alias(&listener, NULL), 0);
	assert_false(exists(alias));
	assert_int_equal(vhost_listen_alias(&listener, alias), 0);
	vhost_unlisten(&listener);
	assert_false(exists(alias));
}

TEST_MAIN(setup, teardown)
