/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Virtqueues and feature bits on the wire: virtio 1.4, sections 2.7 and 6.
 * Multi-byte fields are little-endian; convert them where they are read.
 */
#ifndef VIRTIO_WIRE_H
#define VIRTIO_WIRE_H

#include <assert.h>
#include <stdint.h>

/* Bits of the device status (2.1) */
#define VIRTIO_STATUS_DRIVER_OK	  4u
#define VIRTIO_STATUS_FEATURES_OK 8u

/* Feature bits: bit numbers (section 6) */
#define VIRTIO_F_NOTIFY_ON_EMPTY 24 /* legacy, 6.3 */
#define VIRTIO_F_ANY_LAYOUT	 27 /* legacy, 6.3 */
#define VIRTIO_F_INDIRECT_DESC	 28
#define VIRTIO_F_EVENT_IDX	 29
#define VIRTIO_F_VERSION_1	 32
#define VIRTIO_F_ACCESS_PLATFORM 33
#define VIRTIO_F_RING_PACKED	 34
#define VIRTIO_F_IN_ORDER	 35
#define VIRTIO_F_ORDER_PLATFORM	 36

#define VIRTQ_MAX_SIZE		 32768 /* 2.7 */

/* struct virtq_desc.flags (2.7.5) */
#define VIRTQ_DESC_F_NEXT	   1u
#define VIRTQ_DESC_F_WRITE	   2u
#define VIRTQ_DESC_F_INDIRECT	   4u

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1u
#define VIRTQ_USED_F_NO_NOTIFY	   1u

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
static_assert(sizeof(struct virtq_desc) == 16, "spec layout");

/* Followed by a uint16_t used_event when EVENT_IDX is negotiated (2.7.6) */
struct virtq_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};
static_assert(sizeof(struct virtq_avail) == 4, "spec layout");

struct virtq_used_elem {
	uint32_t id;
	uint32_t len;
};
static_assert(sizeof(struct virtq_used_elem) == 8, "spec layout");

/* Followed by a uint16_t avail_event when EVENT_IDX is negotiated (2.7.8) */
struct virtq_used {
	uint16_t flags;
	uint16_t idx;
	struct virtq_used_elem ring[];
};
static_assert(sizeof(struct virtq_used) == 4, "spec layout");

/* struct virtq_packed_desc.flags has these as well (2.8.1) */
#define VIRTQ_PACKED_DESC_F_AVAIL (1u << 7)
#define VIRTQ_PACKED_DESC_F_USED  (1u << 15)

struct virtq_packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id;
	uint16_t flags;
};
static_assert(sizeof(struct virtq_packed_desc) == 16, "spec layout");

/* struct virtq_event_suppress.flags (2.8.10) */
#define VIRTQ_EVENT_FLAGS_ENABLE  0u
#define VIRTQ_EVENT_FLAGS_DISABLE 1u
#define VIRTQ_EVENT_FLAGS_DESC	  2u
#define VIRTQ_EVENT_FLAGS_MASK	  3u

struct virtq_event_suppress {
	uint16_t desc; /* index, and in bit 15 its wrap counter */
	uint16_t flags;
};
static_assert(sizeof(struct virtq_event_suppress) == 4, "spec layout");

#endif
