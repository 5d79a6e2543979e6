/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The transfer of one request, done in pieces. A piece is bounded by what one
 * message can carry and by its time on the bus, and holds whole words. The
 * chip stays selected between pieces.
 */
#ifndef SPI_TRANSFER_H
#define SPI_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/device/spi_device.h"
#include "virtio/spi/spi_request.h"
#include "virtio/spi/spi_validate.h"

/*
 * Room for what lies in pieces in guest memory: one piece each way. Made when
 * it is first needed, as many guests never need it.
 */
struct bounce {
	uint32_t size; /* bytes each way */
	uint8_t *tx;   /* NULL: none yet */
	uint8_t *rx;
};

/* For pieces of up to @max_piece bytes. */
void bounce_init(struct bounce *bounce, uint32_t max_piece);

/* Gives the room back. It is made again when it is needed again. */
void bounce_empty(struct bounce *bounce);

/* What a watched transfer received, as the chip sent it. */
struct spi_answer {
	uint8_t first[3]; /* those that there are; then 0 */
	uint8_t last;
};

struct kept_parts;

struct spi_transfer {
	struct spi_request request; /* the cursors move with the pieces */
	struct spi_piece like;	    /* what all pieces have in common */
	uint64_t word_ns;	    /* spi_piece_word_ns() */
	uint64_t left;		    /* bytes to go */
	bool joins;		    /* it is not the first of its message */
	bool keep;		    /* leave the chip selected at the end */
	bool watched;		    /* what is received has to be looked at: */
	struct spi_answer answer;
};

/* Bytes that the request moves over the bus. */
uint64_t spi_transfer_len(const struct spi_request *request);

/*
 * The header of ->request, which is valid, is another: finds what follows from
 * it on @chip, for this transfer and those with the same header.
 */
void spi_transfer_prepare(struct spi_transfer *transfer,
			  const struct chip *chip);

/*
 * Begins the transfer of ->request, which is valid. @joins and @keep are for
 * the fields with these names.
 */
void spi_transfer_begin(struct spi_transfer *transfer, bool joins, bool keep);

/*
 * How long the rest of the transfer takes on the bus by the clock of its chip,
 * ns; 0: the clock is unknown.
 */
uint64_t spi_transfer_left_ns(const struct spi_transfer *transfer);

/*
 * Limits of the one chip, which the config space has no field for. Returns
 * true if the request is within them. If not, @reason, of SPI_REASON_SIZE
 * bytes, says why it cannot be done.
 */
bool spi_transfer_check(const struct spi_request *request,
			const struct chip *chip, char *reason);

/*
 * Does the next piece, on a chip whose bus is the caller's. What is in @lead,
 * which may be NULL, goes ahead of it in the same message; if no piece fits
 * behind @lead, that goes alone. Returns 0, or a negative errno; then the
 * caller has to release the chip.
 */
int spi_transfer_step(struct spi_transfer *transfer,
		      const struct kept_parts *lead, struct chip *chip,
		      const struct guest_mem *mem, struct bounce *bounce);

#endif
