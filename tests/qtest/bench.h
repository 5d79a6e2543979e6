/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What each test has: a daemon with two sockets and two chips, up to two
 * QEMUs, and a driver for the device on each socket.
 */
#ifndef TESTS_QTEST_BENCH_H
#define TESTS_QTEST_BENCH_H

#include <stdint.h>

#include "tests/lib/daemon/daemon.h"
#include "tests/qtest/qtest.h"
#include "tests/qtest/spi_driver.h"
#include "virtio/ring/virtio_wire.h"

#define BENCH_SOCKETS	  2
#define BENCH_QEMUS	  2

#define BENCH_PCI_SLOT(n) (0x10u + (n)) /* of the device on socket n */

#define BENCH_DEEP_DEVICE                                            \
	"vhost-user-test-device-pci,virtio-id=45,num_vqs=1,vq_size=" \
	"256,config_size=32"

/* Feature sets of drivers */
#define BENCH_SPLIT	UINT64_C(0)
#define BENCH_EVENT_IDX VIRTIO_BIT(VIRTIO_F_EVENT_IDX)
#define BENCH_INDIRECT	VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)
#define BENCH_PACKED	VIRTIO_BIT(VIRTIO_F_RING_PACKED)
#define BENCH_IN_ORDER	VIRTIO_BIT(VIRTIO_F_IN_ORDER)

struct bench {
	struct daemon daemon;
	char daemon_log[DAEMON_PATH_MAX + 16];
	struct qtest qemu[BENCH_QEMUS];
	struct spi_driver spi[BENCH_SOCKETS];
};

/* How a QEMU is to be made. All zero: vhost-user-spi-pci on socket 0. */
struct bench_machine {
	unsigned int number;	   /* which of the QEMUs */
	unsigned int socket;	   /* the first */
	unsigned int more_sockets; /* that follow the first */
	/* QEMU's name of the device, its properties behind; NULL: as above */
	const char *device;
	/* More of QEMU's arguments, an IOMMU say; ends with NULL. Or NULL */
	const char *const *args;
};

int bench_setup(void **state);
int bench_teardown(void **state);

#define BENCH_TEST(test) \
	cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

/* The daemon's options for the two chips that spi_driver.h knows. */
#define BENCH_DEVICES            \
	"--device=sim:loopback", \
		"--device=sim:nor,cs=nor,cs-hold=10000,size=1M,id=ef4014"

/*
 * Every test begins with this: starts the daemon, which offers all kinds of
 * rings, or skips the test. The teardown checks that all have ended well.
 */
struct bench *bench_open(void **state);

/* The same for a daemon with other arguments; ends with NULL. */
struct bench *bench_open_with(void **state, const char *const *args);

/* Starts a QEMU and finds its devices, which bench->spi[] drive then. */
struct qtest *bench_boot(struct bench *b, const struct bench_machine *machine);

/* Only starts it. Returns as qtest_try_start(). */
int bench_try_boot(struct bench *b, const struct bench_machine *machine);

/* Finds the device on socket @n in @qt, as after a reset of the machine. */
struct spi_driver *bench_find(struct bench *b, struct qtest *qt,
			      unsigned int n);

/*
 * The usual beginning: a daemon, a QEMU, its device driven with the
 * @features. Returns the driver.
 */
struct spi_driver *bench_start(void **state, uint64_t features);

#endif
