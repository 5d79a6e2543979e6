/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The wire format of the SPI controller device: virtio 1.4, section 5.21.
 * Multi-byte fields are little-endian. Convert them where they are read.
 */
#ifndef VIRTIO_SPI_WIRE_H
#define VIRTIO_SPI_WIRE_H

#include <assert.h>
#include <stdint.h>

#define VIRTIO_ID_SPI 45

/* struct virtio_spi_wire_head.mode (5.21.6.1) */
#define VIRTIO_SPI_MODE_CPHA	  (1u << 0)
#define VIRTIO_SPI_MODE_CPOL	  (1u << 1)
#define VIRTIO_SPI_MODE_CS_HIGH	  (1u << 2)
#define VIRTIO_SPI_MODE_LSB_FIRST (1u << 3)
#define VIRTIO_SPI_MODE_LOOP	  (1u << 4)

/* struct virtio_spi_wire_config.mode_func_supported (5.21.4) */
#define VIRTIO_SPI_CAN_CPHA_0	 (1u << 0)
#define VIRTIO_SPI_CAN_CPHA_1	 (1u << 1)
#define VIRTIO_SPI_CAN_CPOL_0	 (1u << 2)
#define VIRTIO_SPI_CAN_CPOL_1	 (1u << 3)
#define VIRTIO_SPI_CAN_CS_HIGH	 (1u << 4)
#define VIRTIO_SPI_CAN_LSB_FIRST (1u << 5)
#define VIRTIO_SPI_CAN_LOOP	 (1u << 6)

/* tx_nbits_supported, rx_nbits_supported (5.21.4) */
#define VIRTIO_SPI_CAN_DUAL  (1u << 0)
#define VIRTIO_SPI_CAN_QUAD  (1u << 1)
#define VIRTIO_SPI_CAN_OCTAL (1u << 2)

/* The result byte (5.21.6.1) */
enum virtio_spi_status {
	VIRTIO_SPI_TRANS_OK = 0,
	VIRTIO_SPI_PARAM_ERR = 1,
	VIRTIO_SPI_TRANS_ERR = 2,
};

struct virtio_spi_wire_config {
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
static_assert(sizeof(struct virtio_spi_wire_config) == 32, "spec layout");

struct virtio_spi_wire_head {
	uint8_t chip_select_id;
	uint8_t bits_per_word;
	uint8_t cs_change;
	uint8_t tx_nbits;
	uint8_t rx_nbits;
	uint8_t reserved[3];
	uint32_t mode;
	uint32_t freq;
	uint32_t word_delay_ns;
	uint32_t cs_setup_ns;
	uint32_t cs_delay_hold_ns;
	uint32_t cs_change_delay_inactive_ns;
};
static_assert(sizeof(struct virtio_spi_wire_head) == 32, "spec layout");

/* Returns the bytes of a word of @bits (1..32) in a buffer, as in Linux: */
static inline uint32_t spi_word_size(uint8_t bits)
{
	return bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
}

/* 1, 2 or 4. So this is @bytes / spi_word_size(@bits), without a division. */
static inline uint64_t spi_words(uint64_t bytes, uint8_t bits)
{
	return bytes >> (bits <= 8 ? 0 : bits <= 16 ? 1 : 2);
}

#endif
