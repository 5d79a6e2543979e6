/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A virtio SPI driver in a process: a front end, its memory, and one ring.
 * Requests are those of virtio 1.4, section 5.21.6; several can be in flight.
 *
 * Functions return 0 or a negative errno: those of front_end.h, and what is
 * said below. One thread at a time.
 */
#ifndef SPI_FRONT_H
#define SPI_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_end.h"
#include "vhost/front/front_iommu.h"
#include "vhost/front/front_mem.h"
#include "vhost/front/ring/front_ring.h"
#include "virtio/spi/spi_wire.h"

/*
 * Guest memory is two adjacent regions: a low one, for the buffers of tests
 * that want to cross the border, and one of ->mem_size bytes.
 */
#define SPI_FRONT_LOW_ADDR  UINT64_C(0x100000)
#define SPI_FRONT_HIGH_ADDR UINT64_C(0x200000)

/* Preset in the status byte; a device that leaves it there is noticed. */
#define SPI_FRONT_UNWRITTEN 0xff

struct spi_front_options {
	const char *path;   /* of the socket; NULL: use ->fd */
	int fd;		    /* a connected socket, which is owned */
	uint16_t ring_size; /* descriptors; of a split ring a power of two */
	uint64_t mem_size;  /* bytes, whole pages */
	uint64_t features;  /* wanted besides VIRTIO_F_VERSION_1 */
	uint64_t protocol;  /* protocol features wanted */
	int timeout_ms;	    /* for each answer and each completion */
};

/* Everything this front end knows, a ring of 64 and 16 MiB */
struct spi_front_options spi_front_defaults(const char *path);

struct spi_front_request {
	struct virtio_spi_wire_head head; /* little-endian */
	const uint8_t *tx;		  /* copied at once */
	uint32_t tx_len;		  /* bytes */
	uint8_t *rx;			  /* filled in by spi_front_wait(); */
	uint32_t rx_len;		  /* may be NULL with any length */
};

/*
 * How a request is laid out in descriptors. All zero, as is a NULL: one each
 * for head, tx, rx and status; tx and rx only when there is some.
 */
struct spi_front_framing {
	/*
	 * Lengths of the descriptors of the readable part (head, tx) and of
	 * the writable part (rx, status); may be 0. Bytes that are left over
	 * go into one more. No lengths: as above.
	 */
	const uint32_t *out, *in;
	unsigned int out_count, in_count;

	bool indirect;	     /* use an indirect table ... */
	unsigned int direct; /* ... after this many direct descriptors */

	/* Guest addresses of the two parts; 0: allocated. */
	uint64_t out_addr, in_addr;
};

struct spi_front_result {
	uint8_t status;	   /* enum virtio_spi_status, SPI_FRONT_UNWRITTEN */
	uint32_t used_len; /* of the used element */
};

struct spi_front_slot;

struct spi_front {
	struct front_end fe;
	struct front_mem mem;
	struct front_ring ring;
	struct spi_front_options options;
	struct spi_front_slot *slots;	     /* ring.size of them */
	struct vhost_wire_inflight inflight; /* with INFLIGHT_SHMFD */
	int inflight_fd;		     /* owned; -1: none */
	struct front_iommu iommu;	     /* with ACCESS_PLATFORM */
};

/* Connects and makes memory; sends nothing. */
int spi_front_connect(struct spi_front *sf,
		      const struct spi_front_options *options);

/*
 * Negotiates, shares the memory and starts a ring; with ACCESS_PLATFORM over
 * an IOMMU, which has mapped everything, and tells it when it is asked.
 */
int spi_front_begin(struct spi_front *sf);

/* Both. */
int spi_front_open(struct spi_front *sf,
		   const struct spi_front_options *options);

/*
 * Connects anew, to a daemon that may be another, with the memory, ring and
 * inflight region that are there, in the way of Cloud Hypervisor: the base is
 * the avail index, and what is in flight is left to the region.
 */
int spi_front_reconnect(struct spi_front *sf);

/* Disconnects, without a word, and frees everything. */
void spi_front_close(struct spi_front *sf);

/*
 * Replaces the ring, which must be stopped, by a new one, of the layout that
 * was negotiated, that begins at @base. What was in flight is forgotten.
 * Sends nothing.
 */
int spi_front_new_ring(struct spi_front *sf, uint32_t base);

/* Reads the config space; its fields are little-endian. */
int spi_front_config(struct spi_front *sf, struct virtio_spi_wire_config *cfg);

/*
 * Puts a request in the ring, without showing it to the device. Stores the
 * number to wait for in @id. -ENOSPC: no room in the ring; -ENOMEM: none in
 * guest memory.
 */
int spi_front_add(struct spi_front *sf, const struct spi_front_request *request,
		  const struct spi_front_framing *framing, uint16_t *id);

/* Shows the device what was added, and notifies it. */
void spi_front_flush(struct spi_front *sf);

/* Both for one request. */
int spi_front_submit(struct spi_front *sf,
		     const struct spi_front_request *request,
		     const struct spi_front_framing *framing, uint16_t *id);

/*
 * Waits for request @id, copies its rx bytes, and forgets it. After an error
 * it is still in flight. -EIO: the device gave up the ring.
 */
int spi_front_wait(struct spi_front *sf, uint16_t id,
		   struct spi_front_result *result);

/* Submits and waits. */
int spi_front_transfer(struct spi_front *sf,
		       const struct spi_front_request *request,
		       const struct spi_front_framing *framing,
		       struct spi_front_result *result);

#endif
