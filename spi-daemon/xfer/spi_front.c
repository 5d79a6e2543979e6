/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/spi_front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vhost/front/front_setup.h"

#define LOW_SIZE     (SPI_FRONT_HIGH_ADDR - SPI_FRONT_LOW_ADDR)
#define MAX_SEGMENTS 1200
#define HEAD_LEN     sizeof(struct virtio_spi_wire_head)

enum slot_state {
	SLOT_FREE,
	SLOT_IN_FLIGHT,
	SLOT_DONE,
};

struct spi_front_slot {
	enum slot_state state;
	uint16_t head; /* in the ring; its id, if packed */
	uint64_t out_addr, in_addr;
	uint32_t out_len, in_len;
	bool out_ours, in_ours; /* to be freed */
	uint8_t *rx;
	uint32_t used_len;
};

struct spi_front_options spi_front_defaults(const char *path)
{
	return (struct spi_front_options){
		.path = path,
		.ring_size = 64,
		.mem_size = 16 << 20,
		.features = FRONT_BIT(VIRTIO_F_INDIRECT_DESC) |
			    FRONT_BIT(VIRTIO_F_EVENT_IDX),
		.protocol =
			FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) |
			FRONT_BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD) |
			FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
			FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
			FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS) |
			FRONT_BIT(VHOST_USER_PROTOCOL_F_DEVICE_STATE),
		.timeout_ms = 10000,
	};
}

int spi_front_connect(struct spi_front *sf,
		      const struct spi_front_options *options)
{
	int err = 0;

	sf->options = *options;
	sf->slots = NULL;
	sf->inflight_fd = -1;
	sf->ring = (struct front_ring){
		.kick_fd = -1,
		.call_fd = -1,
		.err_fd = -1,
	};
	front_mem_init(&sf->mem);
	front_iommu_init(&sf->iommu);
	if (options->path)
		err = front_end_connect(&sf->fe, options->path,
					options->timeout_ms);
	else
		front_end_adopt(&sf->fe, options->fd, options->timeout_ms);
	if (err)
		return err;
	err = front_mem_add(&sf->mem, SPI_FRONT_LOW_ADDR, LOW_SIZE, 0);
	if (err >= 0)
		err = front_mem_add(&sf->mem, SPI_FRONT_HIGH_ADDR,
				    options->mem_size, LOW_SIZE);
	if (err < 0) {
		spi_front_close(sf);
		return err;
	}
	return 0;
}

/* Gets an inflight region, if there is none yet, and gives it back. */
static int set_inflight(struct spi_front *sf)
{
	int err = 0;

	if (!front_end_has(&sf->fe, VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD))
		return 0;
	if (sf->inflight_fd < 0) {
		sf->inflight = (struct vhost_wire_inflight){
			.num_queues = 1,
			.queue_size = sf->options.ring_size,
		};
		err = front_get_inflight(&sf->fe, &sf->inflight,
					 &sf->inflight_fd);
	}
	if (err)
		return err;
	return front_set_inflight(&sf->fe, &sf->inflight, sf->inflight_fd);
}

/* If the device is behind one */
static int set_iommu(struct spi_front *sf)
{
	int err = 0;

	if (!(sf->fe.features & FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)))
		return 0;
	for (unsigned int i = 0; !err && i < sf->mem.count; i++)
		err = front_mem_scatter(&sf->mem.regions[i]);
	if (err)
		return err;
	return front_iommu_open(&sf->iommu, &sf->fe, &sf->mem);
}

int spi_front_begin(struct spi_front *sf)
{
	const struct spi_front_options *options = &sf->options;
	uint32_t base;
	int err;

	err = front_negotiate(&sf->fe, options->features, options->protocol);
	if (!err)
		err = set_iommu(sf);
	if (!err)
		err = front_share_mem(&sf->fe, &sf->mem);
	base = sf->fe.features & FRONT_BIT(VIRTIO_F_RING_PACKED)
		       ? FRONT_RING_PACKED_BASE
		       : 0;
	if (!err)
		err = set_inflight(sf);
	if (!err)
		err = spi_front_new_ring(sf, base);
	if (!err)
		err = front_start_vring(&sf->fe, 0, &sf->ring, base);
	return err;
}

