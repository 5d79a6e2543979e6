/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vhost/listen/address.h"
#include "vhost/listen/connect.h"
#include "vhost/listen/listen.h"
#include "vhost/wire/pass_fd.h"
#include "vhost/listen/socket_alias.h"

#define SOCKET_FLAGS (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG	     4

static const struct vhost_access any_access = {
	.group = (gid_t)-1,
	.peers = { (uid_t)-1, (gid_t)-1 },
};

/* Attempts, 10 ms apart: nobody holds the lock for long. */
#define LOCK_TRIES 500

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

	ret = vhost_address_make(path, &addr);
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

/*
 * bind(2) gives a file the permissions of the socket, less the umask. Those of
 * the group are for another group than the process's, if one is asked for.
 */
static int limit_access(int fd, const struct vhost_access *access)
{
	mode_t mode = access->mode;

	if (!mode)
		return 0;
	if (access->group != (gid_t)-1)
		mode &= ~(mode_t)S_IRWXG;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/*
 * Gives the file the rights that it lacks. If it was replaced by a link
 * meanwhile, the link is not followed.
 */
static int complete_access(const char *path, const struct vhost_access *access)
{
	struct stat st;

	if (access->group != (gid_t)-1 &&
	    lchown(path, (uid_t)-1, access->group) < 0)
		return -errno;
	if (!access->mode)
		return 0;
	if (lstat(path, &st) < 0)
		return -errno;
	if ((st.st_mode & 0777) != access->mode &&
	    fchmodat(AT_FDCWD, path, access->mode, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/*
 * Binds, listens, and stores which file that made. A socket refuses connections
 * until it listens, so the rights of its file are completed in between.
 */
static int bind_socket(struct vhost_listener *listener,
		       const struct sockaddr_un *addr,
		       const struct vhost_access *access)
{
	struct stat st = { 0 };
	int ret = limit_access(listener->fd, access);

	if (ret < 0)
		return ret;
	if (bind(listener->fd, (const struct sockaddr *)addr, sizeof(*addr)) <
	    0)
		return -errno;
	ret = complete_access(addr->sun_path, access);
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
	vhost_address_make(path, &addr);
	return bind_socket(listener, &addr, access);
}

int vhost_listen(struct vhost_listener *listener, const char *path,
		 const struct vhost_access *access)
{
	int ret, lock;

	if (!access)
		access = &any_access;
	*listener = (struct vhost_listener){
		.kind = VHOST_LISTENS,
		.peers = access->peers,
		.path = strdup(path),
	};
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

/* Returns a connection, or a negative errno. */
static int take_connection(struct vhost_listener *listener)
{
	int fd = listener->fd;

	if (listener->kind == VHOST_CONNECTS)
		return vhost_connect_try(listener);
	if (listener->kind == VHOST_CONNECTION) {
		listener->fd = -1;
		return fd < 0 ? -EAGAIN : fd;
	}
	fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int vhost_accept(struct vhost_listener *listener, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);
	int fd, ret;

	if (listener->kind == VHOST_PASSED) {
		ret = vhost_receive_fd(listener->fd, peer, sizeof(*peer), &fd);
		return ret ? ret : fd;
	}
	fd = take_connection(listener);
	if (fd < 0)
		return fd;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

bool vhost_admits(const struct vhost_listener *listener,
		  const struct ucred *peer)
{
	const struct vhost_peers *peers = &listener->peers;

	return (peers->uid == (uid_t)-1 || peers->uid == peer->uid) &&
	       (peers->gid == (gid_t)-1 || peers->gid == peer->gid);
}

void vhost_describe_peer(const struct ucred *peer, char *text, size_t size)
{
	snprintf(text, size, "process %d, user %u, group %u", (int)peer->pid,
		 (unsigned int)peer->uid, (unsigned int)peer->gid);
}

bool vhost_listen_has_file(const struct vhost_listener *listener)
{
	struct stat st;

	return !lstat(listener->path, &st) && st.st_dev == listener->dev &&
	       st.st_ino == listener->ino;
}

static void remove_alias(struct vhost_listener *listener)
{
	if (listener->alias)
		vhost_socket_alias_remove(listener->alias, listener->path);
	free(listener->alias);
	listener->alias = NULL;
}

int vhost_listen_alias(struct vhost_listener *listener, const char *alias)
{
	int ret;

	if (listener->alias && (!alias || strcmp(alias, listener->alias) != 0))
		remove_alias(listener);
	if (!alias)
		return 0;
	ret = vhost_socket_alias_make(alias, listener->path);
	if (ret || listener->alias)
		return ret;
	listener->alias = strdup(alias);
	if (listener->alias)
		return 0;
	vhost_socket_alias_remove(alias, listener->path);
	return -ENOMEM;
}

void vhost_listen_leave(struct vhost_listener *listener)
{
	listener->left = true;
}

void vhost_unlisten(struct vhost_listener *listener)
{
	if (listener->left) {
		/* The next process makes no other one. */
	} else if (listener->kind == VHOST_PASSED) {
		vhost_pass_fd(listener->fd, "", 1, -1);
	} else if (listener->kind == VHOST_LISTENS &&
		   vhost_listen_has_file(listener)) {
		/* While it listens, nobody else makes either of them. */
		remove_alias(listener);
		unlink(listener->path);
	}
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener->alias);
	free(listener->path);
}
