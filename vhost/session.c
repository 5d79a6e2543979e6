/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "vhost/request/handlers.h"
#include "vhost/wire/requests.h"

/* Where a request carries its ring index. */
enum ring_index {
	RING_NONE,
	RING_U32, /* the payload's first u32 */
	RING_U8,  /* the low 8 bits of the payload's u64 */
};

/*
 * One row for each request that is served, and for each that is refused but has
 * a reply of its own, and so must be answered.
 */
struct row {
	int (*handle)(struct vhost_session *s, struct vhost_msg *msg);
	uint32_t size; /* of the payload, bytes; LONGER: at least */
	uint8_t fds;   /* descriptors, at most */
	enum ring_index ring;
	unsigned int flags;
	uint64_t protocol; /* protocol feature that it needs */
};

#define LONGER		      1u  /* the payload may be longer than ->size */
#define ENABLE		      2u  /* needs VHOST_USER_F_PROTOCOL_FEATURES */
#define STATE_ERROR	      4u  /* an error's reply is a number */
#define ACKED		      8u  /* acknowledged even if not asked for */
#define PLATFORM	      16u /* needs VIRTIO_F_ACCESS_PLATFORM */

#define NONE		      0
#define NEEDS(feature)	      (1ull << VHOST_USER_PROTOCOL_F_##feature)
#define U64		      sizeof(uint64_t)
#define STATE		      sizeof(struct vhost_wire_vring_state)
#define ADDR		      sizeof(struct vhost_wire_vring_addr)
#define TABLE		      offsetof(struct vhost_wire_mem_table, regions)
#define LOG		      sizeof(struct vhost_wire_log)
#define TRANSFER	      sizeof(struct vhost_wire_state_transfer)
#define REGION		      sizeof(struct vhost_wire_mem_reg)
#define IOTLB		      sizeof(struct vhost_wire_iotlb)
#define CONFIG_HEAD	      VHOST_WIRE_CONFIG_HEAD
#define INFLIGHT	      VHOST_WIRE_INFLIGHT_LEAST

#define ROW(id, handler, ...) [VHOST_USER_##id] = { handler, __VA_ARGS__ }

static int unsupported(struct vhost_session *s, struct vhost_msg *msg)
{
	return vhost_refuse(s, "number %u is not supported",
			    msg->header.request);
}

/* clang-format off */
#define REFUSED(id) \
	ROW(id, unsupported, 0, 0, RING_NONE, LONGER, NONE)

