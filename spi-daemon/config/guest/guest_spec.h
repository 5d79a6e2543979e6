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
#include "vhost/wire/listen.h"

/* chip_select_id and the number of chips in the config space have 8 bits. */
#define GUEST_MAX_DEVICES 255

#define GUEST_WEIGHT_MAX  100

/* The longest time that a guest's ring is looked at for its next request, us */
#define GUEST_POLL_MAX 1000

/* Bytes in a socket address, without the NUL. */
#define GUEST_SOCKET_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* The devices of a guest, or of several guests that share all of them. */
struct device_list {
	unsigned int users; /* number of references */
	char *owner;	    /* distinguishes simulated chips of two lists */
	char *text;	    /* the text of each device, a line each */
	struct device_spec *specs; /* by chip select of the guest */
	unsigned int count;
};

struct guest_spec {
	char *name;   /* in the log; unique */
	char *socket; /* path of its socket; unique */
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

/* The group of a socket is not changed. */
#define GUEST_ANY_GROUP ((gid_t)-1)

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

/*
 * Parse permission bits in octal, such as 0660, the name or number of a group,
 * and microseconds, 0..GUEST_POLL_MAX. Return 0, or -EINVAL if @text is
 * something else.
 */
int guest_spec_parse_mode(const char *text, mode_t *mode);
int guest_spec_parse_group(const char *text, gid_t *group);
int guest_spec_parse_poll(const char *text, int *poll_us);

/*
 * Parses @text: socket=PATH, device=PATH with the keys of the device after it
 * (see device_spec_parse()), name=, weight=, poll=, socket-mode=,
 * socket-group=, with=, without=, in any order. Words without '=' after with=
 * and without= are more features. A guest without a name is called by its
 * socket. Returns 0 and fills @spec, which guest_spec_free() frees. Returns
 * -EINVAL or -ENOMEM with one line (no newline) in @error that names the key
 * and the value;
 * @spec then owns nothing.
 */
int guest_spec_parse(const char *text, struct guest_spec *spec, char *error,
		     size_t error_size);

/* Frees what @spec owns. */
void guest_spec_free(struct guest_spec *spec);

/* Returns true if @a and @b describe the same guest in the same way. */
bool guest_spec_equal(const struct guest_spec *a, const struct guest_spec *b);

#endif
