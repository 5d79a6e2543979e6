/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A session with a back end, over which whole SPI messages go: what all that
 * spi-xfer does is made of.
 */
#ifndef XFER_LINK_H
#define XFER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"

#define XFER_MAX_PARTS 64

/* What the cs_change of each part of a message is */
enum xfer_cs_way {
	XFER_CS_SPEC,	  /* 1 on the last part, 0 on the others */
	XFER_CS_TRANSFER, /* the other way round, as spidev has it */
	XFER_CS_LIST,
};

struct xfer_cs_change {
	enum xfer_cs_way way;
	uint8_t list[XFER_MAX_PARTS]; /* the last is that of all further ones */
	unsigned int count;	      /* 1 and more, with XFER_CS_LIST */
};

/* Returns the cs_change of part @part of @count. */
uint8_t xfer_cs_change_of(const struct xfer_cs_change *cs_change,
			  unsigned int part, unsigned int count);

struct xfer_link_options {
	const char *socket_path;
	bool packed; /* a packed virtqueue, or none */
	uint32_t timeout_ms;
	struct virtio_spi_wire_head head; /* of all parts, but for cs_change;
					   * little-endian */
	bool speed_given;		  /* else the link chooses head.freq */
	struct xfer_cs_change cs_change;
};

/* One part of a message: one request */
struct xfer_link_part {
	const uint8_t *tx;
	uint32_t tx_len; /* bytes */
	uint8_t *rx;	 /* filled in; as long as tx if both are there */
	uint32_t rx_len;
};

struct xfer_link {
	struct spi_front front;
	struct virtio_spi_wire_config config; /* 0 if the back end has none */
	struct virtio_spi_wire_head head;     /* may be changed in between */
	struct xfer_cs_change cs_change;
};

/*
 * The first part that failed, and its status; after success the number of parts
 * and VIRTIO_SPI_TRANS_OK
 */
struct xfer_link_result {
	unsigned int part;
	uint8_t status; /* enum virtio_spi_status, SPI_FRONT_UNWRITTEN */
};

/*
 * Connects, and makes room for messages of @bytes in all parts together.
 * Returns 0 or a negative errno: those of spi_front_open(), -EPROTONOSUPPORT
 * if a packed ring is wanted and not offered.
 */
int xfer_link_open(struct xfer_link *link,
		   const struct xfer_link_options *options, uint64_t bytes);
void xfer_link_close(struct xfer_link *link);

/* Returns @hz, or the device's maximum if that is lower. */
uint32_t xfer_link_speed(const struct xfer_link *link, uint32_t hz);

/*
 * Sends @count parts (1..XFER_MAX_PARTS) as one message, at once, and waits for
 * all. Returns 0 with @result, or a negative errno of spi_front.h, after which
 * the link can only be closed.
 */
int xfer_link_message(struct xfer_link *link,
		      const struct xfer_link_part *parts, unsigned int count,
		      struct xfer_link_result *result);

/*
 * A message that sends @tx_len bytes and then receives @rx_len; either may be
 * 0. Returns as xfer_link_message() does.
 */
int xfer_link_write_read(struct xfer_link *link, const uint8_t *tx,
			 uint32_t tx_len, uint8_t *rx, uint32_t rx_len,
			 struct xfer_link_result *result);

#endif
