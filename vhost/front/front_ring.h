/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's half of a split virtqueue: virtio 1.4, section 2.7.
 *
 *	front_ring_add()	descriptors of one buffer; any number of times
 *	front_ring_publish()	shows the device what was added
 *	front_ring_kick()	notifies it, unless it asked not to be
 *	front_ring_wait()	until something is used
 *	front_ring_take()	one used element; frees its descriptors
 *
 * Nothing is checked on the way in: a hostile driver calls the same functions,
 * or writes through ->desc and ->avail itself.
 */
#ifndef FRONT_RING_H
#define FRONT_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_mem.h"
#include "virtio/virtio_wire.h"

/* One element of a buffer: a descriptor */
struct front_segment {
	uint64_t addr; /* guest address */
	uint32_t len;  /* bytes */
	bool write;    /* for the device to write */
};

/* What is remembered of a buffer, at the index of its head */
struct front_chain {
	uint16_t count; /* descriptors of the ring; 0: not in flight */
	uint64_t table; /* guest address of its indirect table */
	uint32_t table_len;
};

struct front_ring {
	struct front_mem *mem; /* where the parts and indirect tables live */
	uint16_t size;	       /* descriptors */
	bool event_idx;	       /* VIRTIO_F_EVENT_IDX negotiated */

	uint64_t desc_addr, avail_addr, used_addr; /* guest addresses */
	struct virtq_desc *desc;		   /* little-endian, as on */
	struct virtq_avail *avail;		   /* the wire */
	struct virtq_used *used;

	int kick_fd, call_fd, err_fd; /* eventfds, owned */

	struct front_chain *chains; /* ->size of them */
	uint16_t free_head;	    /* free descriptors, linked by ->next */
	uint16_t free_count;
	uint16_t added;	    /* avail index after all that was added */
	uint16_t published; /* avail index that the device sees */
	uint16_t kicked;    /* avail index at the last front_ring_kick() */
	uint16_t taken;	    /* used index of the next element to take */
};

/*
 * Allocates a ring of @size descriptors in @mem, which must outlive it; both
 * indexes begin at @base. Returns 0 or a negative errno.
 */
int front_ring_open(struct front_ring *ring, struct front_mem *mem,
		    uint16_t size, bool event_idx, uint16_t base);

/* Closes the eventfds and gives the memory back. */
void front_ring_close(struct front_ring *ring);

/*
 * Puts a buffer of @count segments (at least 1) into descriptors. The first
 * @direct of them go into the ring, the rest, if any, into one indirect table
 * after them. Stores the head's index in @head.
 * Returns 0, or -ENOSPC when too few descriptors are free (then nothing is
 * added), or -ENOMEM.
 */
int front_ring_add(struct front_ring *ring, const struct front_segment *segs,
		   unsigned int count, unsigned int direct, uint16_t *head);

/*
 * Puts @head in the available ring, whatever it is: for descriptors written
 * by hand. front_ring_add() has done it already.
 */
void front_ring_push(struct front_ring *ring, uint16_t head);

/* Moves the available index over all that was added. */
void front_ring_publish(struct front_ring *ring);

/* Notifies the device, if it wants to know. Returns 1 if so, else 0. */
int front_ring_kick(struct front_ring *ring);

/* Notifies the device. */
void front_ring_kick_now(struct front_ring *ring);

/*
 * Asks for a notification once the used index goes past @index (EVENT_IDX),
 * or, without EVENT_IDX, from now on.
 */
void front_ring_want_call(struct front_ring *ring, uint16_t index);

/* Asks for no notification. */
void front_ring_want_no_call(struct front_ring *ring);

/*
 * Waits until a used element can be taken. Asks for the notification itself
 * and trusts in it: an element that comes without one is a timeout.
 * @watch_fd, unless -1, is a socket whose end ends the wait.
 * Returns 0, -ETIMEDOUT, -EIO when the device has signalled the ring's error
 * eventfd (which is left signalled), or -ECONNRESET.
 */
int front_ring_wait(struct front_ring *ring, int watch_fd, int timeout_ms);

/*
 * Takes the next used element and frees its descriptors.
 * Returns 0, -EAGAIN when there is none, or -EPROTO when it names a buffer
 * that is not in flight (or was pushed by hand); @elem is filled in then.
 */
int front_ring_take(struct front_ring *ring, struct virtq_used_elem *elem);

/* The index that the device shows in the used ring. */
uint16_t front_ring_used_idx(const struct front_ring *ring);

/* Has the eventfd @fd been signalled? Resets it. */
bool front_ring_signalled(int fd);

#endif
