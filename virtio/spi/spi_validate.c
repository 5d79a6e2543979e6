/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "virtio/spi/spi_validate.h"

/* Writes the reason. Returns false, for the caller to return. */
__attribute__((cold, format(printf, 2, 3))) static bool
refuse(char *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, SPI_REASON_SIZE, format, args);
	va_end(args);
	return false;
}

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

static bool check_nbits(const char *name, uint8_t nbits, uint8_t supported,
			const struct spi_head *head, char *reason)
{
	if (nbits_ok(nbits, supported))
		return true;
	return refuse(reason,
		      "%s %u on chip select %u: the controller has 1%s%s%s",
		      name, nbits, head->chip_select_id,
		      supported & VIRTIO_SPI_CAN_DUAL ? ", 2" : "",
		      supported & VIRTIO_SPI_CAN_QUAD ? ", 4" : "",
		      supported & VIRTIO_SPI_CAN_OCTAL ? ", 8" : "");
}

static bool has_word_size(uint32_t mask, unsigned int bits)
{
	if (bits < 1 || bits > 32)
		return false;
	return !mask || mask & (1u << (bits - 1));
}

#define SIZES_TEXT 96 /* 16 runs of one or two sizes each */

/* The word sizes in @mask, as "8, 16, 32" or "4, 8 to 32". */
static void list_word_sizes(uint32_t mask, char *text)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int bits = 1; bits <= 32; bits++) {
		unsigned int last = bits;

		if (!has_word_size(mask, bits))
			continue;
		while (has_word_size(mask, last + 1))
			last++;
		/* Two in a row are listed, more are a range. */
		if (last < bits + 2)
			last = bits;
		len += (size_t)snprintf(text + len, SIZES_TEXT - len, "%s%u",
					len ? ", " : "", bits);
		if (last > bits)
			len += (size_t)snprintf(text + len, SIZES_TEXT - len,
						" to %u", last);
		bits = last;
	}
}

static bool check_word_size(const struct spi_config *config,
			    const struct spi_head *head, char *reason)
{
	char sizes[SIZES_TEXT];

	if (has_word_size(config->bits_per_word_mask, head->bits_per_word))
		return true;
	list_word_sizes(config->bits_per_word_mask, sizes);
	return refuse(reason,
		      "word size %u on chip select %u: the controller has %s",
		      head->bits_per_word, head->chip_select_id, sizes);
}

static bool check_cs_change(const struct spi_config *config,
			    const struct spi_head *head, char *reason)
{
	unsigned int max = config->cs_change_supported ? 1 : 0;

	if (head->cs_change <= max)
		return true;
	return refuse(reason,
		      "cs_change %u on chip select %u: the controller has %s",
		      head->cs_change, head->chip_select_id,
		      max ? "0 and 1" : "0 only");
}

static bool check_reserved(const struct spi_head *head, char *reason)
{
	for (unsigned int i = 0; i < sizeof(head->reserved); i++)
		if (head->reserved[i])
			return refuse(reason, "reserved byte %u is %u, not 0",
				      i, head->reserved[i]);
	return true;
}

static bool check_clock(const struct spi_config *config,
			const struct spi_head *head, char *reason)
{
	if (!config->max_freq_hz || head->freq <= config->max_freq_hz)
		return true;
	return refuse(
		reason,
		"clock of %u Hz on chip select %u: the controller has up to %u Hz",
		head->freq, head->chip_select_id, config->max_freq_hz);
}

