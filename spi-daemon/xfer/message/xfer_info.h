/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Prints what a back end offers: spi-xfer --info. */
#ifndef XFER_INFO_H
#define XFER_INFO_H

#include <stdio.h>

#include "vhost/front/front_end.h"
#include "virtio/spi/spi_wire.h"

/* Prints the features of the connection and the config space @config. */
void xfer_info_print(FILE *out, const struct front_end *fe,
		     const struct virtio_spi_wire_config *config);

#endif