int spi_front_reconnect(struct spi_front *sf)
{
	const struct spi_front_options *options = &sf->options;
	int err;

	front_end_close(&sf->fe);
	err = front_end_connect(&sf->fe, options->path, options->timeout_ms);
	if (!err)
		err = front_negotiate(&sf->fe, options->features,
				      options->protocol);
	if (!err)
		err = front_share_mem(&sf->fe, &sf->mem);
	if (!err)
		err = set_inflight(sf);
	if (!err)
		err = front_start_vring(&sf->fe, 0, &sf->ring,
					sf->ring.published);
	return err;
}

int spi_front_open(struct spi_front *sf,
		   const struct spi_front_options *options)
{
	int err = spi_front_connect(sf, options);

	if (err)
		return err;
	err = spi_front_begin(sf);
	if (err)
		spi_front_close(sf);
	return err;
}

static void slot_free(struct spi_front *sf, struct spi_front_slot *slot)
{
	if (slot->out_ours)
		front_mem_free(&sf->mem, slot->out_addr, slot->out_len);
	if (slot->in_ours)
		front_mem_free(&sf->mem, slot->in_addr, slot->in_len);
	*slot = (struct spi_front_slot){ .state = SLOT_FREE };
}

static void close_ring(struct spi_front *sf)
{
	for (uint16_t i = 0; sf->slots && i < sf->ring.size; i++)
		slot_free(sf, &sf->slots[i]);
	free(sf->slots);
	sf->slots = NULL;
	front_ring_close(&sf->ring);
}

void spi_front_close(struct spi_front *sf)
{
	front_end_close(&sf->fe);
	front_iommu_close(&sf->iommu);
	if (sf->inflight_fd >= 0)
		close(sf->inflight_fd);
	sf->inflight_fd = -1;
	close_ring(sf);
	front_mem_close(&sf->mem);
}

int spi_front_new_ring(struct spi_front *sf, uint32_t base)
{
	int err;

	close_ring(sf);
	sf->slots = calloc(sf->options.ring_size, sizeof(*sf->slots));
	if (!sf->slots)
		return -ENOMEM;
	err = front_ring_open(&sf->ring, &sf->mem, sf->options.ring_size,
			      sf->fe.features, base);
	if (err) {
		free(sf->slots);
		sf->slots = NULL;
	}
	if (!err && sf->iommu.channel >= 0)
		front_iommu_attach(&sf->iommu, &sf->ring);
	return err;
}

int spi_front_config(struct spi_front *sf, struct virtio_spi_wire_config *cfg)
{
	return front_get_config(&sf->fe, 0, sizeof(*cfg), cfg);
}

/*
 * Cuts @len bytes at @addr into segments of @lens, behind the @count that are
 * there. Returns the new count, or -E2BIG.
 */
static int cut(struct front_segment *segs, int count, uint64_t addr,
	       uint32_t len, const uint32_t *lens, unsigned int lens_count,
	       bool write)
{
	for (unsigned int i = 0; i <= lens_count; i++) {
		uint32_t n = i == lens_count || lens[i] > len ? len : lens[i];

		if (i == lens_count && n == 0)
			break;
		if (count == MAX_SEGMENTS)
			return -E2BIG;
		segs[count++] = (struct front_segment){ addr, n, write };
		addr += n;
		len -= n;
	}
	return count;
}

/* Puts the slot's two parts into the ring. */
static int add_chain(struct spi_front *sf, struct spi_front_slot *slot,
		     const struct spi_front_framing *framing)
{
	uint32_t rx_len = slot->in_len - 1;
	uint32_t head_len = HEAD_LEN;
	const uint32_t *out = framing->out_count ? framing->out : &head_len;
	const uint32_t *in = framing->in_count ? framing->in : &rx_len;
	struct front_segment segs[MAX_SEGMENTS];
	int count;

	count = cut(segs, 0, slot->out_addr, slot->out_len, out,
		    framing->out_count ? framing->out_count : 1, false);
	if (count < 0)
		return count;
	count = cut(segs, count, slot->in_addr, slot->in_len, in,
		    framing->in_count ? framing->in_count : rx_len > 0, true);
	if (count < 0)
		return count;
	return front_ring_add(&sf->ring, segs, count,
			      framing->indirect ? framing->direct
						: (unsigned int)count,
			      &slot->head);
}