static const struct row rows[] = {
	/* request, handler,
	 *	payload, descriptors, ring index, flags, protocol feature */
	ROW(GET_FEATURES, vhost_get_features,
		0, 0, RING_NONE, 0, NONE),
	ROW(SET_FEATURES, vhost_set_features,
		U64, 0, RING_NONE, 0, NONE),
	ROW(SET_OWNER, vhost_set_owner,
		0, 0, RING_NONE, 0, NONE),
	ROW(RESET_OWNER, vhost_reset_owner,
		0, 0, RING_NONE, 0, NONE),
	ROW(SET_MEM_TABLE, vhost_set_mem_table,
		TABLE, VHOST_USER_MAX_FDS, RING_NONE, LONGER, NONE),
	ROW(SET_LOG_BASE, vhost_set_log_base,
		LOG, 1, RING_NONE, 0, NEEDS(LOG_SHMFD)),
	ROW(SET_LOG_FD, vhost_set_log_fd,
		0, 1, RING_NONE, 0, NONE),
	ROW(SET_VRING_NUM, vhost_set_vring_num,
		STATE, 0, RING_U32, 0, NONE),
	ROW(SET_VRING_ADDR, vhost_set_vring_addr,
		ADDR, 0, RING_U32, 0, NONE),
	ROW(SET_VRING_BASE, vhost_set_vring_base,
		STATE, 0, RING_U32, 0, NONE),
	ROW(GET_VRING_BASE, vhost_get_vring_base,
		STATE, 0, RING_U32, 0, NONE),
	ROW(SET_VRING_KICK, vhost_set_vring_kick,
		U64, 1, RING_U8, 0, NONE),
	ROW(SET_VRING_CALL, vhost_set_vring_call,
		U64, 1, RING_U8, 0, NONE),
	ROW(SET_VRING_ERR, vhost_set_vring_err,
		U64, 1, RING_U8, 0, NONE),
	ROW(GET_PROTOCOL_FEATURES, vhost_get_protocol_features,
		0, 0, RING_NONE, 0, NONE),
	ROW(SET_PROTOCOL_FEATURES, vhost_set_protocol_features,
		U64, 0, RING_NONE, 0, NONE),
	ROW(GET_QUEUE_NUM, vhost_get_queue_num,
		0, 0, RING_NONE, 0, NEEDS(MQ)),
	ROW(SET_VRING_ENABLE, vhost_set_vring_enable,
		STATE, 0, RING_U32, ENABLE, NONE),
	ROW(SET_BACKEND_REQ_FD, vhost_set_backend_req_fd,
		0, 1, RING_NONE, 0, NEEDS(BACKEND_REQ)),
	ROW(IOTLB_MSG, vhost_iotlb_msg,
		IOTLB, 0, RING_NONE, ACKED | PLATFORM, NONE),
	ROW(GET_CONFIG, vhost_get_config,
		CONFIG_HEAD, 0, RING_NONE, LONGER, NEEDS(CONFIG)),
	ROW(SET_CONFIG, vhost_set_config,
		CONFIG_HEAD, 0, RING_NONE, LONGER, NEEDS(CONFIG)),
	REFUSED(CREATE_CRYPTO_SESSION),
	REFUSED(POSTCOPY_ADVISE),
	REFUSED(POSTCOPY_END),
	ROW(GET_INFLIGHT_FD, vhost_get_inflight_fd,
		INFLIGHT, 0, RING_NONE, LONGER, NEEDS(INFLIGHT_SHMFD)),
	ROW(SET_INFLIGHT_FD, vhost_set_inflight_fd,
		INFLIGHT, 1, RING_NONE, LONGER, NEEDS(INFLIGHT_SHMFD)),
	ROW(RESET_DEVICE, vhost_reset_device,
		0, 0, RING_NONE, 0, NEEDS(RESET_DEVICE)),
	ROW(GET_MAX_MEM_SLOTS, vhost_get_max_mem_slots,
		0, 0, RING_NONE, 0, NEEDS(CONFIGURE_MEM_SLOTS)),
	ROW(ADD_MEM_REG, vhost_add_mem_reg,
		REGION, 1, RING_NONE, 0, NEEDS(CONFIGURE_MEM_SLOTS)),
	ROW(REM_MEM_REG, vhost_rem_mem_reg,
		REGION, 1, RING_NONE, 0, NEEDS(CONFIGURE_MEM_SLOTS)),
	ROW(SET_STATUS, vhost_set_status,
		U64, 0, RING_NONE, 0, NEEDS(STATUS)),
	ROW(GET_STATUS, vhost_get_status,
		0, 0, RING_NONE, 0, NEEDS(STATUS)),
	REFUSED(GET_SHARED_OBJECT),
	ROW(SET_DEVICE_STATE_FD, vhost_set_device_state_fd,
		TRANSFER, 1, RING_NONE, STATE_ERROR,
		NEEDS(DEVICE_STATE)),
	ROW(CHECK_DEVICE_STATE, vhost_check_device_state,
		0, 0, RING_NONE, STATE_ERROR, NEEDS(DEVICE_STATE)),
	REFUSED(GET_SHMEM_CONFIG),
	REFUSED(GET_VRING_BASE_SKIP_DRAIN),
};
/* clang-format on */

static const struct row unknown = {
	.handle = unsupported,
	.flags = LONGER,
};

static const struct row *find_row(uint32_t request)
{
	if (request < sizeof(rows) / sizeof(rows[0]) && rows[request].handle)
		return &rows[request];
	return &unknown;
}

static int check_ring(struct vhost_session *s, const struct vhost_msg *msg,
		      const struct row *row)
{
	uint64_t index = 0;

	if (row->ring == RING_U32)
		index = msg->payload.state.index;
	else if (row->ring == RING_U8)
		index = msg->payload.u64 & VHOST_USER_VRING_INDEX_MASK;

	if (index >= s->device->ring_count)
		return vhost_refuse(s, "there is no ring %llu",
				    (unsigned long long)index);
	return 0;
}

