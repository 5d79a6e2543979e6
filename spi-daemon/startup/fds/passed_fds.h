/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Descriptors that this process was started with, and that it is to use: those
 * that the command line names by their number, and those of a service manager,
 * which have names: see sd_listen_fds(3).
 */
#ifndef PASSED_FDS_H
#define PASSED_FDS_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"

/* That name is the keeper's own: see spi-daemon/startup/fd_store.h. */
#define PASSED_FDS_KEEPER "keeper"

struct passed_fd {
	char *name; /* owned; NULL: it has its number alone */
	int number; /* that it was passed as */
	int fd;	    /* -1: it was used, and cannot be used again */
};

/* Starts as all zeros. */
struct passed_fds {
	struct passed_fd *all;
	unsigned int count;
};

/*
 * Takes what the service manager has passed. A process that is started does not
 * get it, but finds OPTIONS_FD_NAMES in the environment. Returns 0 or -ENOMEM.
 */
int passed_fds_take(struct passed_fds *passed);

void passed_fds_fini(struct passed_fds *passed);

/*
 * Adds the descriptors that the guests of @options name by number. Returns 0;
 * or a negative errno, with one line (no newline) in @error, when one of their
 * descriptors cannot be used.
 */
int passed_fds_add(struct passed_fds *passed, const struct options *options,
		   char *error, size_t error_size);

/* Logs which descriptors no guest of @options uses. */
void passed_fds_tell_unused(const struct passed_fds *passed,
			    const struct options *options);

/*
 * Returns the socket @name, a guest_spec's ->socket, which the caller owns; or
 * -ENXIO if there is none. One that listens can be had again. With @check,
 * returns 0 in place of the descriptor. @passed can be NULL: there are none.
 */
int passed_fds_get(struct passed_fds *passed, const char *name, bool check);

/*
 * Removes up to @most descriptors that the service manager calls @name, and
 * stores them in @fds, which the caller owns. Returns how many.
 */
unsigned int passed_fds_remove(struct passed_fds *passed, const char *name,
			       int *fds, unsigned int most);

/* Closes all other descriptors from 3 on. */
void passed_fds_close_others(const struct passed_fds *passed);

#endif
