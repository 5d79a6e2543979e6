/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The example back end with QEMU's vhost-user-rng-pci. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/example/rng_process.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/qtest/driver_ring.h"
#include "tests/qtest/qtest.h"
#include "tests/qtest/virtio_pci.h"
#include "virtio/ring/virtio_wire.h"

#define VIRTIO_ID_RNG 4

#define SLOT	      0x10u /* of the device on PCI bus 0 */
#define RING	      UINT64_C(0x100000)
#define BUFFERS	      UINT64_C(0x200000)
#define BUFFER_BYTES  64u

struct machine {
	struct rng_process rng;
	struct qtest qt;
	struct virtio_pci pci;
	struct driver_ring ring;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct machine));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	assert_int_equal(qtest_stop(&m->qt), 0);
	if (m->rng.pid > 0)
		rng_stop(&m->rng);
	free(m);
	return 0;
}

static void boot(struct machine *m)
{
	char chardev[128];
	const char *const args[] = {
		"-chardev", chardev,
		"-device",  "vhost-user-rng-pci,chardev=rng,addr=0x10",
		NULL,
	};

	qtest_need_kit();
	rng_start(&m->rng);
	snprintf(chardev, sizeof(chardev), "socket,id=rng,path=%s",
		 m->rng.socket);
	m->qt.peer_log = m->rng.log;
	qtest_start(&m->qt, args);
	virtio_pci_open(&m->pci, &m->qt, SLOT, VIRTIO_ID_RNG);
}

/* Starts the device as a driver does that wants @features. */
static void start_driver(struct machine *m, uint64_t features)
{
	uint8_t status;

	features |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
	assert_int_equal(features & ~virtio_pci_features(&m->pci), 0);
	features |= virtio_pci_features(&m->pci) &
		    VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM);
	status = virtio_pci_negotiate(&m->pci, features);
	assert_true(status & VIRTIO_FEATURES_OK);
	driver_ring_init(&m->ring, &m->qt, RING, virtio_pci_queue_size(&m->pci),
			 features);
	virtio_pci_set_queue(&m->pci, &m->ring.queue);
	virtio_pci_go(&m->pci);
}

static void wait_interrupt(struct machine *m)
{
	int64_t deadline = process_now_ms() + QTEST_MS;

	while (!(virtio_pci_isr(&m->pci) & VIRTIO_ISR_QUEUE)) {
		if (process_now_ms() > deadline)
			qtest_fail(&m->qt, "no interrupt");
		process_sleep_ms(1);
	}
}

/* One buffer is filled: it was zeros before. */
static void check_fill(struct machine *m, unsigned int number)
{
	const uint8_t zeros[BUFFER_BYTES] = { 0 };
	struct driver_segment segment = {
		.addr = BUFFERS + (number % 8) * BUFFER_BYTES,
		.len = BUFFER_BYTES,
		.write = true,
	};
	uint8_t bytes[BUFFER_BYTES];
	uint32_t len = 0;
	uint16_t id, used;

	qtest_memset(&m->qt, segment.addr, 0, BUFFER_BYTES);
	driver_ring_want_interrupt(&m->ring);
	id = driver_ring_add(&m->ring, &segment, 1);
	virtio_pci_kick(&m->pci);
	/* QEMU may interrupt when a ring starts, too. */
	do
		wait_interrupt(m);
	while (!driver_ring_take(&m->ring, &used, &len));
	assert_int_equal(used, id);
	assert_int_equal(len, BUFFER_BYTES);
	qtest_read(&m->qt, segment.addr, bytes, sizeof(bytes));
	assert_memory_not_equal(bytes, zeros, sizeof(bytes));
}

TEST_WITH(buffers_are_filled_when_rings_are_of_each_kind, struct machine *m)
{
	static const uint64_t kinds[] = {
		0,
		VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) |
			VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
		VIRTIO_BIT(VIRTIO_F_RING_PACKED),
		VIRTIO_BIT(VIRTIO_F_RING_PACKED) |
			VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) |
			VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
	};

	boot(m);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		print_message("features 0x%llx\n",
			      (unsigned long long)kinds[i]);
		start_driver(m, kinds[i]);
		for (unsigned int n = 0; n < 20; n++)
			check_fill(m, n);
	}
	assert_string_equal(qtest_log(&m->qt), "");
}

TEST_WITH(device_works_after_a_reset_of_the_machine, struct machine *m)
{
	boot(m);
	for (unsigned int i = 0; i < 3; i++) {
		start_driver(m, 0);
		check_fill(m, i);
		qtest_execute(&m->qt, "system_reset");
		virtio_pci_open(&m->pci, &m->qt, SLOT, VIRTIO_ID_RNG);
	}
}

TEST_MAIN(setup, teardown)
