/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A daemon and up to four front ends: what most whole-daemon tests begin
 * with. What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"
#include "tests/lib/daemon/daemon.h"

#define RIG_FRONTS 4

/* What a daemon has to be told for front ends that want these. */
#define RIG_WITH_PACKED "--with=ring-packed,in-order,indirect-desc"
#define RIG_WITH_IOMMU	"--with=access-platform"

struct rig {
	struct daemon daemon;
	struct spi_front fronts[RIG_FRONTS];
	bool open[RIG_FRONTS];
	bool packed; /* front ends want packed rings */
};

/*
 * cmocka fixtures. The daemon of rig_setup() has two sockets; its arguments
 * are the NULL-terminated array that is the test's initial state, or
 * --device=sim:loopback for none. rig_setup_idle() starts none.
 * rig_setup_packed() is rig_setup() for front ends with packed rings: it adds
 * RIG_WITH_PACKED to the arguments.
 * rig_teardown() ends it by SIGTERM, if it runs, and checks that it exits
 * with 0 and leaves no socket.
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

/* The same test on a packed ring; and one row for each layout */
#define RIG_TEST_PACKED_ARGS(test, args)                                 \
	{                                                                \
#test " (packed)", test, rig_setup_packed, rig_teardown, \
			(void *)(args)                                   \
	}
#define RIG_TEST_PACKED(test) RIG_TEST_PACKED_ARGS(test, NULL)
#define RIG_TEST_BOTH(test)   RIG_TEST(test), RIG_TEST_PACKED(test)
#define RIG_TEST_BOTH_ARGS(test, args) \
	RIG_TEST_ARGS(test, args), RIG_TEST_PACKED_ARGS(test, args)

/* On sim:loopback, and RIG_WITH_IOMMU */
#define RIG_TEST_IOMMU(test)	  RIG_TEST_ARGS(test, rig_with_iommu)
#define RIG_TEST_IOMMU_BOTH(test) RIG_TEST_BOTH_ARGS(test, rig_with_iommu)
extern const char *const rig_with_iommu[];

/* Opens front end @slot (0..RIG_FRONTS-1) on the socket of that number. */
struct spi_front *rig_open(struct rig *rig, unsigned int slot);

/* The options of rig_open(), to be changed; and with them. */
struct spi_front_options rig_options(const struct rig *rig,
				     unsigned int socket);
/* The feature bits of the rig's layout: for those who choose their own. */
uint64_t rig_layout(const struct rig *rig);
struct spi_front *rig_open_with(struct rig *rig, unsigned int slot,
				const struct spi_front_options *options);

/*
 * Opens it behind an IOMMU, with 4 MiB of memory: front_iommu.h. The daemon
 * must have RIG_WITH_IOMMU.
 */
struct spi_front *rig_open_iommu(struct rig *rig, unsigned int slot);
struct spi_front_options rig_options_iommu(const struct rig *rig,
					   unsigned int socket);

/*
 * Opens it with an inflight region and a ring of 128, fit for
 * spi_front_reconnect(); to be closed with the latter.
 */
struct spi_front *rig_open_tracked(struct rig *rig, unsigned int slot);
void rig_close_tracked(struct rig *rig, unsigned int slot);

/* Kills the daemon. It can be started again. */
void rig_crash(struct rig *rig);

/*
 * Opens front end 0, whose guest is to break its ring, and sees that it works.
 * A valid head for chip 0 lies at HOSTILE_SPARE.
 */
struct spi_front *rig_open_hostile(struct rig *rig);

/* Connects only: nothing is sent. */
struct spi_front *rig_connect(struct rig *rig, unsigned int slot);

/* Disconnects without a word. */
void rig_close(struct rig *rig, unsigned int slot);

/*
 * The daemon's descriptors while front ends 0 and 1 are served: opens both,
 * counts, and closes both.
 */
unsigned int rig_count_fds(struct rig *rig);

/* A valid head: 8 bits, 1 MHz, released at the end. */
struct virtio_spi_wire_head rig_head(uint8_t cs);

/* Fills @bytes with something that depends on @seed. */
void rig_pattern(uint8_t *bytes, uint32_t len, uint32_t seed);

/* Runs @request: the status must be @status, the used length rx_len + 1. */
void rig_expect(struct spi_front *front,
		const struct spi_front_request *request, uint8_t status);

/* Waits for request @id: the same. */
void rig_expect_wait(struct spi_front *front, uint16_t id, uint32_t rx_len,
		     uint8_t status);

/* Half and full duplex on chip 0 with status TRANS_OK; see rig_head(). */
void rig_tx(struct spi_front *front, uint8_t cs_change, const void *tx,
	    uint32_t len);
void rig_rx(struct spi_front *front, uint8_t cs_change, void *rx, uint32_t len);
void rig_duplex(struct spi_front *front, const void *tx, void *rx,
		uint32_t len);

/* A full duplex transfer on sim:loopback, compared. */
void rig_check_loopback(struct spi_front *front, uint32_t len);

/* The control socket answers. */
void rig_check_control(struct spi_front *front);

/* Waits for the ring's error eventfd. */
void rig_wait_ring_error(struct spi_front *front);

/*
 * The ring has broken, and nothing else has: its error eventfd is signalled,
 * the control socket answers, the guest of socket 1 is served, and the ring
 * works when it was set up anew.
 */
void rig_expect_broken(struct rig *rig, struct spi_front *front);

/*
 * Stops the ring, makes a new one, from where the daemon says that it stopped,
 * and starts it. Checks that it works, on sim:loopback.
 */
void rig_recover_ring(struct spi_front *front);

#endif
