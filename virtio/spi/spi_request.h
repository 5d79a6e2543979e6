/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One request of the SPI device (5.21.6): reads it from a descriptor chain, and
 * writes its status to that chain.
 */
#ifndef SPI_REQUEST_H
#define SPI_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/chain.h"
#include "virtio/mem/guest_mem.h"
#include "virtio/spi/spi_wire.h"

/* The spec's struct virtio_spi_transfer_head, in host byte order */
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

/* Convert a header from the wire's byte order to the host's, and back. */
void spi_head_decode(const struct virtio_spi_wire_head *wire,
		     struct spi_head *head);
void spi_head_encode(const struct spi_head *head,
		     struct virtio_spi_wire_head *wire);

/*
 * Drivers send the same header again and again. So what follows from it alone
 * is found once, and holds for the next request if ->checked does.
 */
struct spi_request {
	struct virtio_spi_wire_head wire; /* the header as it came */
	struct spi_head head;		  /* and in host byte order */
	bool checked;		/* the caller's: it found ->head to be valid */
	uint64_t tx_len;	/* bytes to send */
	uint64_t rx_len;	/* bytes to receive */
	struct chain_cursor tx; /* at the first byte to send */
	struct chain_cursor rx; /* at the first byte to receive */
};

/*
 * Reads the request in @chain; the driver may have split it into descriptors in
 * any way (2.7.4.2). @request, which is all zero before the first call, has
 * cursors into @chain, which must outlive it. ->checked stays only if the
 * header is that of the call before. spi_validate() checks the header and the
 * lengths. Returns NULL, or a constant string that says why @chain holds no
 * request.
 */
const char *spi_request_parse(const struct chain *chain,
			      const struct guest_mem *mem,
			      struct spi_request *request);

/*
 * Returns the size of the receive buffer in @chain, in bytes: all that is
 * writable but the status. When a request fails, the caller zeroes it.
 */
uint64_t spi_request_rx_len(const struct chain *chain);

/*
 * Writes @status to the last writable byte of @chain. Returns the number of
 * writable bytes, which is the length for the used ring: it tells the driver
 * that the status and the receive buffer before it are written. Returns 0 if
 * @chain has no writable byte, or the last one is not in guest memory.
 */
uint32_t spi_request_finish(const struct chain *chain,
			    const struct guest_mem *mem,
			    enum virtio_spi_status status);

#endif
