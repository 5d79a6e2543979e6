/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One request of the SPI device (5.21.6): from a descriptor chain to a
 * request, and from a result to the status byte and the used length.
 */
#ifndef SPI_REQUEST_H
#define SPI_REQUEST_H

#include <stdint.h>

#include "virtio/ring/chain.h"
#include "virtio/mem/guest_mem.h"
#include "virtio/spi/spi_wire.h"

/* struct virtio_spi_transfer_head in host byte order. */
struct spi_head {
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

/* From the wire's byte order to the host's, and back. */
void spi_head_decode(const struct virtio_spi_wire_head *wire,
		     struct spi_head *head);
void spi_head_encode(const struct spi_head *head,
		     struct virtio_spi_wire_head *wire);

struct spi_request {
	struct spi_head head;
	uint64_t tx_len; /* bytes; at least one of the two is not 0 */
	uint64_t rx_len;
	struct chain_cursor tx; /* at the next byte to send */
	struct chain_cursor rx; /* at the next byte to fill */
};

/*
 * Reads a request's header from @chain, framed in whatever way (2.7.4.2).
 * The cursors of @request then refer to @chain. Returns NULL, or the reason
 * why there is no request in the chain: a constant string.
 */
const char *spi_request_parse(const struct chain *chain,
			      const struct guest_mem *mem,
			      struct spi_request *request);

/* How many bytes of rx buffer an error has to clear. */
uint64_t spi_request_rx_len(const struct chain *chain);

/*
 * Writes the status to the last writable byte of @chain. Returns the length
 * for the used ring: all the writable bytes, so that the status counts, which
 * also says that the rx part was written, or cleared, by the caller; 0 when
 * there is no writable byte.
 */
uint32_t spi_request_finish(const struct chain *chain,
			    const struct guest_mem *mem,
			    enum virtio_spi_status status);

#endif
