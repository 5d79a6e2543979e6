/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests with a ring and a service each, on a pool of fake chips that write
 * down what they are asked to do: no socket, no thread, no daemon.
 *
 * Chips 0 and 1 share bus 0, chip 2 is alone on bus 1. What goes wrong here
 * fails the running cmocka test.
 */
#ifndef TEST_SERVICE_FIXTURE_H
#define TEST_SERVICE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/transfer/spi_service.h"
#include "tests/lib/fake_chip.h"
#include "vhost/front/front_mem.h"
#include "vhost/front/ring/front_ring.h"

#define FIXTURE_CHIPS	       3
#define FIXTURE_BUSES	       2
#define FIXTURE_GUESTS	       2
#define FIXTURE_RING	       64 /* entries */
#define FIXTURE_MAX_PIECE      FAKE_CHIP_MAX_PIECE
#define FIXTURE_CS_HOLD_MS     10000 /* never over by accident */
#define FIXTURE_MAX_REQUEST    (1u << 20)
#define FIXTURE_MAX_MESSAGE_MS 60000 /* nor this */

#define FIXTURE_OP_MAX_MS      30000

/* A region apart from the ring's, that a test may take away. */
#define FIXTURE_APART	   UINT64_C(0x10000000)
#define FIXTURE_APART_SIZE 0x10000u

/* One request, to be filled in, and what came of it. */
struct transfer {
	struct virtio_spi_wire_head head;
	const void *tx;
	void *rx; /* gets rx_len bytes when it is done; NULL: none wanted */
	uint32_t tx_len, rx_len;
	uint32_t tx_seg, rx_seg; /* bytes in one descriptor; 0: all in one */
	uint64_t at;		 /* where in guest memory; 0: anywhere */

	bool done;
	uint8_t status;
	uint32_t used_len;
	uint64_t rx_addr, status_addr; /* guest addresses */
};

struct test_guest {
	struct chip chips[FIXTURE_CHIPS];
	struct controller controller;
	struct front_mem mem;
	struct front_ring ring;
	struct vhost_device device;
	struct vhost_session session;
	struct spi_service service;
	struct transfer *in_flight[FIXTURE_RING];
	int peer; /* the other end of the session's socket */
};

struct service_fixture {
	struct fake_chip chips[FIXTURE_CHIPS];
	struct device_spec specs[FIXTURE_CHIPS];
	struct pool_bus buses[FIXTURE_BUSES];
	struct handle handles[FIXTURE_CHIPS];
	struct test_guest guests[FIXTURE_GUESTS];
};

/* cmocka fixtures; *state is the struct service_fixture. */
int service_setup(void **state);
int service_teardown(void **state);

#define SERVICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, service_setup, service_teardown)

/* Every chip is to be framed in this way. */
void service_set_framing(struct service_fixture *f, enum cs_framing framing);

/* A valid head for @chip: 8 bits, 1 MHz, mode 0. */
struct virtio_spi_wire_head service_head(uint8_t chip, uint8_t cs_change);

/* Makes @t available. It must live until it is done. */
void guest_add(struct test_guest *g, struct transfer *t);

/* One step. */
enum spi_progress guest_step(struct test_guest *g);

/* Steps until there is nothing to do at once; returns what came last. */
enum spi_progress guest_run(struct test_guest *g);

/* Takes what was used. */
void guest_collect(struct test_guest *g);

/* guest_add(), guest_run(), guest_collect(): done, with @status. */
void guest_do(struct test_guest *g, struct transfer *t, uint8_t status);

/* It is done with @status, and the whole of the buffer counts as written. */
void transfer_check(const struct transfer *t, uint8_t status);

/* Every rx byte in guest memory is zero. */
void transfer_check_cleared(const struct test_guest *g,
			    const struct transfer *t);

/* Half duplex requests on @chip with @cs_change and @status. */
void guest_tx(struct test_guest *g, uint8_t chip, uint8_t cs_change,
	      const void *tx, uint32_t len, uint8_t status);
void guest_rx(struct test_guest *g, uint8_t chip, uint8_t cs_change,
	      uint32_t len, uint8_t status);

/* Is a wake-up pending, from a bus that was handed over? Takes it. */
bool guest_was_woken(struct test_guest *g);

#endif
