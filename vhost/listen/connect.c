/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/listen/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "vhost/listen/address.h"

#define S 1000000000ull

/* Between two attempts: at first, and when nobody has been there for long, ns
 */
#define PAUSE_MIN (S / 100)
#define PAUSE_MAX S

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * S + (uint64_t)now.tv_nsec;
}

/* ->fd is readable after @ns nanoseconds; 0: never */
static int set_timer(const struct vhost_listener *listener, uint64_t ns)
{
	const struct itimerspec time = {
		.it_value = { (time_t)(ns / S), (long)(ns % S) },
	};

	return timerfd_settime(listener->fd, 0, &time, NULL) < 0 ? -errno : 0;
}

int vhost_connect(struct vhost_listener *listener, const char *path,
		  const struct vhost_access *access)
{
	struct sockaddr_un addr;
	int ret = vhost_address_make(path, &addr);

	if (ret)
		return ret;
	*listener = (struct vhost_listener){
		.kind = VHOST_CONNECTS,
		.fd = timerfd_create(CLOCK_MONOTONIC,
				     TFD_NONBLOCK | TFD_CLOEXEC),
		.peers = access->peers,
	};
	if (listener->fd < 0)
		return -errno;
	ret = set_timer(listener, 1);
	if (!ret)
		listener->path = strdup(path);
	if (listener->path)
		return 0;
	close(listener->fd);
	return ret ? ret : -ENOMEM;
}

/* The pauses double while nobody is there, or nobody stays. */
static void pause_connecting(struct vhost_listener *listener)
{
	if (listener->pause_ns < PAUSE_MIN)
		listener->pause_ns = PAUSE_MIN;
	set_timer(listener, listener->pause_ns);
	listener->pause_ns *= 2;
	if (listener->pause_ns > PAUSE_MAX)
		listener->pause_ns = PAUSE_MAX;
}

int vhost_connect_now(const char *path)
{
	struct sockaddr_un addr;
	int ret = vhost_address_make(path, &addr);
	int fd;

	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    fcntl(fd, F_SETFL, 0) >= 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int (*connect_now)(const char *path) = vhost_connect_now;

void vhost_connect_by(int (*connect)(const char *path))
{
	connect_now = connect;
}

int vhost_connect_try(struct vhost_listener *listener)
{
	int ret = connect_now(listener->path);

	if (ret >= 0) {
		set_timer(listener, 0);
		listener->since = now_ns();
		listener->told = 0;
		return ret;
	}
	pause_connecting(listener);
	if (ret == -ENOENT || ret == -ECONNREFUSED || ret == listener->told)
		return -EAGAIN;
	listener->told = ret;
	return ret;
}

void vhost_listen_again(struct vhost_listener *listener)
{
	if (listener->kind != VHOST_CONNECTS)
		return;
	if (now_ns() - listener->since >= PAUSE_MAX)
		listener->pause_ns = PAUSE_MIN;
	pause_connecting(listener);
}
