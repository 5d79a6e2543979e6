/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The listening Unix socket that front ends connect to. */
#ifndef VHOST_LISTEN_H
#define VHOST_LISTEN_H

#include <sys/types.h>

struct vhost_listener {
	int fd; /* non-blocking */
	char *path;
	dev_t dev; /* the socket file that we made, */
	ino_t ino; /* to remove no other */
};

/* Who may connect: whoever may write to the file. */
struct vhost_access {
	mode_t mode; /* permission bits; 0: as the umask leaves them */
	gid_t group; /* of the file; (gid_t)-1: as it comes */
};

/*
 * Makes the socket file @path and listens. Nobody can connect before the file
 * has the rights that @access says; NULL: 0 and -1. A socket file that nobody
 * listens to any more is replaced; of several processes that want to, one
 * does, and they leave no lock file behind. Returns 0; -EADDRINUSE when
 * another process serves it; -EEXIST when it is there and is no socket;
 * -ENAMETOOLONG; -EBUSY when somebody keeps the directory locked (flock(2));
 * -EPERM when the group cannot be had; or another negative errno.
 */
int vhost_listen(struct vhost_listener *listener, const char *path,
		 const struct vhost_access *access);

/*
 * Can @path be listened to, as far as can be told without a change? Returns
 * what vhost_listen() would.
 */
int vhost_listen_check(const char *path);

/*
 * Takes the next connection. Returns its descriptor, -EAGAIN when none waits,
 * or another negative errno.
 */
int vhost_accept(const struct vhost_listener *listener);

/* Stops listening and removes the socket file. */
void vhost_unlisten(struct vhost_listener *listener);

#endif
