/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The keeper itself is killed. The test is the service manager, which keeps
 * descriptors and starts it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

#define ROUNDS	 10
#define DEPTH	 8
#define KEPT_MAX 4

/* Where the descriptors are that are kept, out of everybody's way */
#define KEPT_AT 200

struct manager {
	struct rig *rig;
	int notify; /* socket */
	int kept[KEPT_MAX];
	int count;
};

static struct manager manager;

static const char *const args[] = { "--device=sim:loopback", "--keeper", NULL };

/*
 * The daemon is started by this program, which passes it what is kept. The
 * variable has the two descriptors, and the path of the daemon's binary.
 */
#define START "TEST_START"

__attribute__((constructor)) static void become_daemon(int argc, char **argv)
{
	const char *start = getenv(START);
	int fds[2], end = 0;
	char pid[16];

	if (!start || sscanf(start, "%d %d %n", &fds[0], &fds[1], &end) < 2)
		return;
	(void)argc;
	if (fds[0] >= 0) {
		dup2(fds[0], 3);
		dup2(fds[1], 4);
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "keeper:keeper", 1);
	}
	unsetenv(START);
	execv(start + end, argv);
	_exit(127);
}

static void take_message(struct manager *m)
{
	union {
		char bytes[CMSG_SPACE(KEPT_MAX * sizeof(int))];
		struct cmsghdr head;
	} control;
	char text[300];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(m->notify, &hdr, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&hdr);

	assert_true(n > 0);
	text[n] = '\0';
	if (!c)
		return;
	assert_string_equal(text, "FDSTORE=1\nFDNAME=keeper\nFDPOLL=0\n");
	assert_int_equal(c->cmsg_len, CMSG_LEN(2 * sizeof(int)));
	assert_int_equal(m->count, 0);
	for (; m->count < 2; m->count++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + m->count * sizeof(fd), sizeof(fd));
		m->kept[m->count] = fcntl(fd, F_DUPFD, KEPT_AT);
		close(fd);
	}
}

static void take_messages(struct manager *m)
{
	struct pollfd fd = { .fd = m->notify, .events = POLLIN };

	while (poll(&fd, 1, 0) == 1)
		take_message(m);
}

/* Starts the daemon with what is kept. */
static void start(struct manager *m)
{
	const char *binary = getenv("VHOST_DEVICE_SPI");
	char value[300];

	snprintf(value, sizeof(value), "%d %d %s", m->count ? m->kept[0] : -1,
		 m->count ? m->kept[1] : -1, daemon_binary());
	setenv(START, value, 1);
	snprintf(value, sizeof(value), "%s", binary ? binary : "");
	setenv("VHOST_DEVICE_SPI", "/proc/self/exe", 1);
	/* Else what the one before has said could be taken for its log. */
	unlink(daemon_file(&m->rig->daemon, "stderr"));
	daemon_start(&m->rig->daemon, 1, args);
	unsetenv(START);
	if (value[0])
		setenv("VHOST_DEVICE_SPI", value, 1);
	else
		unsetenv("VHOST_DEVICE_SPI");
	daemon_wait_log(&m->rig->daemon, "serving 1 guest", 1);
	take_messages(m);
}

static int setup(void **state)
{
	struct manager *m = &manager;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int ret = rig_setup_idle(state);

	if (ret)
		return ret;
	*m = (struct manager){ .rig = *state };
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_file(&m->rig->daemon, "notify"));
	m->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(m->notify, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct manager *m = *state;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("FDSTORE");
	close(m->notify);
	while (m->count)
		close(m->kept[--m->count]);
	*state = m->rig;
	return rig_teardown(state);
}

/* Waits until process @child has ended. Its parent is not this process. */
static void wait_gone(int child)
{
	struct pollfd fd = { .fd = child, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, DAEMON_TIMEOUT_MS), 1);
	close(child);
}

/* The keeper ends by @signal, and with it its child. */
/* A keeper that ends between an answer and the next image answers twice. */
static void wait_at_rest(pid_t pid)
{
	char path[64], state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		FILE *file = fopen(path, "r");

		assert_non_null(file);
		assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		fclose(file);
	} while (state == 'R' || state == 'D');
}

static void end_keeper(struct manager *m, int signal)
{
	struct daemon *d = &m->rig->daemon;
	int child = (int)syscall(SYS_pidfd_open, daemon_child(d), 0);

	assert_true(child >= 0);
	wait_at_rest(d->pid);
	kill(d->pid, signal);
	assert_int_equal(daemon_wait(d), signal == SIGKILL ? -SIGKILL : 0);
	wait_gone(child);
	take_messages(m);
}

