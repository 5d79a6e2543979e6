/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where front ends come from: a listening Unix socket, for the most part. */
#ifndef VHOST_LISTEN_H
#define VHOST_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Whose processes may connect; any of them is (uid_t)-1, (gid_t)-1. */
struct vhost_peers {
	uid_t uid;
	gid_t gid; /* of the process, not one of its supplementary groups */
};

/* Where the operator says that front ends come from */
enum vhost_origin {
	VHOST_FROM_FILE,       /* they connect to a file that is made: listen */
	VHOST_FROM_DESCRIPTOR, /* a socket that this process was given */
	VHOST_FROM_LISTENER,   /* the front end listens at a file: connect */
};

enum vhost_listener_kind {
	VHOST_LISTENS,	  /* at ->path, a file that was made for it */
	VHOST_PASSED,	  /* another process listens, and passes connections */
			  /* over ->fd, SOCK_SEQPACKET: a struct ucred and a */
			  /* descriptor each */
	VHOST_INHERITED,  /* ->fd listens, and was given to this process */
	VHOST_CONNECTION, /* ->fd is the connection of the only front end; */
			  /* -1: it was accepted */
	VHOST_CONNECTS,	  /* to ->path, where the front end listens; ->fd is */
			  /* a timer, readable when it is time to try */
};

struct vhost_listener {
	enum vhost_listener_kind kind;
	int fd; /* non-blocking, but for VHOST_CONNECTION */
	char *path;
	char *alias; /* see vhost_listen_alias(); NULL: none */
	struct vhost_peers peers;
	dev_t dev;	   /* of the socket file that was made, */
	ino_t ino;	   /* so that no other file is removed */
	uint64_t pause_ns; /* of VHOST_CONNECTS: until the next attempt, */
	uint64_t since;	   /* when it connected, monotonic ns, */
	int told;	   /* and the last error, if its user knows it */
	bool left;	   /* by vhost_listen_leave() */
};

/*
 * Rights of the socket file: whoever may write to it, and is of ->peers, may
 * connect.
 */
struct vhost_access {
	mode_t mode; /* permission bits; 0: as the umask leaves them */
	gid_t group; /* (gid_t)-1: the process's own */
	struct vhost_peers peers;
};

/*
 * Makes the socket file @path and listens. The file never has more rights than
 * those of @access, and nobody can connect before it has all of them; NULL: the
 * umask's, the process's own group, and any peer. A socket file that nobody
 * listens on is replaced. If several processes try, one of them replaces it; no
 * lock file is left. Returns 0; -EADDRINUSE when another process listens there;
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

/*
 * Returns 1 if @fd is a Unix stream socket that listens, 0 if it is one that is
 * connected; -ENOTCONN if it is one that is neither; -ENOTSOCK if it is
 * anything else; -EBADF if it is not open.
 */
int vhost_inherit_check(int fd);

/*
 * Takes front ends from the socket @fd, which is owned even on failure: those
 * that connect to it if it listens, or the one that it is connected to. It is
 * called @name in place of a path. Of @access only ->peers counts. Returns 0 or
 * a negative errno.
 */
int vhost_inherit(struct vhost_listener *listener, int fd, const char *name,
		  const struct vhost_access *access);

/*
 * Takes front ends that listen at @path, one at a time: tries to connect until
 * one is there, with pauses that grow up to a second. Of @access only ->peers
 * counts, for the process that listens. Returns 0 or a negative errno: whether
 * anything is at @path does not matter yet.
 */
int vhost_connect(struct vhost_listener *listener, const char *path,
		  const struct vhost_access *access);

/*
 * The front end that vhost_accept() returned is gone, or refused. The next one
 * is looked for, if that is not going on anyway.
 */
void vhost_listen_again(struct vhost_listener *listener);

/* Returns true if no front end can come any more. */
bool vhost_listen_is_over(const struct vhost_listener *listener);

/* Returns true if the socket's file is still there. */
bool vhost_listen_has_file(const struct vhost_listener *listener);

/*
 * Takes the next connection. Returns its descriptor, -EAGAIN when none waits,
 * or another negative errno; and in @peer the process at the other end. Its
 * connection is to be refused unless vhost_admits() it. VHOST_CONNECTS: the
 * next one comes after vhost_listen_again(), and an error that lasts is
 * returned once and then -EAGAIN.
 */
int vhost_accept(struct vhost_listener *listener, struct ucred *peer);

bool vhost_admits(const struct vhost_listener *listener,
		  const struct ucred *peer);

/* Describes @peer in a few words. */
void vhost_describe_peer(const struct ucred *peer, char *text, size_t size);

/*
 * Gives the socket's file a second name: makes the symbolic link @alias, which
 * vhost_unlisten() removes, in place of the one before. NULL: there is to be
 * none. For VHOST_LISTENS only. Returns 0 or a negative errno, as
 * vhost_socket_alias_make() does: then there is none.
 */
int vhost_listen_alias(struct vhost_listener *listener, const char *alias);

/*
 * Ends it: stops listening and removes the socket file and its link, or has the
 * process that passes connections do so.
 */
void vhost_unlisten(struct vhost_listener *listener);

/* vhost_unlisten() is to leave the socket to the next process. */
void vhost_listen_leave(struct vhost_listener *listener);

#endif
