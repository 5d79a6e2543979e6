/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>

#include "virtio/spi/spi_config.h"

void spi_config_encode(const struct spi_config *config,
		       struct virtio_spi_wire_config *wire)
{
	*wire = (struct virtio_spi_wire_config){
		.cs_max_number = config->cs_max_number,
		.cs_change_supported = config->cs_change_supported,
		.tx_nbits_supported = config->tx_nbits_supported,
		.rx_nbits_supported = config->rx_nbits_supported,
		.bits_per_word_mask = htole32(config->bits_per_word_mask),
		.mode_func_supported = htole32(config->mode_func_supported),
		.max_freq_hz = htole32(config->max_freq_hz),
		.max_word_delay_ns = htole32(config->max_word_delay_ns),
		.max_cs_setup_ns = htole32(config->max_cs_setup_ns),
		.max_cs_hold_ns = htole32(config->max_cs_hold_ns),
		.max_cs_inactive_ns = htole32(config->max_cs_inactive_ns),
	};
}
