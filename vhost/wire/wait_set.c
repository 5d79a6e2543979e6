/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vhost/wire/wait_set.h"

static_assert(WAIT_SET_PLACES <= 32, "places are bits");

void wait_set_init_in(struct wait_set *set, int epoll)
{
	*set = (struct wait_set){ .epoll = epoll };
	for (unsigned int i = 0; i < WAIT_SET_PLACES; i++)
		set->fds[i] = -1;
}

int wait_set_init(struct wait_set *set)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	wait_set_init_in(set, epoll);
	set->owned = true;
	return epoll < 0 ? -errno : 0;
}

void wait_set_fini(struct wait_set *set)
{
	if (set->owned)
		close(set->epoll);
}

static void empty(struct wait_set *set, unsigned int place)
{
	if (set->fds[place] >= 0)
		epoll_ctl(set->epoll, EPOLL_CTL_DEL, set->fds[place], NULL);
	set->fds[place] = -1;
}

int wait_set_replace(struct wait_set *set, unsigned int place, int fd,
		     enum wait_kind kind)
{
	struct epoll_event event = {
		.events = EPOLLIN | (kind == WAIT_EDGE ? EPOLLET : 0u),
		.data.u32 = place,
	};

	assert(place < WAIT_SET_PLACES);
	empty(set, place);
	if (fd < 0)
		return 0;
	if (epoll_ctl(set->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	set->fds[place] = fd;
	return 0;
}

void wait_set_forget(struct wait_set *set, int fd)
{
	if (!set || fd < 0)
		return;
	for (unsigned int i = 0; i < WAIT_SET_PLACES; i++)
		if (set->fds[i] == fd)
			empty(set, i);
}

/* The kernel's own form, whatever the C library takes for a time */
struct kernel_timespec {
	int64_t sec, nsec;
};

static int wait_fine(struct wait_set *set, const struct timespec *timeout,
		     struct epoll_event *events)
{
#ifdef SYS_epoll_pwait2
	struct kernel_timespec left = { 0 };

	if (timeout)
		left = (struct kernel_timespec){ timeout->tv_sec,
						 timeout->tv_nsec };
	return (int)syscall(SYS_epoll_pwait2, set->epoll, events,
			    WAIT_SET_PLACES, timeout ? &left : NULL, NULL, 0);
#else
	(void)set;
	(void)timeout;
	(void)events;
	errno = ENOSYS;
	return -1;
#endif
}

/* An epoll set is a file that is readable while one of its entries is. */
static int wait_coarse(struct wait_set *set, const struct timespec *timeout,
		       struct epoll_event *events)
{
	struct pollfd readable = { .fd = set->epoll, .events = POLLIN };
	int ret = ppoll(&readable, 1, timeout, NULL);

	if (ret <= 0)
		return ret;
	return epoll_wait(set->epoll, events, WAIT_SET_PLACES, 0);
}

uint32_t wait_set_wait(struct wait_set *set, const struct timespec *timeout)
{
	struct epoll_event events[WAIT_SET_PLACES];
	uint32_t ready = 0;
	int count = -1;

	if (!set->coarse) {
		count = wait_fine(set, timeout, events);
		/* A sandbox that does not know the call forbids it. */
		set->coarse = count < 0 && (errno == ENOSYS || errno == EPERM);
	}
	if (set->coarse)
		count = wait_coarse(set, timeout, events);
	for (int i = 0; i < count; i++)
		ready |= UINT32_C(1) << events[i].data.u32;
	return ready;
}
