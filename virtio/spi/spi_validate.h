/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The rules of 5.21.6 for a request's parameters. */
#ifndef SPI_VALIDATE_H
#define SPI_VALIDATE_H

#include <stdbool.h>

#include "virtio/spi/spi_config.h"
#include "virtio/spi/spi_request.h"

/* Room for a reason, with its NUL; a longer one is cut off. */
#define SPI_REASON_SIZE 160

/*
 * Checks @request against the spec and against what @config offers.
 * Returns true if all parameters are valid. If not, the request is to be
 * answered with VIRTIO_SPI_PARAM_ERR, and @reason, of SPI_REASON_SIZE bytes,
 * says which value is wrong and what the controller has instead, e.g. "word
 * size 99 on chip select 0: the controller has 8, 16, 32".
 */
bool spi_validate(const struct spi_config *config,
		  const struct spi_request *request, char *reason);

/*
 * The two halves of that: the first checks what the header alone says, the
 * second the lengths, provided that the header is valid.
 */
bool spi_validate_head(const struct spi_config *config,
		       const struct spi_head *head, char *reason);
bool spi_validate_lengths(const struct spi_request *request, char *reason);

#endif
