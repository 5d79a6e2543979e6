/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the requests do to a session's rings, and to what their rings depend
 * on: memory, translations, the log and the inflight region.
 */
#ifndef VHOST_SESSION_RINGS_H
#define VHOST_SESSION_RINGS_H

#include "vhost/session.h"

/* session_rings.c */

/* What the driver acked, as a ring sees it. */
struct vring_features vhost_ring_features(const struct vhost_session *s);

/*
 * Returns true if the ring has run in another process, and only the inflight
 * region, which was not read yet, says what it did: ->base is out of date.
 */
bool vhost_ring_is_unread(const struct vhost_session *s,
			  const struct vhost_ring *ring);

/* Has the device end the requests of the ring, if it is active. */
void vhost_quiesce_ring(struct vhost_session *s, const struct vhost_ring *ring);

/* Enables the ring, or disables it; an active one is quiesced first. */
void vhost_enable_ring(struct vhost_session *s, struct vhost_ring *ring,
		       bool on);
void vhost_enable_all_rings(struct vhost_session *s, bool on);

/*
 * Stops and disables all rings: where they stopped is forgotten, and so is what
 * the device began for the driver.
 */
void vhost_reset_rings(struct vhost_session *s);

/* Logs writes from now on, or not: the features or the log have changed. */
void vhost_switch_log(struct vhost_session *s);

/* Unmaps the log; or the inflight region, in which no ring is tracked then. */
void vhost_drop_log(struct vhost_session *s);
void vhost_drop_inflight(struct vhost_session *s);

/* The ring's call descriptor blocked, and was closed. */
void vhost_note_blocked_call(struct vhost_session *s,
			     const struct vhost_ring *ring);

/* session_places.c */

/*
 * Finds the areas of a ring that is STARTING or UNMAPPED; it is RUNNING then.
 * Returns 0; -EAGAIN when a translation is missing, which the front end is
 * asked for; or -EINVAL with a ->reason if there can be no such ring.
 */
int vhost_find_ring(struct vhost_session *s, struct vhost_ring *ring);

/*
 * Moves a ring, which may be started, to @addr. Returns 0, or -EINVAL with a
 * ->reason and no change.
 */
int vhost_move_ring(struct vhost_session *s, struct vhost_ring *ring,
		    const struct vhost_wire_vring_addr *addr);

/*
 * The rings' areas must be found anew: of all rings, or of those that have a
 * part in the @size bytes, as of iotlb_invalidate(), at the driver's address
 * @addr.
 */
void vhost_unmap_rings(struct vhost_session *s);
void vhost_unmap_rings_at(struct vhost_session *s, uint64_t addr,
			  uint64_t size);

/*
 * Makes @mem the session's memory, and gives back the old one in it. The areas
 * of started rings are found anew; a ring that is not in the new memory breaks.
 */
void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem);

/* Returns true if a part of a running ring is in the region. */
bool vhost_ring_runs_in(const struct vhost_session *s,
			const struct guest_region_spec *spec);

/* Translates from now on, or not: the features have changed. */
void vhost_switch_translation(struct vhost_session *s);

/* Forgets all translations: the front end tells of no invalidations now. */
void vhost_clear_translations(struct vhost_session *s);

#endif
