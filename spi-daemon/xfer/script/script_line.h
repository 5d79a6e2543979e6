/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One line of a script:
 *
 *	cs 1 speed 10M mode 3		for this line and those that follow
 *	tx 9f rx 3 = ef 40 1x		a message, and what it has to receive
 *	tx 05 rx 1 = 00 within 1s	... again and again until it does
 *	wait 10ms
 *	# a comment, also behind the others
 */
#ifndef SCRIPT_LINE_H
#define SCRIPT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/xfer/link/xfer_link.h"

#define SCRIPT_MAX_BYTES (8u << 20) /* sent and received by one message */

/* One part of the message; the pointers are those of xfer_link_part. */
struct script_part {
	uint8_t *tx; /* owned */
	uint32_t tx_len, rx_len;
	uint8_t *expected, *mask; /* owned: rx_len each, or NULL; a bit counts
				   * where the mask has 1 */
};

struct script_line {
	unsigned int number;		  /* 1 for the first of the script */
	struct virtio_spi_wire_head head; /* of its message */
	struct script_part *parts;	  /* owned */
	unsigned int part_count;	  /* 0: no message */
	uint32_t bytes;			  /* sent and received by all parts */
	uint64_t within_ns;		  /* repeat for so long; 0: send once */
	uint64_t wait_ns;
};

/* What a reader of lines remembers */
struct script_reader {
	struct virtio_spi_wire_head head; /* of the next message */
	unsigned int number;		  /* of the last line */
};

/*
 * Reads the next line, @text, without its newline. Returns 0 and fills @line,
 * to be freed with script_line_free(); or -EINVAL or -ENOMEM with a reason in
 * @why, after which @line holds nothing and the reader goes on behind it.
 */
int script_line_parse(struct script_reader *reader, const char *text,
		      struct script_line *line, char *why, size_t why_size);
void script_line_free(struct script_line *line);

#endif
