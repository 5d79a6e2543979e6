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
 * Arguments are not checked: tests that play a hostile driver call the same
 * functions, or write through ->desc, ->avail and ->entries.
 *
 * A place in a ring has 16 bits. Split: an index modulo 2^16. Packed: an index
 * below the size of the ring and, in bit 15, the wrap counter.
 */
#ifndef FRONT_RING_H
#define FRONT_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_mem.h"
#include "virtio/ring/virtio_wire.h"

/* The base of a new packed ring: both wrap counters are 1. */
#define FRONT_RING_PACKED_BASE 0x80008000u

/* One descriptor of a buffer */
struct front_segment {
	uint64_t addr; /* guest address */
	uint32_t len;  /* bytes */
	bool write;    /* for the device to write */
};

/* A buffer in flight, stored at the index of its head (packed: its id) */
struct front_chain {
	uint16_t count; /* descriptors of the ring; 0: not in flight */
	uint64_t table; /* guest address of its indirect table */
	uint32_t table_len;
};

struct front_ring_layout;

/* Work to do while front_ring_wait() waits */
struct front_ring_helper {
	int fd;			   /* when this is readable, */
	int (*help)(void *opaque); /* call this; NULL: no work */
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
	bool calls_disabled; /* by front_ring_disable_calls() */
};

/*
 * Allocates a ring of @size descriptors in @mem, which must outlive it.
 * VIRTIO_F_RING_PACKED, VIRTIO_F_EVENT_IDX and VIRTIO_F_ACCESS_PLATFORM in the
 * negotiated @features select its form. It begins at @base, in the format of
 * SET_VRING_BASE.
 * Returns 0 or a negative errno.
 */
int front_ring_open(struct front_ring *ring, struct front_mem *mem,
		    uint16_t size, uint64_t features, uint32_t base);

/* Closes the eventfds and frees the memory. */
void front_ring_close(struct front_ring *ring);

/*
 * Adds a buffer of @count segments (at least 1). The first @direct of them take
 * descriptors of the ring. The others, if any, go to an indirect table behind
 * them (2.8.7 forbids both in one buffer). Stores in @head the index of the
 * head, or the id of the buffer on a packed ring.
 * Returns 0; or, without adding anything, -ENOSPC if too few descriptors are
 * free, or -ENOMEM.
 */
int front_ring_add(struct front_ring *ring, const struct front_segment *segs,
		   unsigned int count, unsigned int direct, uint16_t *head);

/*
 * Split rings only: puts any @head in the available ring, for descriptors
 * written by hand. front_ring_add() does this itself.
 */
void front_ring_push(struct front_ring *ring, uint16_t head);

/*
 * Packed rings only: adds @entry, which is little-endian, with the right AVAIL
 * and USED flags.
 */
void front_ring_put(struct front_ring *ring,
		    const struct virtq_packed_desc *entry);

/* Makes all added buffers available. */
void front_ring_publish(struct front_ring *ring);

/* Kicks the device unless it suppresses kicks. Returns 1 after a kick, else 0.
 */
int front_ring_kick(struct front_ring *ring);

/* Kicks the device in any case. */
void front_ring_kick_now(struct front_ring *ring);

/*
 * Asks for a notification once the device goes past @place (EVENT_IDX), or,
 * without EVENT_IDX, from now on.
 */
void front_ring_want_call(struct front_ring *ring, uint16_t place);

/* Asks for no notification. */
void front_ring_want_no_call(struct front_ring *ring);

/*
 * The same by the rules of Linux, for a driver that sleeps: front_ring_calls.c.
 * After front_ring_disable_calls() the device need not call. The two others
 * enable calls again: for the next used element, or only once about three
 * quarters of what is in flight are used. They return false if so much is used
 * already that no call may come: take it first.
 */
void front_ring_disable_calls(struct front_ring *ring);
bool front_ring_enable_calls(struct front_ring *ring);
bool front_ring_enable_calls_delayed(struct front_ring *ring);

/* front_ring_take(), by the same rules: enables the next call. */
int front_ring_take_sleeping(struct front_ring *ring,
			     struct virtq_used_elem *elem);

/*
 * Waits until a used element can be taken. Enables calls and relies on them: an
 * element without a call is a timeout. If @watch_fd is not -1, the wait ends
 * when the peer of that socket closes it.
 * Returns 0; -ETIMEDOUT; -EIO if the error eventfd of the ring is signalled,
 * which it stays; -ECONNRESET; or an error of ->helper.
 */
int front_ring_wait(struct front_ring *ring, int watch_fd, int timeout_ms);

/*
 * Takes the next used element and frees its descriptors. Its length is 0 if the
 * device wrote nothing.
 * Returns 0; -EAGAIN if there is none; or -EPROTO, with @elem filled in, if its
 * buffer is not in flight, or was pushed by hand.
 */
int front_ring_take(struct front_ring *ring, struct virtq_used_elem *elem);

/* Returns the place after the last used element. */
uint16_t front_ring_used_idx(const struct front_ring *ring);

/*
 * Returns the reply to GET_VRING_BASE of a ring whose device has used all
 * buffers before @place.
 */
uint32_t front_ring_base(const struct front_ring *ring, uint16_t place);

/* Resets the eventfd @fd. Returns true if it was signalled. */
bool front_ring_signalled(int fd);

#endif