/* Checks what the table says of the request. */
static int check(struct vhost_session *s, const struct vhost_msg *msg,
		 const struct row *row)
{
	const uint64_t enable_feature = 1ull << VHOST_USER_F_PROTOCOL_FEATURES;
	const struct vhost_wire_header *h = &msg->header;

	if ((h->flags & VHOST_USER_VERSION_MASK) != VHOST_USER_VERSION ||
	    h->flags & VHOST_USER_REPLY)
		return vhost_refuse(s, "flags 0x%x", h->flags);
	if ((row->protocol && !(s->protocol_features & row->protocol)) ||
	    (row->flags & ENABLE && !(s->features & enable_feature)) ||
	    (row->flags & PLATFORM && !s->mem.iotlb))
		return vhost_refuse(s, "its feature was not negotiated");
	if (h->size < row->size || msg->too_long ||
	    (h->size > row->size && !(row->flags & LONGER)))
		return vhost_refuse(s, "a payload of %u bytes", h->size);
	if (msg->fds_lost)
		return vhost_refuse(s, "too many descriptors, or we have none "
				       "left for them");
	if (msg->fd_count > row->fds)
		return vhost_refuse(s, "too many descriptors");
	return check_ring(s, msg, row);
}

/* Answers a request whose handler returned @ret, if it has an answer. */
static int answer(struct vhost_session *s, const struct vhost_msg *msg,
		  const struct row *row, int ret)
{
	const uint64_t ack_wanted = 1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK;
	uint64_t ack = ret < 0;

	if (ret < 0 && row->flags & STATE_ERROR) {
		s->reply.u64 = VHOST_USER_STATE_ERROR | VHOST_USER_STATE_NO_FD;
		s->reply_size = sizeof(s->reply.u64);
		ret = 0;
	}
	/* In the protocol an empty reply is an error. */
	if (vhost_request_has_reply(msg->header.request, s->protocol_features))
		return vhost_sock_reply_fd(&s->sock, msg->header.request,
					   &s->reply,
					   ret < 0 ? 0 : s->reply_size,
					   ret < 0 ? -1 : s->reply_fd);
	if (!(row->flags & ACKED) &&
	    (!(msg->header.flags & VHOST_USER_NEED_REPLY) ||
	     !(s->protocol_features & ack_wanted)))
		return 0;
	return vhost_sock_reply(&s->sock, msg->header.request, &ack,
				sizeof(ack));
}

int vhost_session_handle(struct vhost_session *s)
{
	struct vhost_msg *msg = &s->sock.msg;
	const struct row *row;
	int ret;

	vhost_reason_clear(&s->reason);
	ret = vhost_sock_recv(&s->sock);
	if (ret <= 0)
		return ret;

	row = find_row(msg->header.request);
	ret = check(s, msg, row);
	if (!ret)
		ret = row->handle(s, msg);
	if (ret < 0) {
		vhost_reason_prefix(&s->reason, "%s refused",
				    vhost_request_name(msg->header.request));
		s->refused++;
	}

	ret = answer(s, msg, row, ret);
	vhost_close_fd(&s->reply_fd);
	vhost_sock_next(&s->sock);
	return ret < 0 ? ret : 1;
}

bool vhost_session_is_over(const struct vhost_session *s)
{
	struct pollfd fd = { .fd = s->sock.fd };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

void vhost_session_init(struct vhost_session *s,
			const struct vhost_device *device, int fd,
			struct wait_set *waits)
{
	*s = (struct vhost_session){
		.device = device,
		.waits = waits,
		.reply_fd = -1,
	};
	vhost_sock_init(&s->sock, fd);
	guest_mem_init(&s->mem);
	vhost_inflight_area_init(&s->inflight);
	s->mem.also = &s->inflight.mem;
	vhost_translation_init(&s->translation);
	vhost_page_log_init(&s->log);
	vhost_state_init(&s->state, waits);
	for (unsigned int i = 0; i < device->ring_count; i++)
		vhost_ring_init(&s->rings[i], waits);
}

void vhost_session_fini(struct vhost_session *s)
{
	vhost_drop_device(s);
	vhost_translation_close_channel(&s->translation);
	wait_set_forget(s->waits, s->sock.fd);
	vhost_sock_fini(&s->sock);
}
