/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * vhost-user messages on the wire: QEMU's docs/interop/vhost-user.rst.
 * Everything is in host byte order, as the document says.
 */
#ifndef VHOST_WIRE_H
#define VHOST_WIRE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum vhost_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_RESET_OWNER = 4,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_LOG_BASE = 6,
	VHOST_USER_SET_LOG_FD = 7,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_GET_VRING_BASE = 11,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_SET_VRING_ERR = 14,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_GET_QUEUE_NUM = 17,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_SEND_RARP = 19,
	VHOST_USER_NET_SET_MTU = 20,
	VHOST_USER_SET_BACKEND_REQ_FD = 21,
	VHOST_USER_IOTLB_MSG = 22,
	VHOST_USER_SET_VRING_ENDIAN = 23,
	VHOST_USER_GET_CONFIG = 24,
	VHOST_USER_SET_CONFIG = 25,
	VHOST_USER_CREATE_CRYPTO_SESSION = 26,
	VHOST_USER_CLOSE_CRYPTO_SESSION = 27,
	VHOST_USER_POSTCOPY_ADVISE = 28,
	VHOST_USER_POSTCOPY_LISTEN = 29,
	VHOST_USER_POSTCOPY_END = 30,
	VHOST_USER_GET_INFLIGHT_FD = 31,
	VHOST_USER_SET_INFLIGHT_FD = 32,
	VHOST_USER_GPU_SET_SOCKET = 33,
	VHOST_USER_RESET_DEVICE = 34,
	VHOST_USER_VRING_KICK = 35,
	VHOST_USER_GET_MAX_MEM_SLOTS = 36,
	VHOST_USER_ADD_MEM_REG = 37,
	VHOST_USER_REM_MEM_REG = 38,
	VHOST_USER_SET_STATUS = 39,
	VHOST_USER_GET_STATUS = 40,
	VHOST_USER_GET_SHARED_OBJECT = 41,
	VHOST_USER_SET_DEVICE_STATE_FD = 42,
	VHOST_USER_CHECK_DEVICE_STATE = 43,
	VHOST_USER_GET_SHMEM_CONFIG = 44,
	VHOST_USER_GET_VRING_BASE_SKIP_DRAIN = 45,
};

/* What we ask of the front end, over SET_BACKEND_REQ_FD's socket */
#define VHOST_USER_BACKEND_IOTLB_MSG 1

/* The flags of a header */
#define VHOST_USER_VERSION	0x1u
#define VHOST_USER_VERSION_MASK 0x3u
#define VHOST_USER_REPLY	(1u << 2)
#define VHOST_USER_NEED_REPLY	(1u << 3)

/* Protocol features: bit numbers */
#define VHOST_USER_PROTOCOL_F_MQ		  0
#define VHOST_USER_PROTOCOL_F_LOG_SHMFD		  1
#define VHOST_USER_PROTOCOL_F_REPLY_ACK		  3
#define VHOST_USER_PROTOCOL_F_BACKEND_REQ	  5
#define VHOST_USER_PROTOCOL_F_CONFIG		  9
#define VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD	  12
#define VHOST_USER_PROTOCOL_F_RESET_DEVICE	  13
#define VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS 15
#define VHOST_USER_PROTOCOL_F_STATUS		  16
#define VHOST_USER_PROTOCOL_F_DEVICE_STATE	  19

/* Virtio feature bits that vhost-user itself deals with: bit numbers */
#define VHOST_F_LOG_ALL		       26
#define VHOST_USER_F_PROTOCOL_FEATURES 30

struct vhost_wire_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload, bytes */
};
static_assert(sizeof(struct vhost_wire_header) == 12, "protocol layout");

struct vhost_wire_vring_state {
	uint32_t index;
	uint32_t num;
};
static_assert(sizeof(struct vhost_wire_vring_state) == 8, "protocol layout");