/* What of @mode the controller lacks, or NULL. */
static const char *lacks(uint32_t can, uint32_t mode)
{
	if (mode & VIRTIO_SPI_MODE_CPHA && !(can & VIRTIO_SPI_CAN_CPHA_1))
		return "CPHA 1";
	if (!(mode & VIRTIO_SPI_MODE_CPHA) && !(can & VIRTIO_SPI_CAN_CPHA_0))
		return "CPHA 0";
	if (mode & VIRTIO_SPI_MODE_CPOL && !(can & VIRTIO_SPI_CAN_CPOL_1))
		return "CPOL 1";
	if (!(mode & VIRTIO_SPI_MODE_CPOL) && !(can & VIRTIO_SPI_CAN_CPOL_0))
		return "CPOL 0";
	if (mode & VIRTIO_SPI_MODE_CS_HIGH && !(can & VIRTIO_SPI_CAN_CS_HIGH))
		return "active-high chip select";
	if (mode & VIRTIO_SPI_MODE_LSB_FIRST &&
	    !(can & VIRTIO_SPI_CAN_LSB_FIRST))
		return "LSB first";
	if (mode & VIRTIO_SPI_MODE_LOOP && !(can & VIRTIO_SPI_CAN_LOOP))
		return "loopback";
	if (mode & ~(VIRTIO_SPI_MODE_CPHA | VIRTIO_SPI_MODE_CPOL |
		     VIRTIO_SPI_MODE_CS_HIGH | VIRTIO_SPI_MODE_LSB_FIRST |
		     VIRTIO_SPI_MODE_LOOP))
		return "meaning for one of its bits";
	return NULL;
}

static bool check_mode(const struct spi_config *config,
		       const struct spi_head *head, char *reason)
{
	const char *what = lacks(config->mode_func_supported, head->mode);

	if (!what)
		return true;
	return refuse(reason,
		      "mode 0x%x on chip select %u: the controller has no %s",
		      head->mode, head->chip_select_id, what);
}

static inline bool check_delay(const char *name, uint32_t ns, uint32_t max_ns,
			       const struct spi_head *head, char *reason)
{
	if (ns <= max_ns)
		return true;
	return refuse(
		reason,
		"%s delay of %u ns on chip select %u: the controller has up to %u ns",
		name, ns, head->chip_select_id, max_ns);
}

static bool check_delays(const struct spi_config *config,
			 const struct spi_head *head, char *reason)
{
	return check_delay("word", head->word_delay_ns,
			   config->max_word_delay_ns, head, reason) &&
	       check_delay("setup", head->cs_setup_ns, config->max_cs_setup_ns,
			   head, reason) &&
	       check_delay("hold", head->cs_delay_hold_ns,
			   config->max_cs_hold_ns, head, reason) &&
	       check_delay("inactive", head->cs_change_delay_inactive_ns,
			   config->max_cs_inactive_ns, head, reason);
}

bool spi_validate_head(const struct spi_config *config,
		       const struct spi_head *head, char *reason)
{
	if (head->chip_select_id >= config->cs_max_number)
		return refuse(reason, "chip select %u: the controller has %s%u",
			      head->chip_select_id,
			      config->cs_max_number > 1 ? "0 to " : "",
			      config->cs_max_number - 1);
	return check_word_size(config, head, reason) &&
	       check_cs_change(config, head, reason) &&
	       check_nbits("tx_nbits", head->tx_nbits,
			   config->tx_nbits_supported, head, reason) &&
	       check_nbits("rx_nbits", head->rx_nbits,
			   config->rx_nbits_supported, head, reason) &&
	       check_reserved(head, reason) &&
	       check_clock(config, head, reason) &&
	       check_mode(config, head, reason) &&
	       check_delays(config, head, reason);
}

bool spi_validate_lengths(const struct spi_request *request, char *reason)
{
	uint32_t word = spi_word_size(request->head.bits_per_word);
	unsigned long long tx = request->tx_len, rx = request->rx_len;

	if (!tx && !rx)
		return refuse(reason, "there is nothing to transfer");
	if (tx && rx && tx != rx)
		return refuse(
			reason,
			"tx of %llu bytes and rx of %llu differ in length", tx,
			rx);
	/* A word has 1, 2 or 4 bytes. */
	if ((tx | rx) & (word - 1))
		return refuse(
			reason,
			"%llu bytes are no multiple of a word: words of %u bits have %u bytes",
			tx ? tx : rx, request->head.bits_per_word, word);
	return true;
}

bool spi_validate(const struct spi_config *config,
		  const struct spi_request *request, char *reason)
{
	return spi_validate_head(config, &request->head, reason) &&
	       spi_validate_lengths(request, reason);
}
