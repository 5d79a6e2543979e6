/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The first parts of a message, which only send: checked, answered, and kept
 * until the message goes over the bus as one.
 */
#ifndef KEPT_PARTS_H
#define KEPT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/controller.h"
#include "virtio/spi/spi_request.h"

/* More than any flash has between its opcode and its data. */
#define KEPT_PARTS_MAX 8
#define KEPT_BYTES_MAX 256

struct kept_part {
	struct spi_head head;
	uint16_t len; /* bytes, 1 or more */
};

/* Zero-initialised: none. */
struct kept_parts {
	unsigned int count;
	uint32_t len; /* bytes, of all parts */
	struct kept_part parts[KEPT_PARTS_MAX];
	uint8_t bytes[KEPT_BYTES_MAX]; /* of the parts, in order */
};

/*
 * Appends a part with @head and @len bytes, for @chip. Returns where its bytes
 * go, or NULL if it does not fit: all parts go over the bus in one go, in the
 * time and within the length of one piece (see spi_piece.h).
 */
uint8_t *kept_parts_add(struct kept_parts *kept, const struct spi_head *head,
			uint64_t len, const struct chip *chip);

/* Forgets all parts. */
void kept_parts_clear(struct kept_parts *kept);

/* The head of the last part; there is one. */
const struct spi_head *kept_parts_last(const struct kept_parts *kept);

/* Where the bytes of the last part end. */
static inline const uint8_t *kept_parts_end(const struct kept_parts *kept)
{
	return kept->bytes + kept->len;
}

/* How long the parts take on the bus, ns. */
uint64_t kept_parts_ns(const struct kept_parts *kept, const struct chip *chip);

/* Bytes of a message that the parts use up, of those that @chip can send. */
uint32_t kept_parts_room(const struct kept_parts *kept);

/*
 * Makes a piece of each part, in @pieces of KEPT_PARTS_MAX, and links them to
 * @next, which may be NULL; then the chip stays selected. Returns the first.
 */
const struct spi_piece *kept_parts_link(const struct kept_parts *kept,
					const struct chip *chip,
					struct spi_piece *pieces,
					const struct spi_piece *next);

#endif
