/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/link/xfer_link.h"

#include <endian.h>
#include <errno.h>

#include "vhost/front/front_setup.h"

#define DEFAULT_SPEED_HZ 1000000

static int open_front(struct spi_front *sf,
		      const struct xfer_link_options *options, uint64_t bytes)
{
	struct spi_front_options front =
		spi_front_defaults(options->socket_path);
	int err;

	bytes += 1 << 20; /* ring, heads, status bytes, rounding */
	/* head, tx, rx, status of every part, all in flight */
	front.ring_size = 4 * XFER_MAX_PARTS;
	front.mem_size = (bytes + FRONT_MEM_PAGE - 1) & -FRONT_MEM_PAGE;
	front.timeout_ms = options->timeout_ms;
	if (options->packed)
		front.features |= FRONT_BIT(VIRTIO_F_RING_PACKED);
	err = spi_front_open(sf, &front);
	/* Who asks for it wants no other. */
	if (!err && options->packed && !sf->ring.packed) {
		spi_front_close(sf);
		err = -EPROTONOSUPPORT;
	}
	return err;
}

int xfer_link_open(struct xfer_link *link,
		   const struct xfer_link_options *options, uint64_t bytes)
{
	int err = open_front(&link->front, options, bytes);

	if (err)
		return err;
	link->config = (struct virtio_spi_wire_config){ 0 };
	link->head = options->head;
	link->cs_change = options->cs_change;
	if (front_end_has(&link->front.fe, VHOST_USER_PROTOCOL_F_CONFIG)) {
		err = spi_front_config(&link->front, &link->config);
		if (err) {
			xfer_link_close(link);
			return err;
		}
	}
	if (!options->speed_given)
		link->head.freq =
			htole32(xfer_link_speed(link, DEFAULT_SPEED_HZ));
	return 0;
}

void xfer_link_close(struct xfer_link *link)
{
	spi_front_close(&link->front);
}

uint32_t xfer_link_speed(const struct xfer_link *link, uint32_t hz)
{
	uint32_t max = le32toh(link->config.max_freq_hz);

	return max && hz > max ? max : hz;
}

uint8_t xfer_cs_change_of(const struct xfer_cs_change *cs_change,
			  unsigned int part, unsigned int count)
{
	bool last = part + 1 == count;

	if (cs_change->way != XFER_CS_LIST)
		return last == (cs_change->way == XFER_CS_SPEC);
	if (part >= cs_change->count)
		part = cs_change->count - 1;
	return cs_change->list[part];
}

/*
 * All parts are sent at once: a chip is not held longer than its message takes,
 * however slowly this process is scheduled.
 */
static int submit(struct xfer_link *link, const struct xfer_link_part *parts,
		  unsigned int count, uint16_t *ids)
{
	for (unsigned int i = 0; i < count; i++) {
		struct spi_front_request request = {
			.head = link->head,
			.tx = parts[i].tx,
			.tx_len = parts[i].tx_len,
			.rx = parts[i].rx,
			.rx_len = parts[i].rx_len,
		};
		int err;

		request.head.cs_change =
			xfer_cs_change_of(&link->cs_change, i, count);
		err = spi_front_add(&link->front, &request, NULL, &ids[i]);
		if (err)
			return err;
	}
	spi_front_flush(&link->front);
	return 0;
}

int xfer_link_message(struct xfer_link *link,
		      const struct xfer_link_part *parts, unsigned int count,
		      struct xfer_link_result *result)
{
	uint16_t ids[XFER_MAX_PARTS];
	int err = submit(link, parts, count, ids);

	result->part = count;
	result->status = VIRTIO_SPI_TRANS_OK;
	for (unsigned int i = 0; !err && i < count; i++) {
		struct spi_front_result one;

		err = spi_front_wait(&link->front, ids[i], &one);
		if (!err && one.status != VIRTIO_SPI_TRANS_OK &&
		    result->part == count) {
			result->part = i;
			result->status = one.status;
		}
	}
	return err;
}

int xfer_link_write_read(struct xfer_link *link, const uint8_t *tx,
			 uint32_t tx_len, uint8_t *rx, uint32_t rx_len,
			 struct xfer_link_result *result)
{
	struct xfer_link_part parts[2];
	unsigned int count = 0;

	if (tx_len > 0)
		parts[count++] =
			(struct xfer_link_part){ .tx = tx, .tx_len = tx_len };
	if (rx_len > 0)
		parts[count++] =
			(struct xfer_link_part){ .rx = rx, .rx_len = rx_len };
	return xfer_link_message(link, parts, count, result);
}
