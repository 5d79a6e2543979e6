/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a guest asks for in a request's head, as its chip takes it. */
#ifndef SPI_PIECE_H
#define SPI_PIECE_H

#include <stdint.h>

#include "spi-daemon/bus/controller.h"
#include "virtio/spi/spi_request.h"

/* The longest that one piece may take on @chip, ns. */
uint64_t spi_piece_most_ns(const struct chip *chip);

/* From one word to the next, ns; 0: the clock is unknown. */
uint64_t spi_piece_word_ns(const struct spi_head *head,
			   const struct chip *chip);

/* A piece with the clock, mode, word size and lines that @head asks for. */
struct spi_piece spi_piece_make(const struct spi_head *head,
				const struct chip *chip);

#endif
