/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The rules of 5.21.6 for a request's parameters. */
#ifndef SPI_VALIDATE_H
#define SPI_VALIDATE_H

#include "virtio/spi/spi_config.h"
#include "virtio/spi/spi_request.h"

/*
 * Checks the parameters of @request against the spec and @config. Returns NULL
 * if they are valid; else the reason, a constant string: answer the request
 * with VIRTIO_SPI_PARAM_ERR.
 */
const char *spi_validate(const struct spi_config *config,
			 const struct spi_request *request);

#endif
