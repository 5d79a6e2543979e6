/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The listening Unix socket that front ends connect to. */
#ifndef VHOST_LISTEN_H
#define VHOST_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct vhost_listener {
	int fd; /* non-blocking */
	char *path;
	bool passed; /* another process listens, and passes connections over */
		     /* ->fd, SOCK_SEQPACKET: a byte and a descriptor each */
	dev_t dev;   /* of the socket file that was made, */
	ino_t ino;   /* so that no other file is removed */
};

/* Rights of the socket file: whoever may write to it may connect. */
struct vhost_access {
	mode_t mode; /* permission bits; 0: as the umask leaves them */
	gid_t group; /* (gid_t)-1: the process's own */
};

/*
 * Makes the socket file @path and listens. Nobody can connect before the file
 * has the rights of @access; NULL: 0 and -1. A socket file that nobody listens
 * on is replaced. If several processes try, one of them replaces it; no lock
 * file is left. Returns 0; -EADDRINUSE when another process listens there;
 * -EEXIST when the file is no socket; -ENAMETOOLONG; -EBUSY when the directory
 * stays locked (flock(2)); -EPERM when the group may not be set; or another
 * negative errno.
 */
int vhost_listen(struct vhost_listener *listener, const char *path,
		 const struct vhost_access *access);

/*
 * Returns what vhost_listen() would, as far as that can be found out without
 * changing anything.
 */
int vhost_listen_check(const char *path);

/* Returns true if the socket's file is still there. */
bool vhost_listen_has_file(const struct vhost_listener *listener);

/*
 * Takes the next connection. Returns its descriptor, -EAGAIN when none waits,
 * or another negative errno.
 */
int vhost_accept(const struct vhost_listener *listener);

/*
 * Stops listening and removes the socket file, or has the process that passes
 * connections do both.
 */
void vhost_unlisten(struct vhost_listener *listener);

#endif
