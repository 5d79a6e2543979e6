/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdbool.h>
#include <stddef.h>

#include "virtio/spi/spi_validate.h"

/* 0 and 1 mean a single line, which is always supported. */
static bool nbits_ok(uint8_t nbits, uint8_t supported)
{
	switch (nbits) {
	case 0:
	case 1:
		return true;
	case 2:
		return supported & VIRTIO_SPI_CAN_DUAL;
	case 4:
		return supported & VIRTIO_SPI_CAN_QUAD;
	case 8:
		return supported & VIRTIO_SPI_CAN_OCTAL;
	default:
		return false;
	}
}

static bool bits_per_word_ok(uint8_t bits, uint32_t mask)
{
	if (bits < 1 || bits > 32)
		return false;
	return !mask || mask & (1u << (bits - 1));
}

static const char *check_mode(const struct spi_config *config, uint32_t mode)
{
	uint32_t can = config->mode_func_supported;

	if (!(can & (mode & VIRTIO_SPI_MODE_CPHA ? VIRTIO_SPI_CAN_CPHA_1
						 : VIRTIO_SPI_CAN_CPHA_0)))
		return "the clock phase is not supported";
	if (!(can & (mode & VIRTIO_SPI_MODE_CPOL ? VIRTIO_SPI_CAN_CPOL_1
						 : VIRTIO_SPI_CAN_CPOL_0)))
		return "the clock polarity is not supported";
	if (mode & VIRTIO_SPI_MODE_CS_HIGH && !(can & VIRTIO_SPI_CAN_CS_HIGH))
		return "an active-high chip select is not supported";
	if (mode & VIRTIO_SPI_MODE_LSB_FIRST &&
	    !(can & VIRTIO_SPI_CAN_LSB_FIRST))
		return "LSB first is not supported";
	if (mode & VIRTIO_SPI_MODE_LOOP && !(can & VIRTIO_SPI_CAN_LOOP))
		return "loopback mode is not supported";
	if (mode & ~(VIRTIO_SPI_MODE_CPHA | VIRTIO_SPI_MODE_CPOL |
		     VIRTIO_SPI_MODE_CS_HIGH | VIRTIO_SPI_MODE_LSB_FIRST |
		     VIRTIO_SPI_MODE_LOOP))
		return "an unknown mode bit is set";
	return NULL;
}

static const char *check_delays(const struct spi_config *config,
				const struct spi_head *head)
{
	if (head->word_delay_ns > config->max_word_delay_ns)
		return "the word delay is too long";
	if (head->cs_setup_ns > config->max_cs_setup_ns)
		return "the setup delay is too long";
	if (head->cs_delay_hold_ns > config->max_cs_hold_ns)
		return "the hold delay is too long";
	if (head->cs_change_delay_inactive_ns > config->max_cs_inactive_ns)
		return "the inactive delay is too long";
	return NULL;
}

static const char *check_lengths(const struct spi_request *request)
{
	uint32_t word = spi_word_size(request->head.bits_per_word);

	if (!request->tx_len && !request->rx_len)
		return "there is nothing to transfer";
	if (request->tx_len && request->rx_len &&
	    request->tx_len != request->rx_len)
		return "tx and rx differ in length";
	if (request->tx_len % word || request->rx_len % word)
		return "the length is not a multiple of the word";
	return NULL;
}

const char *spi_validate(const struct spi_config *config,
			 const struct spi_request *request)
{
	const struct spi_head *head = &request->head;
	const char *reason;

	if (head->chip_select_id >= config->cs_max_number)
		return "there is no such chip select";
	if (!bits_per_word_ok(head->bits_per_word, config->bits_per_word_mask))
		return "the word size is not supported";
	if (head->cs_change > 1 ||
	    (head->cs_change && !config->cs_change_supported))
		return "cs_change is not valid";
	if (!nbits_ok(head->tx_nbits, config->tx_nbits_supported))
		return "tx_nbits is not supported";
	if (!nbits_ok(head->rx_nbits, config->rx_nbits_supported))
		return "rx_nbits is not supported";
	if (head->reserved[0] || head->reserved[1] || head->reserved[2])
		return "a reserved byte is set";
	if (config->max_freq_hz && head->freq > config->max_freq_hz)
		return "the clock is too fast";

	reason = check_mode(config, head->mode);
	if (!reason)
		reason = check_delays(config, head);
	if (!reason)
		reason = check_lengths(request);
	return reason;
}
