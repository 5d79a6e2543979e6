/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Descriptors that would hold a worker, keep it busy, or use up what there is:
 * the guest of socket 1 does not notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/host/fuse.h"
#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define ANY_ADDR (UINT64_C(1) << 32)

/* Fewer than are open; and more than a worker polls, as poll(2) wants. */
#define FEW 8

/* Waits until the daemon's log has @text. */
static void wait_for_line(const struct daemon *d, const char *text)
{
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;

	while (!strstr(daemon_stderr(d), text)) {
		assert_true(process_now_ms() < end);
		process_sleep_ms(10);
	}
}

/* Milliseconds of processor time that the process has used. */
static long cpu_ms(pid_t pid)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_int_equal(sscanf(strrchr(text, ')'),
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%lu %lu",
				&user, &system),
			 2);
	return (long)((user + system) * 1000) / sysconf(_SC_CLK_TCK);
}

/* A thread that spins uses all of the time, one that sleeps next to none. */
static void expect_idle(const struct daemon *d)
{
	pid_t serving = daemon_serving(d);
	long before = cpu_ms(d->pid) + cpu_ms(serving);

	process_sleep_ms(500);
	assert_true(cpu_ms(d->pid) + cpu_ms(serving) - before < 100);
}

/* Makes a full eventfd the call of the ring. Returns it. */
static int set_full_call(struct spi_front *front, int flags)
{
	const uint64_t full = UINT64_MAX - 1;
	int fd = eventfd(0, EFD_CLOEXEC | flags);

	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_CALL, 0, fd),
			 0);
	return fd;
}

/* One that does not block when it is sent, and then does. */
static int set_trap(struct spi_front *front)
{
	int fd = set_full_call(front, EFD_NONBLOCK);

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	return fd;
}

/* Makes a request that is used with a call, and waits until it is used. */
static void have_called(struct spi_front *front)
{
	struct spi_front_request request = { .head = rig_head(0),
					     .tx = (const uint8_t *)"a",
					     .tx_len = 1 };
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;
	uint16_t id, place = front_ring_used_idx(&front->ring);

	front_ring_want_call(&front->ring, place);
	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	while (front_ring_used_idx(&front->ring) == place)
		assert_true(process_now_ms() < end);
	rig_expect_wait(front, id, 0, VIRTIO_SPI_TRANS_OK);
}

TEST_WITH(call_that_blocks_is_dropped, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front *other = rig_open(rig, 1);
	int trap = set_trap(front);

	have_called(front);
	rig_check_loopback(other, 100);
	wait_for_line(&rig->daemon, "blocks, and was closed");
	/* Once is enough. */
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_CALL, 0,
					    front->ring.call_fd),
			 -EREMOTEIO);
	rig_check_control(front);
	rig_close(rig, 0);
	wait_for_line(&rig->daemon, "no other is served for a minute");
	rig_check_loopback(other, 100);
	close(trap);
}

/* Nobody fills a counter but on purpose: it counts as signalled. */
TEST_WITH(full_call_that_blocks_from_the_start_holds_nobody, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	int call = set_full_call(front, 0);

	for (int i = 0; i < 20; i++)
		have_called(front);
	rig_check_control(front);
	assert_null(strstr(daemon_stderr(&rig->daemon), "blocks"));
	close(call);
}

TEST_WITH(daemon_ends_while_a_call_blocks, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	int trap = set_trap(front);

	have_called(front);
	daemon_stop(&rig->daemon, SIGTERM);
	close(trap);
}

/* Each read takes one of 2^63. */
TEST_WITH(kick_that_is_always_readable_costs_little, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	int kick = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);

	assert_int_equal(eventfd_write(kick, UINT64_C(1) << 63), 0);
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_KICK, 0, kick),
			 0);
	close(front->ring.kick_fd);
	front->ring.kick_fd = kick;
	rig_check_loopback(front, 100);
	expect_idle(&rig->daemon);
	for (int i = 0; i < 20; i++)
		rig_check_loopback(front, 100);
	rig_check_control(front);
}

