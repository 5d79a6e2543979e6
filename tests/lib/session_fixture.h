/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A session over a socketpair, a device that only takes notes, and the front
 * end's side by hand: one message goes in, and the answer comes back.
 *
 * What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_SESSION_FIXTURE_H
#define TEST_SESSION_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/ring_fixture.h"
#include "vhost/session.h"

#define BIT(n)	       (UINT64_C(1) << (n))

#define FIXTURE_RINGS  2
#define FIXTURE_CONFIG 32
#define NO_ANSWER      UINT64_MAX

struct fixture {
	struct vhost_session session;
	struct vhost_device device;
	int front; /* our end of the socket */
	unsigned int fds_before;
	uint8_t config[FIXTURE_CONFIG]; /* 1, 2, 3, ... */

	/* The device's notes. */
	unsigned int started[FIXTURE_RINGS];
	unsigned int quiesced[FIXTURE_RINGS];
	bool fresh[FIXTURE_RINGS]; /* of the last start */
	unsigned int released;
	unsigned int regions_at_release;
	int ram_at_quiesce; /* first byte at @watch_addr, or -1 */
	uint64_t watch_addr;
	struct chain *held; /* given back when its ring is quiesced */

	struct {
		struct vhost_wire_header header;
		union vhost_wire_payload payload;
	} reply;
};

/*
 * cmocka fixtures: nothing negotiated, or all that is offered but
 * for packed rings and an IOMMU. The teardown
 * ends the session and checks that no descriptor is left open.
 */
int session_setup(void **state);
int session_setup_negotiated(void **state);
int session_teardown(void **state);

#define BARE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, session_setup, session_teardown)
#define SESSION_TEST(test)                                              \
	cmocka_unit_test_setup_teardown(test, session_setup_negotiated, \
					session_teardown)

/* Sends bytes, with descriptors, which stay ours. */
void say_bytes(struct fixture *f, const void *bytes, size_t len, const int *fds,
	       unsigned int fd_count);

/* Sends one message. */
void say(struct fixture *f, uint32_t request, uint32_t flags,
	 const void *payload, uint32_t size, const int *fds,
	 unsigned int fd_count);

/* Lets the session handle one message, which must be there. */
void handle(struct fixture *f);

/* Receives an answer to ->reply; false when there is none. */
bool hear(struct fixture *f);

/*
 * Sends a message that wants an ack, and handles it. Returns the ack, or
 * NO_ANSWER. An ack of 0 goes with no reason, any other with one.
 */
uint64_t tell(struct fixture *f, uint32_t request, const void *payload,
	      uint32_t size, const int *fds, unsigned int fd_count);

/* Sends a request with a reply of its own. Returns the reply's size. */
uint32_t ask(struct fixture *f, uint32_t request, const void *payload,
	     uint32_t size);

/* The common messages, each with its ack. @fd = -1 says that there is none. */
uint64_t tell_u64(struct fixture *f, uint32_t request, uint64_t value);
uint64_t tell_state(struct fixture *f, uint32_t request, uint32_t index,
		    uint32_t num);
uint64_t tell_fd(struct fixture *f, uint32_t request, uint32_t index, int fd);
uint64_t tell_addr(struct fixture *f, uint32_t index,
		   const struct hand_ring *ring);
uint64_t tell_mem(struct fixture *f, const struct ram *rams,
		  unsigned int count);
uint64_t tell_region(struct fixture *f, uint32_t request, const struct ram *ram,
		     bool with_fd);

/* GET_VRING_BASE; fails the test on an error. */
uint32_t ask_base(struct fixture *f, uint32_t index);

/* All that starts ring @index, in QEMU's order; without ENABLE. */
void start_ring(struct fixture *f, uint32_t index, const struct hand_ring *ring,
		uint16_t base, int kick);

#endif
