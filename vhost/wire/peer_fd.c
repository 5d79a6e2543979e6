/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "vhost/wire/peer_fd.h"
#include "vhost/wire/rwv2.h"
#include "virtio/mem/file_kind.h"

/* Threads that run at once: a front end decides how long each one blocks. */
#define MAX_CLOSING 64
#define CLOSE_STACK (64u << 10)

bool vhost_fd_can_signal(int fd)
{
	int kind = file_kind(fd);

	return kind == FILE_EVENTFD || kind == FILE_PIPE || kind == FILE_SOCKET;
}

bool vhost_fd_is_eventfd(int fd)
{
	return fd >= 0 && file_kind(fd) == FILE_EVENTFD;
}

bool vhost_fd_blocks(int fd)
{
	return fd >= 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/*
 * Kernels have no write to an eventfd that never blocks, unless it is set to
 * non-blocking. So poll first. A front end that fills the eventfd between the
 * two calls blocks the write.
 */
static ssize_t write_now(int fd, uint64_t count)
{
	struct iovec iov = { &count, sizeof(count) };
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	n = pwritev2(fd, &iov, 1, -1, RWF_NOWAIT);
	if (n >= 0 || errno != EOPNOTSUPP)
		return n;
	if (poll(&writable, 1, 0) != 1)
		return 0;
	return write(fd, &count, sizeof(count));
}

int vhost_signal_fd(int fd, bool blocks)
{
	const uint64_t one = 1;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = blocks ? write_now(fd, one) : write(fd, &one, sizeof(one));
	/* A counter that is full is signalled. */
	return n < 0 && errno == EINTR ? -EINTR : 0;
}

/* Reads without blocking, on kernels that can (5.8; pipes: 6.4). */
static ssize_t read_now(int fd, uint64_t *count)
{
	struct iovec iov = { count, sizeof(*count) };
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	ssize_t n = preadv2(fd, &iov, 1, -1, RWF_NOWAIT);

	if (n >= 0 || errno != EOPNOTSUPP)
		return n;
	n = poll(&readable, 1, 0);
	if (n < 1) {
		errno = EAGAIN;
		return -1;
	}
	return read(fd, count, sizeof(*count));
}

int vhost_take_signal(int fd)
{
	uint64_t count;
	ssize_t n = read_now(fd, &count);

	if (n > 0)
		return 0;
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return -EPIPE;
}

/* Threads that close a file now, of all sessions. */
static atomic_uint closing;

static void *run_close(void *arg)
{
	close((int)(intptr_t)arg);
	atomic_fetch_sub(&closing, 1);
	return NULL;
}

/* Returns false if too many such threads run, or there is no memory. */
static bool close_in_a_thread(int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret = EAGAIN;

	if (atomic_fetch_add(&closing, 1) < MAX_CLOSING) {
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, CLOSE_STACK);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		ret = pthread_create(&thread, &attr, run_close,
				     (void *)(intptr_t)fd);
		pthread_attr_destroy(&attr);
	}
	if (ret)
		atomic_fetch_sub(&closing, 1);
	return !ret;
}

/* close(2) flushes a file in FUSE, and no signal ends that. */
bool vhost_close_may_block(int fd)
{
	return file_kind(fd) == FILE_OTHER;
}

void vhost_close_fd(int *fd)
{
	if (*fd >= 0 &&
	    (!vhost_close_may_block(*fd) || !close_in_a_thread(*fd)))
		close(*fd);
	*fd = -1;
}
