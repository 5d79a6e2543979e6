/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's half of a virtqueue, split (virtio 1.4, section 2.7) or packed
 * (2.8).
 *
 *	front_ring_add()	descriptors of one buffer; any number of times
 *	front_ring_publish()	shows the device what was added
 *	front_ring_kick()	notifies it, unless it asked not to be
 *	front_ring_wait()	until something is used
 *	front_ring_take()	one used element; frees its descriptors
 *
 * Nothing is checked on the way in: a hostile driver calls the same functions,
 * or writes through ->desc, ->avail and ->entries itself.
 *
 * A place in a ring is 16 bits: of a split ring an index that runs freely, of
 * a packed ring an index below its size and, in bit 15, the wrap counter.
 */
#ifndef FRONT_RING_H
#define FRONT_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_mem.h"
#include "virtio/ring/virtio_wire.h"

/* Where a packed ring begins that never ran: both wrap counters are 1. */
#define FRONT_RING_PACKED_BASE 0x80008000u

/* One element of a buffer: a descriptor */
struct front_segment {
	uint64_t addr; /* guest address */
	uint32_t len;  /* bytes */
	bool write;    /* for the device to write */
};

/* What is remembered of a buffer, at the index of its head (packed: its id) */
struct front_chain {
	uint16_t count; /* descriptors of the ring; 0: not in flight */
	uint64_t table; /* guest address of its indirect table */
	uint32_t table_len;
};

struct front_ring_layout;

/* What else has to be done while a ring is waited for */
struct front_ring_helper {
	int fd;			   /* when it is readable, */
	int (*help)(void *opaque); /* call this; NULL: nothing to do */
	void *opaque;
};

struct front_ring {
	struct front_mem *mem; /* where the parts and indirect tables live */
	const struct front_ring_layout *layout;
	uint16_t size;	/* descriptors */
	bool packed;	/* VIRTIO_F_RING_PACKED negotiated */
	bool event_idx; /* VIRTIO_F_EVENT_IDX negotiated */

	/* Guest addresses of the descriptor, driver and device area */
	uint64_t desc_addr, avail_addr, used_addr;
	/* The same, little-endian, as on the wire: of a split ring, */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	/* of a packed one. */
	struct virtq_packed_desc *entries;
	struct virtq_event_suppress *driver_event, *device_event;

	/* VIRTIO_F_ACCESS_PLATFORM: the back end gets the driver's addresses */
	bool translated;
	struct front_ring_helper helper;

	int kick_fd, call_fd, err_fd; /* eventfds, owned */

	struct front_chain *chains; /* ->size of them */
	uint16_t free_head;  /* split: free descriptors, linked by ->next; */
	uint16_t free_count; /* packed: the id to try first */
	uint16_t added;	     /* place after all that was added, */
	uint16_t published;  /* after all that the device sees, */
	uint16_t kicked;     /* that was at the last front_ring_kick(), */
	uint16_t taken;	     /* and of the next used element to take */
	uint16_t held_flags; /* packed: flags of the entry at ->published */
};

/*
 * Allocates a ring of @size descriptors in @mem, which must outlive it. Of
 * the negotiated @features VIRTIO_F_RING_PACKED, VIRTIO_F_EVENT_IDX and
 * VIRTIO_F_ACCESS_PLATFORM count.
 * It begins at @base, as vhost-user's SET_VRING_BASE has it.
 * Returns 0 or a negative errno.
 */
int front_ring_open(struct front_ring *ring, struct front_mem *mem,
		    uint16_t size, uint64_t features, uint32_t base);

/* Closes the eventfds and gives the memory back. */
void front_ring_close(struct front_ring *ring);

/*
 * Puts a buffer of @count segments (at least 1) into descriptors. The first
 * @direct of them go into the ring, the rest, if any, into one indirect table
 * after them (2.8.7 forbids a mixture). Stores the head's index in @head; of a
 * packed ring, the buffer's id.
 * Returns 0, or -ENOSPC when too few descriptors are free (then nothing is
 * added), or -ENOMEM.
 */
int front_ring_add(struct front_ring *ring, const struct front_segment *segs,
		   unsigned int count, unsigned int direct, uint16_t *head);

/*
 * Split rings only: puts @head in the available ring, whatever it is: for
 * descriptors written by hand. front_ring_add() has done it already.
 */
void front_ring_push(struct front_ring *ring, uint16_t head);

/*
 * Packed rings only: the next entry is @entry, which is little-endian, with
 * AVAIL and USED as they have to be.
 */
void front_ring_put(struct front_ring *ring,
		    const struct virtq_packed_desc *entry);

/* Makes all that was added available. */
void front_ring_publish(struct front_ring *ring);

/* Notifies the device, if it wants to know. Returns 1 if so, else 0. */
int front_ring_kick(struct front_ring *ring);

/* Notifies the device. */
void front_ring_kick_now(struct front_ring *ring);

/*
 * Asks for a notification once the device goes past @place (EVENT_IDX), or,
 * without EVENT_IDX, from now on.
 */
void front_ring_want_call(struct front_ring *ring, uint16_t place);

/* Asks for no notification. */
void front_ring_want_no_call(struct front_ring *ring);

/*
 * Waits until a used element can be taken. Asks for the notification itself
 * and trusts in it: an element that comes without one is a timeout.
 * @watch_fd, unless -1, is a socket whose end ends the wait.
 * Returns 0, -ETIMEDOUT, -EIO when the device has signalled the ring's error
 * eventfd (which is left signalled), -ECONNRESET, or an error of ->helper.
 */
int front_ring_wait(struct front_ring *ring, int watch_fd, int timeout_ms);

/*
 * Takes the next used element and frees its descriptors. Its length is 0 when
 * the device wrote nothing.
 * Returns 0, -EAGAIN when there is none, or -EPROTO when it names a buffer
 * that is not in flight (or was pushed by hand); @elem is filled in then.
 */
int front_ring_take(struct front_ring *ring, struct virtq_used_elem *elem);

/* The place after all that the device has used. */
uint16_t front_ring_used_idx(const struct front_ring *ring);

/*
 * What GET_VRING_BASE says of a ring whose device has taken, and used, all
 * that is before @place.
 */
uint32_t front_ring_base(const struct front_ring *ring, uint16_t place);

/* Has the eventfd @fd been signalled? Resets it. */
bool front_ring_signalled(int fd);

#endif
