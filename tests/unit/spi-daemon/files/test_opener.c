// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* What files.h does, in this process and through another one */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"
#include "spi-daemon/files/opener.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define NO_LIMIT 77 /* exit status: no limit could be set */

static char dir[32];

static const char *in_dir(const char *name)
{
	static char paths[4][96];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void stay_free(const void *arg)
{
	(void)arg;
}

/* What has "forbidden" in its name is not done. */
static bool admits(const struct file_call *call)
{
	return !strstr(call->path, "forbidden");
}

static atomic_int losses;

static void note_loss(void)
{
	losses++;
}

static void start_opener(void)
{
	static const struct opener opener = {
		.confine = stay_free,
		.admits = admits,
		.lost = note_loss,
	};

	assert_int_equal(opener_start(&opener), 0);
}

/* Runs @check in a process of its own, which has an opener if it wants one. */
static void run(void (*check)(void), bool has_opener)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		if (has_opener)
			start_opener();
		check();
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_LIMIT)
		skip_because("valgrind lets no limit be set");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("with%s an opener: status %x", has_opener ? "" : "out",
			 status);
}

/* For the process of run(): cmocka's are for that of the test. */
#define expect(what)                                                       \
	do {                                                               \
		if (!(what)) {                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
			_exit(EXIT_FAILURE);                               \
		}                                                          \
	} while (0)

