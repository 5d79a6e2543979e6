/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line of spi-xfer. */
#ifndef XFER_OPTIONS_H
#define XFER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/xfer/link/xfer_link.h"

#define XFER_MAX_LEN (64u << 20) /* bytes of one part */
#define XFER_MAX_CS  16

/* Bytes of one transfer of --serprog and --flash */
#define XFER_MIN_CHUNK 512
#define XFER_MAX_CHUNK (16u << 20)

/* One part of the message: one request */
struct xfer_part {
	uint8_t *tx; /* owned */
	uint32_t tx_len;
	uint32_t rx_len;
};

enum xfer_action {
	XFER_MESSAGE,
	XFER_SERPROG,
	XFER_FLASH,
	XFER_SCRIPT,
	XFER_INTERACTIVE,
	XFER_WATCH,
	XFER_QEMU_ARGS,
	XFER_CLOUD_HYPERVISOR_ARGS,
	XFER_HELP,
	XFER_VERSION,
};

/* What XFER_FLASH does */
enum xfer_flash {
	XFER_FLASH_ID,
	XFER_FLASH_READ,
	XFER_FLASH_WRITE,
	XFER_FLASH_ERASE,
	XFER_FLASH_VERIFY,
};

struct xfer_options {
	enum xfer_action action;       /* one that is before XFER_HELP */
	struct xfer_link_options link; /* its path points into argv */
	bool info;
	const char *rx_file; /* or NULL: hex on stdout */
	struct xfer_part parts[XFER_MAX_PARTS];
	unsigned int part_count;
	uint64_t part_bytes;	 /* sent and received by all parts */
	uint8_t cs[XFER_MAX_CS]; /* the message goes to each, in this order */
	unsigned int cs_count;	 /* the first is that of link.head */
	uint32_t repeat;	 /* times; 0: without end */
	uint64_t period_ns;	 /* from one message to the next */
	bool hexdump;
	const char *serprog; /* where to listen, with XFER_SERPROG */
	uint32_t chunk;	     /* of XFER_SERPROG and XFER_FLASH, bytes */
	enum xfer_flash flash;
	const char *file; /* of XFER_FLASH, if it has one; of XFER_SCRIPT,
			   * XFER_WATCH; the socket of XFER_..._ARGS */
	uint32_t offset, length; /* bytes; length 0: all that there is */
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