/* More kicks than a driver makes, and then none: it is let sleep again. */
TEST_WITH(flood_of_kicks_costs_nothing_when_it_is_over, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);

	for (int i = 0; i < 10000; i++)
		assert_int_equal(eventfd_write(front->ring.kick_fd, 1), 0);
	rig_check_loopback(front, 100);
	expect_idle(&rig->daemon);
	for (int i = 0; i < 20; i++)
		rig_check_loopback(front, 100);
}

/* A byte out of band makes the socket readable with nothing to read. */
TEST_WITH(urgent_byte_costs_little, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front *other = rig_open(rig, 1);

	if (send(front->fe.fd, "x", 1, MSG_OOB | MSG_NOSIGNAL) != 1) {
		skip_because("Unix sockets have no MSG_OOB here");
	}
	expect_idle(&rig->daemon);
	rig_check_loopback(other, 100);
}

static void limit_fds(const struct daemon *d, rlim_t limit)
{
	pid_t pid = daemon_serving(d);
	struct rlimit old, new;

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &old), 0);
	new = old;
	new.rlim_cur = limit ? limit : old.rlim_max;
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &new, NULL), 0);
}

TEST_WITH(message_without_room_for_its_descriptor_is_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front *other = rig_open(rig, 1);
	struct vhost_wire_inflight inflight = { .num_queues = 1,
						.queue_size = 64 };
	struct front_reply reply;
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	limit_fds(&rig->daemon, FEW); /* whatever is open stays so */
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_ERR, 0,
					    front->ring.err_fd),
			 -EREMOTEIO);
	assert_int_equal(front_end_ask(&front->fe, VHOST_USER_GET_INFLIGHT_FD,
				       &inflight, sizeof(inflight), &reply),
			 0);
	assert_int_equal(reply.header.size, 0);
	rig_check_control(front);
	rig_check_loopback(other, 100);
	limit_fds(&rig->daemon, 0);
	rig_recover_ring(front);
}

TEST_WITH(front_end_waits_for_a_descriptor, struct rig *rig)
{
	struct spi_front *other = rig_open(rig, 1);
	struct spi_front *front;

	if (daemon_is_kept())
		skip_because("the keeper takes the connection");
	limit_fds(&rig->daemon, FEW);
	front = rig_connect(rig, 0);
	wait_for_line(&rig->daemon, "guest 0: a front end has to wait: accept");
	expect_idle(&rig->daemon);
	rig_check_loopback(other, 100);
	limit_fds(&rig->daemon, 0);
	rig_check_control(front);
	/* Said once. */
	assert_null(
		strstr(strstr(daemon_stderr(&rig->daemon), "has to wait") + 1,
		       "has to wait"));
}

/* Neither a touch of its pages nor close(2) would ever come back. */
TEST_WITH(file_in_user_space_is_refused_and_holds_nobody, struct rig *rig)
{
	struct vhost_wire_mem_reg reg = {
		.region = { .guest_addr = ANY_ADDR,
			    .size = 1 << 16,
			    .user_addr = ANY_ADDR + FRONT_MEM_USER_SHIFT }
	};
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front *other = rig_open(rig, 1);
	unsigned int fds = daemon_fds(&rig->daemon);
	struct fuse_file fuse;

	if (!fuse_file_open(&fuse)) {
		skip_because("no FUSE: it needs root and /dev/fuse");
	}
	assert_int_equal(front_end_tell(&front->fe, VHOST_USER_ADD_MEM_REG,
					&reg, sizeof(reg), &fuse.fd, 1),
			 -EREMOTEIO);
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_CALL, 0,
					    fuse.fd),
			 -EREMOTEIO);
	assert_int_equal(
		front_start_state(&front->fe, VHOST_USER_STATE_LOAD, fuse.fd),
		-EREMOTEIO);
	/* Where none belongs */
	assert_int_equal(front_end_tell(&front->fe, VHOST_USER_SET_OWNER, NULL,
					0, &fuse.fd, 1),
			 -EREMOTEIO);
	rig_check_loopback(front, 100);
	rig_check_loopback(other, 100);
	fuse_file_close(&fuse);
	daemon_expect_fds(&rig->daemon, fds);
}

TEST_MAIN(rig_setup, rig_teardown)
