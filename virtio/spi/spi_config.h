/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The SPI controller's configuration (5.21.4), in host byte order. */
#ifndef SPI_CONFIG_H
#define SPI_CONFIG_H

#include <stdint.h>

#include "virtio/spi/spi_wire.h"

/* 5.21.4 defines the fields. */
struct spi_config {
	uint8_t cs_max_number;
	uint8_t cs_change_supported;
	uint8_t tx_nbits_supported;
	uint8_t rx_nbits_supported;
	uint32_t bits_per_word_mask;
	uint32_t mode_func_supported;
	uint32_t max_freq_hz;
	uint32_t max_word_delay_ns;
	uint32_t max_cs_setup_ns;
	uint32_t max_cs_hold_ns;
	uint32_t max_cs_inactive_ns;
};

/* Converts @config to the wire format. */
void spi_config_encode(const struct spi_config *config,
		       struct virtio_spi_wire_config *wire);

#endif
