/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/device_spec.h"
#include "vhost/device.h"

#define OPTIONS_MAX_SOCKETS 256
/* chip_select_id has 8 bits, and so has their number in the config space. */
#define OPTIONS_MAX_DEVICES 255

struct options {
	char *socket_path; /* a number, 0..socket_count-1, follows */
	unsigned int socket_count;
	struct device_spec *devices; /* index: the guest's chip select */
	unsigned int device_count;
	bool replay;
	struct vhost_feature_set without; /* not to be offered */
	bool verbose;
};

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/*
 * Reads the command line. Opens nothing.
 * On success fills @options, to be freed with options_free(), and returns
 * what is to be done. On a mistake writes one line that names the option and
 * the value (no newline) to @error and returns -EINVAL (or -ENOMEM);
 * @options then holds nothing.
 */
int options_parse(int argc, char **argv, struct options *options, char *error,
		  size_t error_size);

/* Frees what @options owns. */
void options_free(struct options *options);

/* What --help prints. */
extern const char options_help[];

#endif
