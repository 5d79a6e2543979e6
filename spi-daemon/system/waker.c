/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/system/waker.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The eventfd, or a negative errno. Made when it is first needed, for good. */
static int readable;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_readable(void)
{
	readable = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (readable < 0)
		readable = -errno;
}

/* @events: 0 switches the entry off. */
static int set_entry(int set, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events,
				     .data.u32 = WAKER_PLACE };

	return epoll_ctl(set, operation, readable, &event) < 0 ? -errno : 0;
}

int waker_open(void)
{
	int set, ret;

	pthread_once(&once, make_readable);
	if (readable < 0)
		return readable;
	set = epoll_create1(EPOLL_CLOEXEC);
	if (set < 0)
		return -errno;
	ret = set_entry(set, EPOLL_CTL_ADD, 0);
	if (ret < 0) {
		close(set);
		return ret;
	}
	return set;
}

void waker_wake(int set)
{
	/* EPOLLONESHOT: the kernel switches it off when it has told. */
	set_entry(set, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT);
}

void waker_clear(int set)
{
	set_entry(set, EPOLL_CTL_MOD, 0);
}
