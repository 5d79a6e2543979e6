/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A daemon and up to four front ends, for tests of the whole daemon. An error
 * here fails the running cmocka test.
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"
#include "tests/lib/daemon/daemon.h"

#define RIG_FRONTS 4

/* Options of a daemon that offers packed rings, or an IOMMU */
#define RIG_WITH_PACKED "--with=ring-packed,in-order,indirect-desc"
#define RIG_WITH_IOMMU	"--with=access-platform"

struct rig {
	struct daemon daemon;
	struct spi_front fronts[RIG_FRONTS];
	bool open[RIG_FRONTS];
	bool packed; /* front ends want packed rings */
};

/*
 * cmocka fixtures. rig_setup() starts a daemon with two sockets. Its arguments
 * are the test's initial state, a NULL-terminated array; NULL stands for
 * --device=sim:loopback. rig_setup_packed() adds RIG_WITH_PACKED, and its front
 * ends use packed rings. rig_setup_idle() starts no daemon. rig_teardown()
 * stops the daemon with SIGTERM, if it runs, and checks that it exits with 0
 * and leaves no socket.
 */
int rig_setup(void **state);
int rig_setup_packed(void **state);
int rig_setup_idle(void **state);
int rig_teardown(void **state);

#define RIG_TEST(test) \
	cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
#define RIG_TEST_ARGS(test, args)                                 \
	cmocka_unit_test_prestate_setup_teardown(test, rig_setup, \
						 rig_teardown, (void *)(args))
#define RIG_TEST_IDLE(test) \
	cmocka_unit_test_setup_teardown(test, rig_setup_idle, rig_teardown)

/* A case on a packed ring, and the rows of a case for both layouts */
#define RIG_TEST_PACKED_ARGS(test, args)                                 \
	{                                                                \
#test " (packed)", test, rig_setup_packed, rig_teardown, \
			(void *)(args)                                   \
	}
#define RIG_TEST_PACKED(test) RIG_TEST_PACKED_ARGS(test, NULL)
#define RIG_TEST_BOTH(test)   RIG_TEST(test), RIG_TEST_PACKED(test)
#define RIG_TEST_BOTH_ARGS(test, args) \
	RIG_TEST_ARGS(test, args), RIG_TEST_PACKED_ARGS(test, args)

/* With a daemon on sim:loopback, and RIG_WITH_IOMMU */
#define RIG_TEST_IOMMU(test)	  RIG_TEST_ARGS(test, rig_with_iommu)
#define RIG_TEST_IOMMU_BOTH(test) RIG_TEST_BOTH_ARGS(test, rig_with_iommu)
extern const char *const rig_with_iommu[];

/* Opens front end @slot (0..RIG_FRONTS-1) on the socket of that number. */
struct spi_front *rig_open(struct rig *rig, unsigned int slot);

/* Returns the options that rig_open() uses for socket @socket. */
struct spi_front_options rig_options(const struct rig *rig,
				     unsigned int socket);

/* Returns the feature bits of the rig's ring layout. */
uint64_t rig_layout(const struct rig *rig);

/* Opens front end @slot with @options. */
struct spi_front *rig_open_with(struct rig *rig, unsigned int slot,
				const struct spi_front_options *options);

/*
 * Opens front end @slot behind an IOMMU, with 4 MiB of memory: front_iommu.h.
 * The daemon must have RIG_WITH_IOMMU.
 */
struct spi_front *rig_open_iommu(struct rig *rig, unsigned int slot);
struct spi_front_options rig_options_iommu(const struct rig *rig,
					   unsigned int socket);

/*
 * Opens front end @slot with an inflight region and a ring of 128 entries, so
 * that spi_front_reconnect() works. Close it with rig_close_tracked().
 */
struct spi_front *rig_open_tracked(struct rig *rig, unsigned int slot);
void rig_close_tracked(struct rig *rig, unsigned int slot);

/* Kills the daemon with SIGKILL. It can be started again. */
void rig_crash(struct rig *rig);

/*
 * Opens front end 0 for a test that breaks its ring, and checks that the ring
 * works. Stores a valid head for chip 0 at HOSTILE_SPARE.
 */
struct spi_front *rig_open_hostile(struct rig *rig);

/* Connects front end @slot and sends nothing. */
struct spi_front *rig_connect(struct rig *rig, unsigned int slot);

/* Closes the connection without stopping the ring. */
void rig_close(struct rig *rig, unsigned int slot);

/*
 * Returns how many descriptors the daemon has open while front ends 0 and 1 are
 * connected. Opens both for that, and closes them.
 */
unsigned int rig_count_fds(struct rig *rig);

/* Returns a valid head: 8 bits, 1 MHz, and the chip is released after it. */
struct virtio_spi_wire_head rig_head(uint8_t cs);

/* Fills @bytes with a pattern that @seed selects. */
void rig_pattern(uint8_t *bytes, uint32_t len, uint32_t seed);

/* Runs @request. Checks its status, and that the used length is rx_len + 1. */
void rig_expect(struct spi_front *front,
		const struct spi_front_request *request, uint8_t status);

/* Waits for request @id, and checks the same. */
void rig_expect_wait(struct spi_front *front, uint16_t id, uint32_t rx_len,
		     uint8_t status);

/*
 * Run a transfer on chip 0 with the head of rig_head(). Check that its status
 * is TRANS_OK.
 */
void rig_tx(struct spi_front *front, uint8_t cs_change, const void *tx,
	    uint32_t len);
void rig_rx(struct spi_front *front, uint8_t cs_change, void *rx, uint32_t len);
void rig_duplex(struct spi_front *front, const void *tx, void *rx,
		uint32_t len);

/* Runs a full duplex transfer on sim:loopback, and compares what comes back. */
void rig_check_loopback(struct spi_front *front, uint32_t len);

/* Checks that the control socket answers. */
void rig_check_control(struct spi_front *front);

/* Waits until the ring's error eventfd is signalled. */
void rig_wait_ring_error(struct spi_front *front);

/*
 * Checks that the ring is broken, and that nothing else is: its error eventfd
 * is signalled, the control socket answers, the guest of socket 1 is served,
 * and the ring works after it is set up anew.
 */
void rig_expect_broken(struct rig *rig, struct spi_front *front);

/*
 * Stops the ring, makes a new one at the base that the daemon returned, and
 * starts it. Checks on sim:loopback that it works.
 */
void rig_recover_ring(struct spi_front *front);

#endif
