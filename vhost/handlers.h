/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The handlers of the request table, by subject. Each gets a message whose
 * size, descriptors, ring index and features the table's row has checked.
 * It returns 0, or a negative errno with a reason from vhost_refuse().
 */
#ifndef VHOST_HANDLERS_H
#define VHOST_HANDLERS_H

#include "vhost/session.h"

/* Leaves a reason for the refusal; returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int
vhost_refuse(struct vhost_session *session, const char *format, ...);

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

/* device_state.c */
int vhost_set_device_state_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_check_device_state(struct vhost_session *s, struct vhost_msg *msg);

/* Ends a transfer of the device's state, if there is one. */
void vhost_drop_state(struct vhost_session *s);

/* page_log.c */
int vhost_set_log_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_log_fd(struct vhost_session *s, struct vhost_msg *msg);

/* Unmaps the log, if there is one. */
void vhost_drop_log(struct vhost_session *s);

/* Logs from now on, or not: the features or the log have changed. */
void vhost_log_switch(struct vhost_session *s);

/* mem.c */
int vhost_set_mem_table(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_max_mem_slots(struct vhost_session *s, struct vhost_msg *msg);
int vhost_add_mem_reg(struct vhost_session *s, struct vhost_msg *msg);
int vhost_rem_mem_reg(struct vhost_session *s, struct vhost_msg *msg);

/* translation.c */
int vhost_set_backend_req_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_iotlb_msg(struct vhost_session *s, struct vhost_msg *msg);

/* Closes the back-end channel, if there is one; */
void vhost_translation_drop_channel(struct vhost_session *s);

/* only one that came before the last SET_PROTOCOL_FEATURES. */
void vhost_translation_keep_new_channel(struct vhost_session *s);

/* Translates from now on, or not: the features have changed. */
void vhost_translation_switch(struct vhost_session *s);

/* Forgets what was translated, as nobody will say what becomes of it. */
void vhost_translation_clear(struct vhost_session *s);

/* Asks the front end, once, for the translations of @count addresses. */
void vhost_translation_want(struct vhost_session *s,
			    const struct iotlb_miss *misses,
			    unsigned int count);

/*
 * Is anything of the chain not reachable for want of a translation? Then the
 * front end is asked.
 */
bool vhost_translation_lacks(struct vhost_session *s,
			     const struct chain *chain);

/* inflight_fd.c */
int vhost_get_inflight_fd(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_inflight_fd(struct vhost_session *s, struct vhost_msg *msg);

/* Unmaps the inflight region, if there is one: no ring is tracked any more. */
void vhost_drop_inflight(struct vhost_session *s);

/*
 * The ring's @vring is about to start at *@base: tracks it, if there is room
 * for it in the inflight region, and recovers what that tells of it. Returns
 * NULL, or why it cannot start.
 */
const char *vhost_track_ring(struct vhost_session *s, struct vhost_ring *ring,
			     const struct vring *vring, uint32_t *base);

/* vrings.c */
int vhost_set_vring_num(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_addr(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_get_vring_base(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_kick(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_call(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_err(struct vhost_session *s, struct vhost_msg *msg);
int vhost_set_vring_enable(struct vhost_session *s, struct vhost_msg *msg);

/* Ends the requests of an active ring. */
void vhost_quiesce_ring(struct vhost_session *s, const struct vhost_ring *ring);

/* Makes all rings ready for use, or not; an active one is quiesced first. */
void vhost_enable_all_rings(struct vhost_session *s, bool enable);

/* Stops and disables all rings, and forgets where they stopped. */
void vhost_reset_rings(struct vhost_session *s);

/* ring_place.c */

/* What the driver acked, as a ring sees it. */
struct vring_features vhost_ring_features(const struct vhost_session *s);

/*
 * The ring, started, is at @areas from now on. The driver is called, as it may
 * not have heard of what was used before: by another back end, on a descriptor
 * that was replaced, or where it asked for calls in the old areas.
 */
void vhost_ring_moved(struct vhost_session *s, struct vhost_ring *ring,
		      const struct vring_areas *areas);

/*
 * Finds the areas of a started ring that is ->lost, and begins it if it is
 * ->unborn. Returns 0; -EAGAIN for want of a translation, which the front end
 * is asked for; or -EINVAL with a ->reason if there can be no such ring.
 */
int vhost_find_ring(struct vhost_session *s, struct vhost_ring *ring);

/*
 * Moves a ring, which may be started, to @addr. Returns 0, or -EINVAL with a
 * ->reason and no change.
 */
int vhost_move_ring(struct vhost_session *s, struct vhost_ring *ring,
		    const struct vhost_wire_vring_addr *addr);

/*
 * Started rings must be looked up anew: all of them, or those that have a part
 * in the @size bytes, as of iotlb_invalidate(), at the driver's address @addr.
 */
void vhost_lose_rings(struct vhost_session *s);
void vhost_lose_rings_at(struct vhost_session *s, uint64_t addr, uint64_t size);

/*
 * Makes @mem the session's memory, and gives back the old one in it. Started
 * rings are looked up anew; one that is not in the new memory is broken.
 */
void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem);

/* Is any part of a started ring in the region? */
bool vhost_ring_runs_in(const struct vhost_session *s,
			const struct guest_region_spec *spec);

#endif
