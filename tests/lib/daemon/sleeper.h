/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A driver that sleeps until it is notified, as Linux's do, on sim:loopback,
 * and whose front end does at random what a front end may do to a ring that
 * works: replaces each descriptor, moves the ring, changes memory, disables,
 * stops and resumes it. A notification that is lost shows: the driver sleeps
 * on.
 *
 * What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_SLEEPER_H
#define TEST_SLEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/daemon/rig.h"
#include "vhost/front/front_log.h"
#include "vhost/front/front_setup.h"

#define SLEEPER_RING	16 /* descriptors */
#define SLEEPER_DEPTH	4  /* requests in flight */
#define SLEEPER_HISTORY 32
#define SLEEPER_ALIAS	(UINT64_C(1) << 32)

struct sleeper_slot {
	uint64_t buffers;	   /* guest address of its page */
	uint8_t *bytes;		   /* the same, ours */
	uint32_t number;	   /* of the request, in tx and rx */
	struct sleeper_slot *next; /* free ones */
};

struct sleeper {
	struct spi_front *front;
	uint64_t random; /* state of the generator */
	bool tracked;	 /* there is an inflight region: sessions may end */
	struct sleeper_slot slots[SLEEPER_DEPTH];
	struct sleeper_slot *free;
	struct sleeper_slot *by_head[SLEEPER_RING];
	unsigned int in_flight;
	bool unsure;  /* a session ended with requests in flight */
	bool crashes; /* the daemon does, at any time */
	uint64_t done;
	uint64_t exchanges;
	uint64_t sleeps;

	struct front_region alias; /* the ring's memory, SLEEPER_ALIAS up */
	struct front_log log;
	bool logs;
	int log_fd;
	const char *history[SLEEPER_HISTORY]; /* the latest exchanges */
};

/* Features of a driver */
#define SLEEPER_EVENTS	 FRONT_BIT(VIRTIO_F_EVENT_IDX)
#define SLEEPER_IN_ORDER FRONT_BIT(VIRTIO_F_IN_ORDER)
#define SLEEPER_PACKED	 FRONT_BIT(VIRTIO_F_RING_PACKED)
#define SLEEPER_IOMMU	 FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)

struct sleeper_kind {
	const char *name;
	uint64_t features;
	bool tracked; /* it has an inflight region */
};

/* Opens front end 0 of @rig for a driver of this @kind, and checks that. */
void sleeper_open_front(struct rig *rig, const struct sleeper_kind *kind);

/*
 * Begins with @front, open, of a ring of SLEEPER_RING. @seed is not 0. Once
 * @tracked, the front end may disconnect and connect again.
 */
void sleeper_open(struct sleeper *s, struct spi_front *front, uint64_t seed,
		  bool tracked);
void sleeper_close(struct sleeper *s);

/* Does @count requests; sleeps for @timeout_ms at most for one notification. */
void sleeper_run(struct sleeper *s, uint64_t count, int timeout_ms);

/* A number below @limit. */
uint32_t sleeper_random(struct sleeper *s, uint32_t limit);

/* sleeper_exchange.c: one exchange, at random. */
void sleeper_exchange(struct sleeper *s);

#endif
