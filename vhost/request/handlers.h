/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The handlers of the request table, by subject. Each gets a message whose
 * size, descriptors, ring index and features the table's row has checked.
 * It returns 0, or a negative errno with a reason.
 */
#ifndef VHOST_HANDLERS_H
#define VHOST_HANDLERS_H

#include "vhost/session_rings.h"

/* Leaves a reason for the refusal; is -EINVAL. */
#define vhost_refuse(s, ...) vhost_reason_set(&(s)->reason, __VA_ARGS__)

/* features.c */
int vhost_get_features(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_features(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_protocol_features(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_protocol_features(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_queue_num(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_config(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_config(struct vhost_session *s, struct vhost_msg *msg);

/* owner.c */
int vhost_set_owner(struct vhost_session *s, struct vhost_msg *msg);
int vhost_reset_owner(struct vhost_session *s, struct vhost_msg *msg);
int vhost_reset_device(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_status(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_status(struct vhost_session *s, struct vhost_msg *msg);

/*
 * Drops all that the driver and its front end set up, guest memory included;
 * running rings are drained and stopped first. The connection, the protocol
 * features and the back-end channel stay.
 */
void vhost_drop_device(struct vhost_session *s);

/* mem.c */
int vhost_set_mem_table(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_max_mem_slots(struct vhost_session *s, struct vhost_msg *msg);
int vhost_add_mem_reg(struct vhost_session *s, struct vhost_msg *msg);
int vhost_rem_mem_reg(struct vhost_session *s, struct vhost_msg *msg);

/* vrings.c */
int vhost_set_vring_num(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_addr(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_vring_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_kick(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_call(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_err(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_enable(struct vhost_session *s, struct vhost_msg *msg);

/* iotlb.c */
int vhost_set_backend_req_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_iotlb_msg(struct vhost_session *s, struct vhost_msg *msg);

/* log.c */
int vhost_set_log_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_log_fd(struct vhost_session *s, struct vhost_msg *msg);

/* inflight.c */
int vhost_get_inflight_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_inflight_fd(struct vhost_session *s, struct vhost_msg *msg);

/* state.c */
int vhost_set_device_state_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_check_device_state(struct vhost_session *s, struct vhost_msg *msg);

#endif
