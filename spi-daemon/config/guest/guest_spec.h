/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operator's description of one guest: key=value[,key=value...]. */
#ifndef GUEST_SPEC_H
#define GUEST_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#include "spi-daemon/config/guest/device_spec.h"
#include "spi-daemon/config/guest/offer.h"
#include "vhost/listen/listen.h"

/* chip_select_id and the number of chips in the config space have 8 bits. */
#define GUEST_MAX_DEVICES 255

#define GUEST_WEIGHT_MAX  100

#define GUEST_NAME_MAX	  32 /* characters */

#define GUEST_FD_MAX	  65535 /* the highest descriptor that can be given */

/* The longest time that a guest's ring is looked at for its next request, us */
#define GUEST_POLL_MAX 1000

/* Bytes in a socket address, without the NUL. */
#define GUEST_SOCKET_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* The devices of a guest, or of several guests that share all of them. */
struct device_list {
	unsigned int users; /* number of references */
	char *owner;	    /* distinguishes simulated chips of two lists */
	char *text;	    /* the text of each device, a line each, */
			    /* without a trace that can change */
	struct device_spec *specs; /* by chip select of the guest */
	unsigned int count;
};

struct guest_spec {
	char *name; /* in the log; unique */
	enum vhost_origin origin;
	char *socket; /* path of its socket, or of the front end's, or */
		      /* "descriptor NAME"; unique */
	char *alias;  /* a link to it, whose path begins ->socket; NULL: none */
	struct device_list *devices;
	unsigned int weight;	    /* 1..GUEST_WEIGHT_MAX: share of a bus */
	struct vhost_access access; /* who may connect */
	struct offer offer;	    /* its features */
	bool replay;
	int poll_us; /* 0..GUEST_POLL_MAX, or GUEST_ANY_POLL */
};

/* The defaults of a guest: no name, no socket, no devices. */
extern const struct guest_spec guest_spec_default;

/* The time to poll is not given. */
#define GUEST_ANY_POLL (-1)

/* The group of a socket is not changed; or any user or group may connect. */
#define GUEST_ANY_GROUP ((gid_t)-1)
#define GUEST_ANY_USER	((uid_t)-1)

/*
 * Returns an empty list for @owner with one reference, which the caller owns,
 * or NULL if there is no memory.
 */
struct device_list *device_list_new(const char *owner);

/*
 * Parses @text and appends the device. Returns 0, or -EINVAL or -ENOMEM with
 * one line (no newline) in @error that names the device.
 */
int device_list_add(struct device_list *list, const char *text, char *error,
		    size_t error_size);

/* Drops a reference; the last one frees the list. Does nothing for NULL. */
void device_list_put(struct device_list *list);

/* Parses microseconds, 0..GUEST_POLL_MAX. Returns 0, or -EINVAL. */
int guest_spec_parse_poll(const char *text, int *poll_us);

/*
 * Has @spec, which has no socket yet, take the socket that the process is given
 * as descriptor @fd: a number from 3, or the name that a service manager gives
 * it. Returns 0; -EINVAL if @fd is neither; or -ENOMEM.
 */
int guest_spec_set_fd(struct guest_spec *spec, const char *fd);

/*
 * Has @spec, which has no socket yet, connect to front ends that listen at
 * @path. Returns 0; -EINVAL if that is not 1 to GUEST_SOCKET_MAX bytes; or
 * -ENOMEM.
 */
int guest_spec_set_connect(struct guest_spec *spec, const char *path);

/* Returns true if a guest can be called @text. */
bool guest_spec_is_name(const char *text);

/* The NAME in ->socket of a guest from a descriptor. */
const char *guest_spec_fd_name(const char *socket);

/*
 * Returns the name of a guest that has none: that of its descriptor, where it
 * can be one, or @otherwise. The caller owns it; NULL: out of memory.
 */
char *guest_spec_own_name(const struct guest_spec *spec, const char *otherwise);

/*
 * Parses @text: socket=PATH, fd=NAME or connect=PATH, device=PATH with the keys
 * of the device after it (see device_spec_parse()), name=, weight=, poll=,
 * socket-mode=, socket-group=, peer-uid=, peer-gid=, with=, without=, in any
 * order. Words without '=' after with= and without= are more features. A guest
 * without a name is called by its socket. Returns 0 and fills @spec, which
 * guest_spec_free() frees. Returns -EINVAL or -ENOMEM with one line (no
 * newline) in @error that names the key and the value;
 * @spec then owns nothing.
 */
int guest_spec_parse(const char *text, struct guest_spec *spec, char *error,
		     size_t error_size);

/* Frees what @spec owns. */
void guest_spec_free(struct guest_spec *spec);

/*
 * Returns true if @a and @b describe the same guest in the same way, but for
 * what can change while the guest is served: ->alias, and traces.
 */
bool guest_spec_equal(const struct guest_spec *a, const struct guest_spec *b);

#endif