static void make_and_change_files(void)
{
	struct stat st;
	uint64_t bytes;
	char *temp, *real, text[8] = "";
	FILE *file;
	int fd = files_open(in_dir("a"), O_RDWR | O_CREAT | O_EXCL, 0600);

	expect(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	expect(write(fd, "text", 4) == 4 && !close(fd));
	expect(files_open(in_dir("a"), O_RDWR | O_CREAT | O_EXCL, 0600) ==
	       -EEXIST);
	expect(!files_stat(in_dir("a"), &st) && st.st_size == 4);
	expect((st.st_mode & 0777) == 0600);
	file = files_read(in_dir("a"));
	expect(file && fgets(text, sizeof(text), file) && !fclose(file));
	expect(!strcmp(text, "text"));
	expect(!files_read(in_dir("none")) && errno == ENOENT);

	expect(!files_rename(in_dir("a"), in_dir("b")));
	expect(files_stat(in_dir("a"), &st) == -ENOENT);
	expect(!files_link(in_dir("b"), in_dir("a")));
	expect(files_link(in_dir("b"), in_dir("a")) == -EEXIST);
	expect(!symlink("b", in_dir("link")));
	expect(!files_stat(in_dir("link"), &st) && S_ISREG(st.st_mode));
	expect(!files_lstat(in_dir("link"), &st) && S_ISLNK(st.st_mode));
	real = files_real(in_dir("link"));
	expect(real && !strcmp(real, in_dir("b")));
	free(real);
	expect(!files_real(in_dir("none")) && errno == ENOENT);

	fd = files_make_temp(in_dir("b"), &temp);
	expect(fd >= 0 && !strncmp(temp, in_dir("b."), strlen(dir) + 3));
	expect(strlen(temp) == strlen(in_dir("b")) + 7);
	expect(!files_unlink(temp) && files_unlink(temp) == -ENOENT);
	free(temp);
	close(fd);
	expect(files_make_temp("/no-such-directory/b", &temp) == -ENOENT);
	expect(!files_room(dir, &bytes) && bytes > 0);
	expect(!files_unlink(in_dir("a")) && !files_unlink(in_dir("b")) &&
	       !files_unlink(in_dir("link")));
}

TEST(files_are_made_and_changed)
{
	run(make_and_change_files, false);
	run(make_and_change_files, true);
}

static void find_names(void)
{
	gid_t group = 1;
	uid_t user = 1;

	expect(!files_group("root", &group) && group == 0);
	expect(!files_user("root", &user) && user == 0);
	expect(files_group("no such group", &group) == -ENOENT);
	expect(files_user("no such user", &user) == -ENOENT);
}

TEST(names_of_users_and_groups_are_found)
{
	run(find_names, false);
	run(find_names, true);
}

static void connect_to_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 0;
	int fd, peer;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", in_dir("socket"));
	expect(files_connect(addr.sun_path) == -ENOENT);
	expect(!bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
	expect(files_connect(addr.sun_path) == -ECONNREFUSED);
	expect(!listen(listener, 0));
	fd = files_connect(addr.sun_path);
	expect(fd >= 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	/* Nobody accepts: it is not waited for. */
	expect(files_connect(addr.sun_path) == -EAGAIN);
	peer = accept(listener, NULL, NULL);
	expect(write(fd, "x", 1) == 1 && read(peer, &byte, 1) == 1);
	expect(byte == 'x');
	expect(!unlink(addr.sun_path));
}

TEST(connections_are_made)
{
	run(connect_to_socket, false);
	run(connect_to_socket, true);
}

static void ask_for_what_is_wrong(void)
{
	static char name[PATH_MAX + 16];
	char *temp;

	memset(name, 'x', sizeof(name) - 1);
	expect(files_open(name, O_RDONLY, 0) == -ENAMETOOLONG);
	expect(files_rename("x", name) == -ENAMETOOLONG);
	expect(files_make_temp(name, &temp) == -ENAMETOOLONG);
	name[PATH_MAX - 1] = '\0';
	expect(files_open(name, O_RDONLY, 0) == -ENAMETOOLONG);
	expect(files_open("", O_RDONLY, 0) == -ENOENT);
	expect(files_open(in_dir("none"), O_RDONLY, 0) == -ENOENT);
}

TEST(wrong_names_are_refused)
{
	run(ask_for_what_is_wrong, false);
	run(ask_for_what_is_wrong, true);
}

static void ask_for_what_is_forbidden(void)
{
	expect(files_open(in_dir("forbidden"), O_RDWR | O_CREAT, 0600) ==
	       -EACCES);
	expect(access(in_dir("forbidden"), F_OK) < 0);
}

TEST(what_is_not_admitted_is_not_done)
{
	run(ask_for_what_is_forbidden, true);
}

static void open_without_room(void)
{
	struct rlimit limit = { 64, 64 };
	struct stat st;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(NO_LIMIT);
	while (dup(STDERR_FILENO) >= 0)
		;
	expect(files_open("/dev/null", O_RDONLY, 0) == -EMFILE);
	expect(files_open("/dev/null", O_RDONLY, 0) == -EMFILE);
	expect(!files_stat("/dev/null", &st));
}

TEST(descriptor_without_room_for_it_is_an_error)
{
	run(open_without_room, false);
	run(open_without_room, true);
}

static void interrupt(int sig)
{
	(void)sig;
}

static unsigned int count_descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Answers that come late are not those of the next question. */
static void ask_while_interrupted(void)
{
	const struct sigaction action = { .sa_handler = interrupt };
	const struct itimerval often = { { 0, 50 }, { 0, 50 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	const unsigned int before = count_descriptors();
	unsigned int interrupted = 0;
	struct stat st;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned int i = 0; i < 20000 && interrupted < 50; i++) {
		int fd = files_open("/dev/null", O_RDONLY, 0), ret;

		expect(fd >= 0 || fd == -EINTR);
		if (fd >= 0)
			expect(!fstat(fd, &st) && S_ISCHR(st.st_mode));
		if (fd >= 0)
			close(fd);
		ret = files_stat(dir, &st);
		expect(ret == -EINTR || (!ret && S_ISDIR(st.st_mode)));
		interrupted += (fd == -EINTR) + (ret == -EINTR);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	expect(!files_stat(dir, &st) && S_ISDIR(st.st_mode));
	expect(count_descriptors() == before);
}

TEST(signal_mixes_no_answers_up)
{
	run(ask_while_interrupted, true);
}

static void *ask_often(void *arg)
{
	struct stat st;

	for (unsigned int i = 0; i < 500; i++) {
		int fd = files_open(arg, O_RDONLY, 0);

		expect(fd >= 0 && !fstat(fd, &st));
		expect(S_ISCHR(st.st_mode) == !strcmp(arg, "/dev/null"));
		close(fd);
	}
	return NULL;
}

static void ask_by_threads(void)
{
	static char null[] = "/dev/null";
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		expect(!pthread_create(&threads[i], NULL, ask_often,
				       i % 2 ? dir : null));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

TEST(threads_get_their_own_answers)
{
	run(ask_by_threads, true);
}

static void ask_a_dead_process(void)
{
	FILE *children;
	struct stat st;
	char path[64];
	int pid;

	expect(!files_stat(dir, &st) && !losses);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	children = fopen(path, "re");
	expect(children && fscanf(children, "%d", &pid) == 1);
	expect(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	expect(files_stat(dir, &st) < 0 && losses == 1);
	expect(files_open(dir, O_RDONLY, 0) < 0 && losses == 1);
}

TEST(loss_of_the_process_is_told_once)
{
	run(ask_a_dead_process, true);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-opener-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* The end of this process: the only socket of its kind */
static int find_channel(void)
{
	for (int fd = STDERR_FILENO + 1; fd < 256; fd++) {
		socklen_t size = sizeof(int);
		int type;

		if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) &&
		    type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

static void ask_nonsense(void)
{
	struct file_call call = { .op = (enum file_op)99, .path = dir };
	struct file_call no_target = { .op = FILE_RENAME, .path = dir };
	struct stat st;

	expect(opener_ask(&call) == -EINVAL);
	expect(opener_ask(&no_target) < 0 && !files_stat(dir, &st));
	/* What is no question ends the process. */
	expect(send(find_channel(), "x", 1, 0) == 1);
	expect(files_stat(dir, &st) < 0 && losses == 1);
}

TEST(nonsense_is_refused)
{
	run(ask_nonsense, true);
}

TEST_MAIN(setup, teardown)
