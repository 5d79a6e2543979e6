/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vhost/wire/listen.h"
#include "vhost/wire/pass_fd.h"

#define SOCKET_FLAGS (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG	     4

/* Attempts, 10 ms apart: nobody holds the lock for long. */
#define LOCK_TRIES 500

static int make_address(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* This would be an abstract address, not a file. */
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}

/* Returns 0 when nobody listens at @addr. */
static int check_unserved(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* EAGAIN: the backlog is full, so a process listens. */
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    errno == EAGAIN)
		ret = -EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		ret = -errno;
	close(fd);
	return ret;
}

/* Returns 1 for a stale socket, 0 when there is no file. */
static int check_path(const char *path)
{
	struct sockaddr_un addr;
	struct stat st;
	int ret;

	ret = make_address(path, &addr);
	if (ret < 0)
		return ret;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	ret = check_unserved(&addr);
	return ret < 0 ? ret : 1;
}

int vhost_listen_check(const char *path)
{
	int ret = check_path(path);

	return ret < 0 ? ret : 0;
}

/*
 * Locks the directory of @path against processes that replace a socket at the
 * same time. Returns a descriptor, whose close ends the lock; -EBUSY; or
 * -EACCES for a directory that this process may not read.
 */
static int lock_directory(const char *path)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1)
			  : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int ret = dir ? -errno : -ENOMEM;

	free(dir);
	if (fd < 0)
		return ret;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		if (errno != EWOULDBLOCK)
			break;
		nanosleep(&pause, NULL);
	}
	ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return ret;
}

static int set_access(const char *path, const struct vhost_access *access)
{
	if (!access)
		return 0;
	if (access->group != (gid_t)-1 &&
	    lchown(path, (uid_t)-1, access->group) < 0)
		return -errno;
	if (access->mode && chmod(path, access->mode) < 0)
		return -errno;
	return 0;
}

/*
 * Binds, listens, and stores which file that made. A socket refuses connections
 * until it listens, so the rights of its file are set in between.
 */
static int bind_socket(struct vhost_listener *listener,
		       const struct sockaddr_un *addr,
		       const struct vhost_access *access)
{
	struct stat st = { 0 };
	int ret;

	if (bind(listener->fd, (const struct sockaddr *)addr, sizeof(*addr)) <
	    0)
		return -errno;
	ret = set_access(addr->sun_path, access);
	if (!ret && (lstat(addr->sun_path, &st) < 0 ||
		     listen(listener->fd, BACKLOG) < 0))
		ret = -errno;
	if (ret < 0) {
		unlink(addr->sun_path);
		return ret;
	}
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	return 0;
}

/* The directory is locked, so a stale socket does not change meanwhile. */
static int replace_socket(struct vhost_listener *listener, const char *path,
			  const struct vhost_access *access)
{
	struct sockaddr_un addr;
	int ret = check_path(path);

	if (ret < 0)
		return ret;
	if (ret == 1 && unlink(path) < 0 && errno != ENOENT)
		return -errno;
	make_address(path, &addr);
	return bind_socket(listener, &addr, access);
}

int vhost_listen(struct vhost_listener *listener, const char *path,
		 const struct vhost_access *access)
{
	int ret, lock;

	listener->passed = false;
	listener->path = strdup(path);
	if (!listener->path)
		return -ENOMEM;
	listener->fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
	if (listener->fd < 0) {
		ret = -errno;
		goto free_path;
	}
	lock = lock_directory(path);
	if (lock < 0 && lock != -EACCES) {
		ret = lock;
		goto close_socket;
	}
	ret = replace_socket(listener, path, access);
	if (lock >= 0)
		close(lock);
	if (ret < 0)
		goto close_socket;
	return 0;

close_socket:
	close(listener->fd);
free_path:
	free(listener->path);
	return ret;
}

int vhost_accept(const struct vhost_listener *listener)
{
	char byte;
	int fd, ret;

	if (listener->passed) {
		ret = vhost_receive_fd(listener->fd, &byte, 1, &fd);
		return ret ? ret : fd;
	}
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool vhost_listen_has_file(const struct vhost_listener *listener)
{
	struct stat st;

	return !lstat(listener->path, &st) && st.st_dev == listener->dev &&
	       st.st_ino == listener->ino;
}

void vhost_unlisten(struct vhost_listener *listener)
{
	if (listener->passed)
		vhost_pass_fd(listener->fd, "", 1, -1);
	else if (vhost_listen_has_file(listener))
		unlink(listener->path);
	close(listener->fd);
	free(listener->path);
}
