/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Preloaded into a daemon: has one call fail, which fault.h selects. All calls
 * of the daemon and of the C library's functions for memory go through here.
 */
#include "tests/daemon/fault/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct fault_control *control;

__attribute__((constructor)) static void find_control(void)
{
	const char *path = getenv(FAULT_CONTROL);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = MAP_FAILED;

	if (fd >= 0)
		map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		control = map;
}

/* Returns true if this call of @kind is the one. */
static bool fails(enum fault_kind kind)
{
	return control && control->kind == kind &&
	       ++control->calls == control->at;
}

static bool fails_with(enum fault_kind kind, int error)
{
	if (!fails(kind))
		return false;
	errno = error;
	return true;
}

static void count_block(const void *block, int count)
{
	if (control && block)
		control->blocks += count;
}

/* The C library's own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
	void *block = fails_with(FAULT_MEMORY, ENOMEM) ? NULL
						       : __libc_malloc(size);

	count_block(block, 1);
	return block;
}

void *calloc(size_t number, size_t size)
{
	void *block = fails_with(FAULT_MEMORY, ENOMEM)
			      ? NULL
			      : __libc_calloc(number, size);

	count_block(block, 1);
	return block;
}

void *realloc(void *old, size_t size)
{
	const bool is_new = !old;
	void *block = fails_with(FAULT_MEMORY, ENOMEM)
			      ? NULL
			      : __libc_realloc(old, size);

	if (is_new)
		count_block(block, 1);
	return block;
}

void free(void *block)
{
	count_block(block, -1);
	__libc_free(block);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fails_with(FAULT_MAP, ENOMEM))
		return MAP_FAILED;
#ifdef __s390x__
	return (void *)syscall(SYS_mmap, (long[]){ (long)addr, (long)len, prot,
						   flags, fd, offset });
#elif defined(SYS_mmap2)
	return (void *)syscall(SYS_mmap2, addr, len, prot, flags, fd,
			       offset / 4096);
#else
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
#endif
}

int memfd_create(const char *name, unsigned int flags)
{
	if (fails_with(FAULT_MAP, ENOMEM))
		return -1;
	return (int)syscall(SYS_memfd_create, name, flags);
}

int ftruncate(int fd, off_t size)
{
	if (fails_with(FAULT_MAP, ENOSPC))
		return -1;
	return (int)syscall(SYS_ftruncate, fd, size);
}

int eventfd(unsigned int count, int flags)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_eventfd2, count, flags);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE) ||
	    fails_with(FAULT_INTERRUPTED, EINTR))
		return -1;
	return (int)syscall(SYS_accept4, fd, addr, len, flags);
}

int epoll_create1(int flags)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_epoll_create1, flags);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_socketpair, domain, type, protocol, ends);
}

int socket(int domain, int type, int protocol)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int dup(int fd)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_dup, fd);
}

int pipe2(int ends[2], int flags)
{
	if (fails_with(FAULT_DESCRIPTOR, EMFILE))
		return -1;
	return (int)syscall(SYS_pipe2, ends, flags);
}

int epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
	if (op != EPOLL_CTL_DEL && fails_with(FAULT_EPOLL, ENOSPC))
		return -1;
	return (int)syscall(SYS_epoll_ctl, set, op, fd, event);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*run)(void *), void *arg)
{
	static __typeof__(&pthread_create) next;

	if (!next)
		next = (__typeof__(next))(uintptr_t)dlsym(RTLD_NEXT,
							  "pthread_create");
	return fails(FAULT_THREAD) ? EAGAIN : next(thread, attr, run, arg);
}

/* Returns true if the call, which moves bytes, is to fail. */
static bool fails_to_move(void)
{
	return fails_with(FAULT_IO, EIO) ||
	       fails_with(FAULT_INTERRUPTED, EINTR);
}

/* Returns true if the call on @fd is to move one byte of several. */
static bool is_short(int fd)
{
	socklen_t len = sizeof(int);
	int type, saved = errno;
	bool is_stream;

	if (!control || control->kind != FAULT_SHORT)
		return false;
	is_stream = !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
		    type == SOCK_STREAM;
	errno = saved;
	return is_stream && fails(FAULT_SHORT);
}

/*
 * The same, for a call that may be one on a front end's eventfd: the daemon's
 * threads are interrupted there only when that has blocked for a second.
 */
static bool fails_to_count(size_t size)
{
	return size == sizeof(uint64_t) ? fails_with(FAULT_IO, EIO)
					: fails_to_move();
}

ssize_t read(int fd, void *bytes, size_t size)
{
	return fails_to_count(size) ? -1 : syscall(SYS_read, fd, bytes, size);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	return fails_to_count(size) ? -1 : syscall(SYS_write, fd, bytes, size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	if (fails_to_move())
		return -1;
	return syscall(SYS_recvfrom, fd, bytes, is_short(fd) ? 1 : size, flags,
		       NULL, NULL);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	if (fails_to_move())
		return -1;
	return syscall(SYS_sendto, fd, bytes, is_short(fd) ? 1 : size, flags,
		       NULL, 0);
}

/* Makes @copy a message of one byte of @hdr. */
static void shorten(const struct msghdr *hdr, struct msghdr *copy,
		    struct iovec *byte)
{
	*byte = (struct iovec){ hdr->msg_iov[0].iov_base, 1 };
	*copy = *hdr;
	copy->msg_iov = byte;
	copy->msg_iovlen = 1;
}

ssize_t recvmsg(int fd, struct msghdr *hdr, int flags)
{
	struct msghdr copy;
	struct iovec byte;
	ssize_t n;

	if (fails_to_move())
		return -1;
	if (!is_short(fd))
		return syscall(SYS_recvmsg, fd, hdr, flags);
	shorten(hdr, &copy, &byte);
	n = syscall(SYS_recvmsg, fd, &copy, flags);
	hdr->msg_controllen = copy.msg_controllen;
	hdr->msg_flags = copy.msg_flags;
	return n;
}

ssize_t sendmsg(int fd, const struct msghdr *hdr, int flags)
{
	struct msghdr copy;
	struct iovec byte;

	if (fails_to_move())
		return -1;
	if (!is_short(fd))
		return syscall(SYS_sendmsg, fd, hdr, flags);
	shorten(hdr, &copy, &byte);
	return syscall(SYS_sendmsg, fd, &copy, flags);
}

int epoll_pwait2(int set, struct epoll_event *events, int count,
		 const struct timespec *timeout, const sigset_t *signals)
{
	if (fails_with(FAULT_INTERRUPTED, EINTR))
		return -1;
	return (int)syscall(SYS_epoll_pwait2, set, events, count, timeout,
			    signals, _NSIG / 8);
}

int epoll_wait(int set, struct epoll_event *events, int count, int timeout)
{
	if (fails_with(FAULT_INTERRUPTED, EINTR))
		return -1;
	return (int)syscall(SYS_epoll_pwait, set, events, count, timeout, NULL,
			    _NSIG / 8);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	  const sigset_t *signals)
{
	struct timespec left;

	if (fails_with(FAULT_INTERRUPTED, EINTR))
		return -1;
	if (timeout)
		left = *timeout;
	return (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL,
			    signals, _NSIG / 8);
}
