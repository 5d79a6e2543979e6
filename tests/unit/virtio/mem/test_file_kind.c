/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/lib/host/fuse.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "virtio/mem/file_kind.h"

static void assert_kind(int fd, int kind)
{
	assert_true(fd >= 0);
	assert_int_equal(file_kind(fd), kind);
	close(fd);
}

TEST(test_what_signals_is_told_from_what_looks_like_it)
{
	int ends[2];

	assert_kind(eventfd(0, EFD_CLOEXEC), FILE_EVENTFD);
	assert_kind(epoll_create1(EPOLL_CLOEXEC), FILE_OTHER);
	assert_kind(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), FILE_OTHER);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_kind(ends[0], FILE_PIPE);
	assert_kind(ends[1], FILE_PIPE);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_kind(ends[0], FILE_SOCKET);
	assert_kind(ends[1], FILE_SOCKET);
	assert_int_equal(file_kind(-1), -EBADF);
	assert_int_equal(file_kind(ends[1]), -EBADF);
}

TEST(test_memory_and_disk_are_told_apart_from_the_rest)
{
	char path[] = "/tmp/test-file-kind-XXXXXX";
	int fd, kind;

	assert_kind(memfd_create("[eventfd]", MFD_CLOEXEC), FILE_MEMORY);
	assert_kind(open("/dev/zero", O_RDWR | O_CLOEXEC), FILE_DEVICE);
	assert_kind(open("/", O_RDONLY | O_CLOEXEC), FILE_OTHER);
	assert_kind(open("/proc/self/status", O_RDONLY | O_CLOEXEC),
		    FILE_OTHER);
	fd = mkstemp(path);
	kind = file_kind(fd);
	/* The kind depends on the file systems of this machine. */
	assert_true(kind == FILE_DISK || kind == FILE_MEMORY);
	unlink(path);
	assert_kind(fd, kind);
}

TEST(test_file_in_user_space_is_told_without_asking)
{
	struct fuse_file fuse;

	if (!fuse_file_open(&fuse)) {
		skip_because("no FUSE: it needs root and /dev/fuse");
	}
	assert_int_equal(file_kind(fuse.fd), FILE_OTHER);
	assert_int_equal(fuse.unanswered, 0);
	fuse_file_close(&fuse);
}

TEST_MAIN(NULL, NULL)