/* Allocates the slot's two parts, or takes the places that are given. */
static int slot_place(struct spi_front *sf, struct spi_front_slot *slot,
		      const struct spi_front_framing *framing)
{
	int err = 0;

	slot->out_addr = framing->out_addr;
	slot->in_addr = framing->in_addr;
	if (!slot->out_addr) {
		err = front_mem_alloc(&sf->mem, slot->out_len, &slot->out_addr);
		slot->out_ours = !err;
	}
	if (!err && !slot->in_addr) {
		err = front_mem_alloc(&sf->mem, slot->in_len, &slot->in_addr);
		slot->in_ours = !err;
	}
	return err;
}

static int slot_fill(struct spi_front *sf, struct spi_front_slot *slot,
		     const struct spi_front_request *request)
{
	const uint8_t status = SPI_FRONT_UNWRITTEN;
	int err;

	err = front_mem_write(&sf->mem, slot->out_addr, &request->head,
			      HEAD_LEN);
	if (!err)
		err = front_mem_write(&sf->mem, slot->out_addr + HEAD_LEN,
				      request->tx, request->tx_len);
	if (!err)
		err = front_mem_write(&sf->mem, slot->in_addr + request->rx_len,
				      &status, 1);
	return err;
}

static struct spi_front_slot *slot_find(struct spi_front *sf)
{
	for (uint16_t i = 0; i < sf->ring.size; i++) {
		if (sf->slots[i].state == SLOT_FREE)
			return &sf->slots[i];
	}
	return NULL;
}

int spi_front_add(struct spi_front *sf, const struct spi_front_request *request,
		  const struct spi_front_framing *framing, uint16_t *id)
{
	static const struct spi_front_framing plain;
	struct spi_front_slot *slot = slot_find(sf);
	int err;

	if (!slot)
		return -ENOSPC;
	if (!framing)
		framing = &plain;
	slot->out_len = HEAD_LEN + request->tx_len;
	slot->in_len = request->rx_len + 1;
	slot->rx = request->rx;
	err = slot_place(sf, slot, framing);
	if (!err)
		err = slot_fill(sf, slot, request);
	if (!err)
		err = add_chain(sf, slot, framing);
	if (err) {
		slot_free(sf, slot);
		return err;
	}
	slot->state = SLOT_IN_FLIGHT;
	*id = slot - sf->slots;
	return 0;
}

void spi_front_flush(struct spi_front *sf)
{
	front_ring_publish(&sf->ring);
	front_ring_kick(&sf->ring);
}

int spi_front_submit(struct spi_front *sf,
		     const struct spi_front_request *request,
		     const struct spi_front_framing *framing, uint16_t *id)
{
	int err = spi_front_add(sf, request, framing, id);

	if (!err)
		spi_front_flush(sf);
	return err;
}

/* Takes one used element and marks its slot. */
static int take_one(struct spi_front *sf)
{
	struct virtq_used_elem elem;
	int err = front_ring_take(&sf->ring, &elem);

	if (err)
		return err;
	for (uint16_t i = 0; i < sf->ring.size; i++) {
		struct spi_front_slot *slot = &sf->slots[i];

		if (slot->state == SLOT_IN_FLIGHT && slot->head == elem.id) {
			slot->state = SLOT_DONE;
			slot->used_len = elem.len;
			return 0;
		}
	}
	return -EPROTO;
}

int spi_front_wait(struct spi_front *sf, uint16_t id,
		   struct spi_front_result *result)
{
	struct spi_front_slot *slot = &sf->slots[id];
	uint32_t rx_len = slot->in_len - 1;
	int err;

	while (slot->state == SLOT_IN_FLIGHT) {
		err = front_ring_wait(&sf->ring, sf->fe.fd,
				      sf->options.timeout_ms);
		if (!err)
			err = take_one(sf);
		if (err)
			return err;
	}
	if (slot->state != SLOT_DONE)
		return -EINVAL;
	result->used_len = slot->used_len;
	err = front_mem_read(&sf->mem, slot->in_addr + rx_len, &result->status,
			     1);
	if (!err && slot->rx)
		err = front_mem_read(&sf->mem, slot->in_addr, slot->rx, rx_len);
	slot_free(sf, slot);
	return err;
}

int spi_front_transfer(struct spi_front *sf,
		       const struct spi_front_request *request,
		       const struct spi_front_framing *framing,
		       struct spi_front_result *result)
{
	uint16_t id;
	int err = spi_front_submit(sf, request, framing, &id);

	return err ? err : spi_front_wait(sf, id, result);
}
