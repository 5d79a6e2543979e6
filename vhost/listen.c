/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vhost/listen.h"

#define SOCKET_FLAGS (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG	     4

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
	/* A full backlog, EAGAIN, has its server too. */
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    errno == EAGAIN)
		ret = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		ret = -errno;
	close(fd);
	return ret;
}

/* Returns 1 for a stale socket, 0 when nothing is there. */
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

/* Binds, listens, and remembers which file that made. */
static int bind_socket(struct vhost_listener *listener,
		       const struct sockaddr_un *addr)
{
	struct stat st;
	int ret;

	if (bind(listener->fd, (const struct sockaddr *)addr, sizeof(*addr)) <
	    0)
		return -errno;
	if (listen(listener->fd, BACKLOG) < 0 || lstat(addr->sun_path, &st) < 0)
		goto remove_file;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	return 0;

remove_file:
	ret = -errno;
	unlink(addr->sun_path);
	return ret;
}

int vhost_listen(struct vhost_listener *listener, const char *path)
{
	struct sockaddr_un addr;
	int ret = check_path(path);

	if (ret < 0)
		return ret;
	if (ret == 1 && unlink(path) < 0 && errno != ENOENT)
		return -errno;
	make_address(path, &addr);

	listener->path = strdup(path);
	if (!listener->path)
		return -ENOMEM;
	listener->fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
	if (listener->fd < 0) {
		ret = -errno;
		goto free_path;
	}
	ret = bind_socket(listener, &addr);
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
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void vhost_unlisten(struct vhost_listener *listener)
{
	struct stat st;

	if (!lstat(listener->path, &st) && st.st_dev == listener->dev &&
	    st.st_ino == listener->ino)
		unlink(listener->path);
	close(listener->fd);
	free(listener->path);
}