struct vhost_wire_vring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc; /* front-end user addresses */
	uint64_t used;
	uint64_t avail;
	uint64_t log; /* guest address for logging */
};
static_assert(sizeof(struct vhost_wire_vring_addr) == 40, "protocol layout");

#define VHOST_VRING_F_LOG 0 /* bit number in ->flags: ->log is valid */

/* The u64 of SET_VRING_KICK, _CALL and _ERR */
#define VHOST_USER_VRING_INDEX_MASK 0xffu
#define VHOST_USER_VRING_NOFD	    (1u << 8)

struct vhost_wire_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint64_t mmap_offset;
};
static_assert(sizeof(struct vhost_wire_region) == 32, "protocol layout");

#define VHOST_USER_MAX_FDS 8 /* regions of SET_MEM_TABLE, and fds */

struct vhost_wire_mem_table {
	uint32_t count;
	uint32_t padding;
	struct vhost_wire_region regions[VHOST_USER_MAX_FDS];
};
static_assert(sizeof(struct vhost_wire_mem_table) == 264, "protocol layout");

struct vhost_wire_mem_reg {
	uint64_t padding;
	struct vhost_wire_region region;
};
static_assert(sizeof(struct vhost_wire_mem_reg) == 40, "protocol layout");

#define VHOST_USER_CONFIG_MAX 256

struct vhost_wire_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t data[VHOST_USER_CONFIG_MAX];
};
#define VHOST_WIRE_CONFIG_HEAD offsetof(struct vhost_wire_config, data)
static_assert(VHOST_WIRE_CONFIG_HEAD == 12, "protocol layout");

struct vhost_wire_inflight {
	uint64_t mmap_size;
	uint64_t mmap_offset;
	uint16_t num_queues;
	uint16_t queue_size;
	uint32_t padding; /* QEMU and others send it, the document has none */
};
#define VHOST_WIRE_INFLIGHT_LEAST offsetof(struct vhost_wire_inflight, padding)
static_assert(sizeof(struct vhost_wire_inflight) == 24, "protocol layout");
struct vhost_wire_log {
	uint64_t size; /* bytes */
	uint64_t offset;
};
static_assert(sizeof(struct vhost_wire_log) == 16, "protocol layout");

/* SET_DEVICE_STATE_FD */
struct vhost_wire_state_transfer {
	uint32_t direction;
	uint32_t phase;
};
static_assert(sizeof(struct vhost_wire_state_transfer) == 8, "protocol layout");

#define VHOST_USER_STATE_SAVE	 0u
#define VHOST_USER_STATE_LOAD	 1u
#define VHOST_USER_STATE_STOPPED 0u /* the one phase there is */

/* The u64 in reply: an error in the low bits, and that no descriptor comes. */
#define VHOST_USER_STATE_ERROR 0xffu
#define VHOST_USER_STATE_NO_FD (1u << 8)

/* IOTLB_MSG, either way */
struct vhost_wire_iotlb {
	uint64_t iova;
	uint64_t size; /* bytes */
	uint64_t user_addr;
	uint8_t access; /* VHOST_ACCESS_... bits */
	uint8_t type;
	uint8_t padding[6];
};
static_assert(sizeof(struct vhost_wire_iotlb) == 32, "protocol layout");

#define VHOST_ACCESS_RO	       1u
#define VHOST_ACCESS_WO	       2u
#define VHOST_ACCESS_RW	       3u

#define VHOST_IOTLB_MISS       1u
#define VHOST_IOTLB_UPDATE     2u
#define VHOST_IOTLB_INVALIDATE 3u

union vhost_wire_payload {
	uint64_t u64;
	struct vhost_wire_vring_state state;
	struct vhost_wire_vring_addr addr;
	struct vhost_wire_mem_table mem_table;
	struct vhost_wire_mem_reg mem_reg;
	struct vhost_wire_config config;
	struct vhost_wire_inflight inflight;
	struct vhost_wire_log log;
	struct vhost_wire_state_transfer transfer;
	struct vhost_wire_iotlb iotlb;
};

#endif
