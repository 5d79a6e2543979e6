/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line of spi-xfer. */
#ifndef XFER_OPTIONS_H
#define XFER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/spi/spi_wire.h"

#define XFER_MAX_PARTS 64
#define XFER_MAX_LEN   (64u << 20) /* bytes of one part */

/* One part of the message: one request */
struct xfer_part {
	uint8_t *tx; /* owned */
	uint32_t tx_len;
	uint32_t rx_len;
};

struct xfer_options {
	const char *socket_path; /* points into argv */
	const char *rx_file;	 /* or NULL: hex on stdout */
	bool info;
	bool packed;			  /* a packed virtqueue, or none */
	struct virtio_spi_wire_head head; /* the same for all parts but for
					   * cs_change; little-endian */
	bool speed_given;		  /* else main chooses head.freq */
	struct xfer_part parts[XFER_MAX_PARTS];
	unsigned int part_count;
	uint8_t cs_change[XFER_MAX_PARTS]; /* for each part */
	uint32_t timeout_ms;
};

enum xfer_action {
	XFER_RUN,
	XFER_HELP,
	XFER_VERSION,
};

/*
 * Reads the command line, and the file of --tx-file.
 * On success fills @options, to be freed with xfer_options_free(), and returns
 * what is to be done. On a mistake writes one line that names the option and
 * the value (no newline) to @error and returns -EINVAL (or -ENOMEM); @options
 * then holds nothing.
 */
int xfer_options_parse(int argc, char **argv, struct xfer_options *options,
		       char *error, size_t error_size);

/* Frees what @options owns. */
void xfer_options_free(struct xfer_options *options);

/* What --help prints. */
extern const char xfer_options_help[];

#endif