TEST_WITH(front_end_outlives_the_keeper, struct manager *m)
{
	unsigned int fds = UINT_MAX, now;
	struct spi_front *front;

	start(m);
	front = rig_open(m->rig, 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rig_check_loopback(front, 10);
		end_keeper(m, SIGKILL);
		start(m);
		rig_check_loopback(front, 10);
		rig_check_control(front);
		/* It may have one more for a moment. */
		now = daemon_fds(&m->rig->daemon);
		fds = now < fds ? now : fds;
	}
	daemon_expect_fds(&m->rig->daemon, fds);
	kill(m->rig->daemon.pid, SIGUSR1);
	daemon_wait_log(&m->rig->daemon, "the keeper ended", 1);
	rig_close(m->rig, 0);
	rig_check_loopback(rig_open(m->rig, 0), 10);
	rig_close(m->rig, 0);
}

/* As when the directory goes with the service. */
TEST_WITH(socket_that_was_removed_is_made_again, struct manager *m)
{
	struct spi_front *front;

	start(m);
	front = rig_open(m->rig, 0);
	end_keeper(m, SIGKILL);
	assert_int_equal(unlink(daemon_socket(&m->rig->daemon, 0)), 0);
	start(m);
	rig_check_loopback(front, 10);
	rig_close(m->rig, 0);
	rig_check_loopback(rig_open(m->rig, 0), 10);
	rig_close(m->rig, 0);
}

/* A request that may have run fails; the others are run. */
TEST_WITH(requests_outlive_the_keeper, struct manager *m)
{
	struct spi_front *front;
	unsigned int failed = 0;

	start(m);
	front = rig_open(m->rig, 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint16_t ids[DEPTH];
		uint8_t tx[4] = { 1, 2, 3, 4 }, rx[DEPTH][4] = { 0 };

		for (unsigned int k = 0; k < DEPTH; k++) {
			const struct spi_front_request request = { rig_head(0),
								   tx, 4, rx[k],
								   4 };

			assert_int_equal(spi_front_submit(front, &request, NULL,
							  &ids[k]),
					 0);
		}
		end_keeper(m, SIGKILL);
		start(m);
		for (unsigned int k = 0; k < DEPTH; k++) {
			struct spi_front_result result;

			assert_int_equal(spi_front_wait(front, ids[k], &result),
					 0);
			failed += result.status != VIRTIO_SPI_TRANS_OK;
		}
	}
	print_message("%u of %u requests failed\n", failed, ROUNDS * DEPTH);
	rig_close(m->rig, 0);
}

static void *ask_config(void *arg)
{
	struct virtio_spi_wire_config config;

	return (void *)(intptr_t)spi_front_config(arg, &config);
}

/* The message had come, and was not answered. */
TEST_WITH(message_outlives_the_keeper, struct manager *m)
{
	struct spi_front *front;
	pthread_t thread;
	void *ret;

	start(m);
	front = rig_open(m->rig, 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		pid_t child = daemon_child(&m->rig->daemon);

		process_stop(child);
		assert_int_equal(
			pthread_create(&thread, NULL, ask_config, front), 0);
		process_sleep_ms(20);
		process_stop(m->rig->daemon.pid);
		kill(child, SIGKILL);
		end_keeper(m, SIGKILL);
		start(m);
		pthread_join(thread, &ret);
		assert_null(ret);
		rig_check_loopback(front, 10);
	}
	rig_close(m->rig, 0);
}

/* systemd says that what it keeps outlives a restart of the service. */
TEST_WITH(front_end_outlives_a_restart_of_the_service, struct manager *m)
{
	struct spi_front *front;

	setenv("FDSTORE", "4", 1);
	start(m);
	front = rig_open(m->rig, 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rig_check_loopback(front, 10);
		end_keeper(m, SIGTERM);
		if (i == ROUNDS - 1)
			unsetenv("FDSTORE");
		start(m);
	}
	rig_check_loopback(front, 10);
	rig_close(m->rig, 0);
	rig_check_loopback(rig_open(m->rig, 0), 10);
	rig_close(m->rig, 0);
}

/* Otherwise the end is the end, and leaves nothing. */
TEST_WITH(end_of_the_service_disconnects, struct manager *m)
{
	struct pollfd fd;

	start(m);
	fd = (struct pollfd){ .fd = rig_open(m->rig, 0)->fe.fd };
	end_keeper(m, SIGTERM);
	assert_int_equal(poll(&fd, 1, DAEMON_TIMEOUT_MS), 1);
	assert_true(fd.revents & POLLHUP);
	assert_false(daemon_listens(daemon_socket(&m->rig->daemon, 0)));
	start(m);
	rig_close(m->rig, 0);
	rig_check_loopback(rig_open(m->rig, 0), 10);
	rig_close(m->rig, 0);
}

/* It is the next keeper's to keep. */
TEST_WITH(upgraded_keeper_is_outlived_too, struct manager *m)
{
	struct spi_front *front;

	start(m);
	front = rig_open(m->rig, 0);
	for (unsigned int i = 0; i < 3; i++) {
		kill(m->rig->daemon.pid, SIGUSR2);
		daemon_wait_log(&m->rig->daemon,
				"the keeper runs the new binary", 1);
		rig_check_loopback(front, 10);
		rig_check_control(front);
		end_keeper(m, SIGKILL);
		start(m);
		rig_check_loopback(front, 10);
	}
	rig_close(m->rig, 0);
}

TEST_MAIN(setup, teardown)
