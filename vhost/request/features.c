/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Features and the config space. */
#include <string.h>

#include "vhost/request/handlers.h"
#include "virtio/ring/virtio_wire.h"

#define BIT(n) (1ull << (n))

/* A back end of vhost-user, and no legacy device. */
#define ALWAYS_OFFERED \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VHOST_USER_F_PROTOCOL_FEATURES))

/* What the rings and this layer implement. */
static const struct {
	const char *name;
	uint64_t features;
	uint64_t protocol;
} names[] = {
	{ "notify-on-empty", BIT(VIRTIO_F_NOTIFY_ON_EMPTY), 0 },
	{ "any-layout", BIT(VIRTIO_F_ANY_LAYOUT), 0 },
	{ "indirect-desc", BIT(VIRTIO_F_INDIRECT_DESC), 0 },
	{ "event-idx", BIT(VIRTIO_F_EVENT_IDX), 0 },
	{ "access-platform", BIT(VIRTIO_F_ACCESS_PLATFORM), 0 },
	{ "ring-packed", BIT(VIRTIO_F_RING_PACKED), 0 },
	{ "in-order", BIT(VIRTIO_F_IN_ORDER), 0 },
	{ "order-platform", BIT(VIRTIO_F_ORDER_PLATFORM), 0 },
	{ "log-all", BIT(VHOST_F_LOG_ALL), 0 },
	{ "mq", 0, BIT(VHOST_USER_PROTOCOL_F_MQ) },
	{ "log-shmfd", 0, BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD) },
	{ "reply-ack", 0, BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) },
	{ "backend-req", 0, BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) },
	{ "config", 0, BIT(VHOST_USER_PROTOCOL_F_CONFIG) },
	{ "inflight-shmfd", 0, BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD) },
	{ "reset-device", 0, BIT(VHOST_USER_PROTOCOL_F_RESET_DEVICE) },
	{ "mem-slots", 0, BIT(VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS) },
	{ "status", 0, BIT(VHOST_USER_PROTOCOL_F_STATUS) },
	{ "device-state", 0, BIT(VHOST_USER_PROTOCOL_F_DEVICE_STATE) },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

bool vhost_feature_find(const char *name, struct vhost_feature_set *set)
{
	for (size_t i = 0; i < NAMES; i++) {
		if (strcmp(names[i].name, name))
			continue;
		set->features |= names[i].features;
		set->protocol |= names[i].protocol;
		return true;
	}
	return false;
}

const char *vhost_feature_name(unsigned int index)
{
	return index < NAMES ? names[index].name : NULL;
}

struct vhost_feature_set vhost_features_supported(void)
{
	struct vhost_feature_set set = { 0 };

	for (size_t i = 0; i < NAMES; i++) {
		set.features |= names[i].features;
		set.protocol |= names[i].protocol;
	}
	return set;
}

static int reply_u64(struct vhost_session *s, uint64_t value)
{
	s->reply.u64 = value;
	s->reply_size = sizeof(s->reply.u64);
	return 0;
}

uint64_t vhost_session_offered(const struct vhost_session *s)
{
	return s->device->offered.features | ALWAYS_OFFERED;
}

int vhost_get_features(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	return reply_u64(s, vhost_session_offered(s));
}

int vhost_set_features(struct vhost_session *s, struct vhost_msg *msg)
{
	uint64_t features = msg->payload.u64;
	uint64_t alien = features & ~vhost_session_offered(s);

	if (alien)
		return vhost_refuse(s, "features 0x%llx were not offered",
				    (unsigned long long)alien);
	s->features = features;
	vhost_switch_translation(s);
	/* The features may change while rings run. */
	vhost_switch_log(s);
	/* Without SET_VRING_ENABLE rings are enabled from the start. */
	if (!(features & BIT(VHOST_USER_F_PROTOCOL_FEATURES)))
		vhost_enable_all_rings(s, true);
	return 0;
}

int vhost_get_protocol_features(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	return reply_u64(s, s->device->offered.protocol);
}

/* Drops what was set up by means of these protocol features. */
static void drop_protocol_features(struct vhost_session *s, uint64_t features)
{
	if (features & BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ))
		vhost_translation_close_channel(&s->translation);
	if (features & BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD))
		vhost_drop_log(s);
	if (features & BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD))
		vhost_drop_inflight(s);
	if (features & BIT(VHOST_USER_PROTOCOL_F_DEVICE_STATE))
		vhost_state_drop(&s->state);
}

int vhost_set_protocol_features(struct vhost_session *s, struct vhost_msg *msg)
{
	uint64_t alien = msg->payload.u64 & ~s->device->offered.protocol;

	if (alien)
		return vhost_refuse(s, "features 0x%llx were not offered",
				    (unsigned long long)alien);
	drop_protocol_features(s, s->protocol_features & ~msg->payload.u64);
	s->protocol_features = msg->payload.u64;
	s->translation.channel_is_new = false;
	return 0;
}

int vhost_get_queue_num(struct vhost_session *s, struct vhost_msg *msg)
{
	(void)msg;
	return reply_u64(s, s->device->ring_count);
}

/* Checks the range of a config message, and that its payload is as long. */
static int check_config(struct vhost_session *s, const struct vhost_msg *msg)
{
	const struct vhost_wire_config *c = &msg->payload.config;

	if (c->offset > VHOST_USER_CONFIG_MAX ||
	    c->size > VHOST_USER_CONFIG_MAX - c->offset)
		return vhost_refuse(s, "no config at offset %u, size %u",
				    c->offset, c->size);
	if (msg->header.size != VHOST_WIRE_CONFIG_HEAD + c->size)
		return vhost_refuse(s, "%u config bytes in a payload of %u",
				    c->size, msg->header.size);
	return 0;
}

/*
 * Copies config bytes from @offset on. Zeros follow the device's own, because
 * some front ends end their guest when a read is refused.
 */
static void copy_config(const struct vhost_device *device, uint32_t offset,
			uint8_t *to, uint32_t size)
{
	uint8_t whole[VHOST_USER_CONFIG_MAX] = { 0 };

	if (device->config_size)
		memcpy(whole, device->config, device->config_size);
	memcpy(to, whole + offset, size);
}

int vhost_get_config(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_config *c = &msg->payload.config;
	int ret = check_config(s, msg);

	if (ret < 0)
		return ret;
	s->reply.config.offset = c->offset;
	s->reply.config.size = c->size;
	s->reply.config.flags = c->flags;
	copy_config(s->device, c->offset, s->reply.config.data, c->size);
	s->reply_size = (uint32_t)VHOST_WIRE_CONFIG_HEAD + c->size;
	return 0;
}

/* The config space is read-only. A migration may write what it contains. */
int vhost_set_config(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_config *c = &msg->payload.config;
	uint8_t ours[VHOST_USER_CONFIG_MAX];
	int ret = check_config(s, msg);

	if (ret < 0)
		return ret;
	copy_config(s->device, c->offset, ours, c->size);
	if (!c->flags || memcmp(ours, c->data, c->size))
		return vhost_refuse(s, "the config space is read-only");
	return 0;
}
