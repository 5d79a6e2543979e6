/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a virtio device supplies to the vhost-user back end.
 *
 * A device describes itself by a struct vhost_device. One thread serves one
 * front end:
 *
 *	vhost_accept()		a front end connects (vhost/listen/listen.h)
 *	vhost_session_init()	its session begins (vhost/session.h)
 *	guest_mem_watch()	a truncated file breaks the session alone
 *				(virtio/mem/guest_mem.h)
 *
 *	vhost_session_poll()	what to wait for (vhost/poll.h)
 *	wait_set_wait()		until something comes (vhost/wire/wait_set.h)
 *	vhost_session_handle()	a message came
 *	vhost_ring_take_kick()	a driver kicked
 *	vhost_session_pop()	the next chain of an active ring
 *	chain_read(), ..._write()	its bytes (virtio/ring/chain.h)
 *	vhost_session_push()	it is done
 *	vhost_session_call()	and the driver is to hear of it
 *
 *	vhost_session_fini()	the front end disconnected
 *
 * tests/example/vhost_rng.c is a whole device. It finishes each chain at once.
 * One that keeps a chain over messages needs quiesce() and, before it touches
 * the chain again, vhost_session_reach(). One whose requests must not run
 * twice calls vhost_session_begin() and looks at ->outcome_unknown.
 */
#ifndef VHOST_DEVICE_H
#define VHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the functions of a session call, on the thread that uses it. Each may
 * be NULL: the device has nothing to do then.
 */
struct vhost_device_ops {
	/*
	 * The ring is about to stop or to be disabled. On return the device
	 * must hold no chain of it: each that was popped is pushed, or given
	 * back with vring_unpop(). It pops none until the ring is active
	 * again. Bounded in time: the front end waits. A device that pushes
	 * each chain before it handles the next message needs none.
	 * (vhost-user: GET_VRING_BASE, SET_VRING_ENABLE)
	 */
	void (*quiesce)(void *opaque, unsigned int ring);

	/*
	 * The ring starts. @fresh is false when it resumes where it was last
	 * stopped, true when the driver begins anew.
	 */
	void (*start)(void *opaque, unsigned int ring, bool fresh);

	/*
	 * The driver is reset, or another one follows on the connection:
	 * what it began is given up. All rings are stopped; guest memory is
	 * still there. (vhost-user: SET_OWNER, RESET_DEVICE, SET_STATUS)
	 */
	void (*release)(void *opaque);

	/*
	 * What the device on another host has to know to go on in place of
	 * this one, whose rings are stopped. save() writes up to
	 * VHOST_DEVICE_STATE_MAX bytes and returns how many. load() takes such
	 * bytes, from anyone: it returns -EINVAL, and changes nothing, if they
	 * are not valid. (vhost-user: SET_DEVICE_STATE_FD)
	 */
	uint32_t (*save)(void *opaque, uint8_t *to);
	int (*load)(void *opaque, const uint8_t *from, uint32_t size);
};

/* Features of virtio and of the protocol, as sets of bits. */
struct vhost_feature_set {
	uint64_t features;
	uint64_t protocol;
};

/*
 * What a device may offer, whatever it is: the features that the rings and
 * this layer implement. Each has a name. VERSION_1, and PROTOCOL_FEATURES of
 * vhost-user, are not among them: they are always offered.
 */

/* Adds the feature called @name to @set. Returns true if there is one. */
bool vhost_feature_find(const char *name, struct vhost_feature_set *set);

/* Returns the name of feature @index, from 0; NULL behind the last one. */
const char *vhost_feature_name(unsigned int index);

/* Returns all of them. */
struct vhost_feature_set vhost_features_supported(void);

struct vhost_device {
	const struct vhost_device_ops *ops;
	void *opaque; /* for the ops */
	/*
	 * What is offered to the front end: features of the device type, and
	 * of vhost_features_supported(). ACCESS_PLATFORM needs BACKEND_REQ.
	 */
	struct vhost_feature_set offered;
	unsigned int ring_count; /* 1..VHOST_MAX_RINGS */
	const void *config;	 /* the config space, constant; NULL: none */
	uint32_t config_size;	 /* bytes, up to VHOST_USER_CONFIG_MAX */
};

#define VHOST_MAX_RINGS	       4
#define VHOST_DEVICE_STATE_MAX 704 /* bytes */

#endif
