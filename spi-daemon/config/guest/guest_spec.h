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

/* chip_select_id has 8 bits, and so has their number in the config space. */
#define GUEST_MAX_DEVICES 255

#define GUEST_WEIGHT_MAX  100

/* Bytes in a socket address, without the NUL. */
#define GUEST_SOCKET_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* The devices of a guest, or of several, which then share them all. */
struct device_list {
	unsigned int users; /* guests, and whoever else holds a reference */
	char *owner;	    /* tells simulated chips of two lists apart */
	char *text;	    /* the words it was made of, a line each */
	struct device_spec *specs; /* index: the guest's chip select */
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
};

/* What is not said of a guest: no name, no socket, no devices. */
extern const struct guest_spec guest_spec_default;

/* The group of a socket as it comes. */
#define GUEST_ANY_GROUP ((gid_t)-1)

/*
 * Makes a list without devices, for @owner, with one reference: the caller's.
 * Returns NULL for want of memory.
 */
struct device_list *device_list_new(const char *owner);

/*
 * Parses @text and appends the device. On a mistake writes one line that names
 * the device (no newline) to @error and returns -EINVAL (or -ENOMEM).
 */
int device_list_add(struct device_list *list, const char *text, char *error,
		    size_t error_size);

/* Gives up a reference; the last one frees the list. NULL is ignored. */
void device_list_put(struct device_list *list);

/*
 * Take in permission bits, octal, as 0660, and the name or number of a group.
 * Return 0, or -EINVAL when that is not what @text is.
 */
int guest_spec_parse_mode(const char *text, mode_t *mode);
int guest_spec_parse_group(const char *text, gid_t *group);

/*
 * Parses @text: socket=PATH, device=PATH with the keys of the device after it
 * (see device_spec_parse()), name=, weight=, socket-mode=, socket-group=,
 * with=, without=, in any order. Words without '=' behind with= and without=
 * are more features. A guest without a name has that of its socket.
 * On success fills @spec, to be freed with guest_spec_free(), and returns 0.
 * On a mistake writes one line that names the key and the value (no newline)
 * to @error and returns -EINVAL (or -ENOMEM); @spec then holds nothing.
 */
int guest_spec_parse(const char *text, struct guest_spec *spec, char *error,
		     size_t error_size);

/* Frees what @spec owns. */
void guest_spec_free(struct guest_spec *spec);

/* Is nothing about the guest different? */
bool guest_spec_equal(const struct guest_spec *a, const struct guest_spec *b);

#endif
