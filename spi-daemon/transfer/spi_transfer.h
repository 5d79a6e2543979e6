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

struct spi_transfer {
	struct spi_request request; /* the cursors move with the pieces */
	uint64_t left;		    /* bytes to go */
	bool joins;		    /* the chip is selected already */
	bool keep;		    /* leave it selected at the end */
};

/* Bytes that the request moves over the bus. */
uint64_t spi_transfer_len(const struct spi_request *request);

/*
 * Limits of the one chip, which the config space has no field for. Returns
 * true if the request is within them. If not, @reason, of SPI_REASON_SIZE
 * bytes, says why it cannot be done.
 */
bool spi_transfer_check(const struct spi_request *request,
			const struct chip *chip, char *reason);

/*
 * Does the next piece, on a chip whose bus is the caller's. Returns 0, or a
 * negative errno; then the caller has to release the chip.
 */
int spi_transfer_step(struct spi_transfer *transfer, struct chip *chip,
		      const struct guest_mem *mem, struct bounce *bounce);

#endif
