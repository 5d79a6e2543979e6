/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A front end that migrates its guest: which pages the daemon marks. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "tests/lib/skip.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define PAGE FRONT_MEM_PAGE

/* Where the tests' buffers are, far behind what is allocated. */
#define OUT_AT (SPI_FRONT_HIGH_ADDR + 1024 * PAGE)
#define IN_AT  (SPI_FRONT_HIGH_ADDR + 1100 * PAGE)

/* A log that covers the front end's memory, and the address of a used ring. */
static void begin(struct spi_front *front, struct front_log *log)
{
	assert_int_equal(
		front_log_open(log, front_log_end(&front->mem), 4096 + 8), 0);
	assert_int_equal(front_set_log_base(&front->fe, log), 0);
}

static void begin_all(struct spi_front *front, struct front_log *log)
{
	begin(front, log);
	assert_int_equal(front_log_all(&front->fe, true), 0);
	assert_int_equal(front_log_vring(&front->fe, 0, &front->ring, true,
					 front->ring.used_addr),
			 0);
}

/* Full duplex, rx and status at @in. */
static void transfer(struct spi_front *front, uint64_t in, uint32_t len,
		     uint8_t status)
{
	static uint8_t tx[16 * PAGE];
	struct spi_front_framing framing = { .in_addr = in,
					     .out_addr = OUT_AT };
	struct spi_front_request request = {
		rig_head(status == VIRTIO_SPI_TRANS_OK ? 0 : 99),
		tx,
		len,
		NULL,
		len,
	};
	struct spi_front_result result;

	assert_true(len <= sizeof(tx));
	rig_pattern(tx, len, len);
	assert_int_equal(spi_front_transfer(front, &request, &framing, &result),
			 0);
	assert_int_equal(result.status, status);
	/* The ring's event field is written behind the transfer. */
	rig_check_control(front);
}

/*
 * Exactly the @count pages from @first on are marked, and @used, if it is not
 * 0. Takes them. The device may touch the used ring once more at any time.
 */
static void check_marks(struct front_log *log, uint64_t first,
			unsigned int count, uint64_t used)
{
	uint64_t other;

	for (unsigned int i = 0; i < count; i++)
		assert_true(front_log_take(log, first + i * PAGE));
	if (used)
		assert_true(front_log_take(log, used));
	while (front_log_find(log, &other)) {
		assert_true(used && other == (used & ~(uint64_t)(PAGE - 1)));
		front_log_take(log, other);
	}
}

static void transfer_marks_buffer_status_and_used_ring(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint64_t used = front->ring.used_addr;
	struct front_log log;

	begin_all(front, &log);
	/* The status is on the page behind. */
	transfer(front, IN_AT, 3 * PAGE, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, IN_AT, 4, used);
	transfer(front, IN_AT, 3 * PAGE - 1, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, IN_AT, 3, used);
	transfer(front, IN_AT + 7 * PAGE - 1, 2, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, IN_AT + 6 * PAGE, 2, used);
	/* What is cleared after an error is written, too. */
	transfer(front, IN_AT + 100, 5 * PAGE, VIRTIO_SPI_PARAM_ERR);
	check_marks(&log, IN_AT, 6, used);
	front_log_close(&log);
}

/* In two regions, and so in two pieces of the daemon's address space. */
static void transfer_over_a_border_of_regions_is_marked(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint64_t used = front->ring.used_addr;
	uint64_t in = SPI_FRONT_HIGH_ADDR - PAGE - 10;
	struct front_log log;

	begin_all(front, &log);
	transfer(front, in, PAGE, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, in, 2, used);
	front_log_close(&log);
}

static void logging_is_switched_while_the_ring_runs(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint64_t used = front->ring.used_addr;
	struct front_log log;

	begin(front, &log);
	for (int i = 0; i < 10; i++) {
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		check_marks(&log, 0, 0, 0);
		assert_int_equal(front_log_all(&front->fe, true), 0);
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		check_marks(&log, IN_AT, 1, 0);
		assert_int_equal(front_log_vring(&front->fe, 0, &front->ring,
						 true, used),
				 0);
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		check_marks(&log, IN_AT, 1, used);
		assert_int_equal(front_log_all(&front->fe, false), 0);
		front_log_clear(&log);
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		check_marks(&log, 0, 0, 0);
		assert_int_equal(
			front_log_vring(&front->fe, 0, &front->ring, false, 0),
			0);
	}
	front_log_close(&log);
}

/* Where no guest memory is: some front ends have a ring of their own. */
static void used_ring_is_marked_at_its_log_address(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_log log;

	begin_all(front, &log);
	assert_int_equal(
		front_log_vring(&front->fe, 0, &front->ring, true, 5 * PAGE),
		0);
	front_log_clear(&log);
	transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, IN_AT, 1, 5 * PAGE);
	front_log_close(&log);
}

/*
 * QEMU gives the address of the device's event suppression, others that of
 * the descriptors: the pages of both are written.
 */
static void packed_ring_is_marked_with_either_log_address(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_ring *ring = &front->ring;
	struct front_log log;

	begin_all(front, &log);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(front_log_vring(&front->fe, 0, ring, true,
						 i & 1 ? ring->desc_addr
						       : ring->used_addr),
				 0);
		transfer(front, IN_AT, 3 * PAGE, VIRTIO_SPI_TRANS_OK);
		assert_true(front_log_take(&log, ring->desc_addr));
		check_marks(&log, IN_AT, 4, ring->used_addr);
	}
	front_log_close(&log);
}

/* QEMU shows bit 26 to its guest, which may ack it. */
static void log_all_without_a_log_harms_nobody(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_log log;

	assert_int_equal(front_log_all(&front->fe, true), 0);
	assert_int_equal(front_log_vring(&front->fe, 0, &front->ring, true,
					 front->ring.used_addr),
			 0);
	rig_check_loopback(front, 3000);
	begin(front, &log);
	front_log_clear(&log);
	transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
	check_marks(&log, IN_AT, 1, front->ring.used_addr);
	front_log_close(&log);
}

static void log_that_does_not_cover_memory_is_refused(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_log log;

	assert_int_equal(front_log_open(&log, 1, 0), 0);
	assert_int_equal(front_set_log_base(&front->fe, &log), -EREMOTEIO);
	log.size = 1 << 20; /* longer than its file */
	assert_int_equal(front_set_log_base(&front->fe, &log), -EREMOTEIO);
	log.size = 8;
	assert_int_equal(front_log_all(&front->fe, true), 0);
	rig_check_loopback(front, 100);
	assert_int_equal(log.bits[0], 0);
	front_log_close(&log);
}

/* Its old form is a number, of which there is an ack at most. */
static void log_base_without_its_feature_is_nacked(void **state)
{
	struct spi_front_options options = rig_options(*state, 0);
	struct spi_front *front;

	options.protocol &= ~FRONT_BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD);
	front = rig_open_with(*state, 0, &options);
	assert_int_equal(
		front_end_set_u64(&front->fe, VHOST_USER_SET_LOG_BASE, 0),
		-EREMOTEIO);
	rig_check_loopback(front, 100);
}

static void log_cut_short_harms_nobody_and_fails_the_migration(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front *other = rig_open(rig, 1);
	struct front_log log, next;
	uint8_t blob[1000];
	uint32_t base;
	size_t size;

	need_fault_address();
	begin_all(front, &log);
	assert_int_equal(ftruncate(log.fd, 0), 0);
	for (int i = 0; i < 5; i++) {
		rig_check_loopback(front, 3000);
		rig_check_loopback(other, 3000);
	}
	daemon_check_alive(&rig->daemon);
	assert_int_equal(
		front_save_state(&front->fe, blob, sizeof(blob), &size),
		-EREMOTEIO);
	/* The next attempt can succeed. */
	begin(front, &next);
	transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
	check_marks(&next, IN_AT, 1, front->ring.used_addr);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(
		front_save_state(&front->fe, blob, sizeof(blob), &size), 0);
	front_log_close(&log);
	front_log_close(&next);
}

static void log_is_replaced_while_requests_run(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
					     100000 };
	struct front_log logs[10];
	unsigned int before = daemon_fds(&rig->daemon);
	uint16_t id;

	if (daemon_is_kept())
		skip_because("the keeper holds the log's descriptor");
	begin_all(front, &logs[0]);
	for (int i = 1; i < 10; i++) {
		assert_int_equal(spi_front_submit(front, &request, NULL, &id),
				 0);
		begin(front, &logs[i]);
		rig_expect_wait(front, id, 100000, VIRTIO_SPI_TRANS_OK);
		front_log_clear(&logs[i]);
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		check_marks(&logs[i], IN_AT, 1, front->ring.used_addr);
	}
	daemon_expect_fds(&rig->daemon, before);
	for (int i = 0; i < 10; i++)
		front_log_close(&logs[i]);
}

static void log_eventfd_is_signalled(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd pfd = { .fd = event, .events = POLLIN };
	struct front_log log;

	begin_all(front, &log);
	assert_int_equal(front_set_log_fd(&front->fe, event), 0);
	for (int i = 0; i < 3; i++) {
		transfer(front, IN_AT, 100, VIRTIO_SPI_TRANS_OK);
		assert_int_equal(poll(&pfd, 1, DAEMON_TIMEOUT_MS), 1);
		front_ring_signalled(event);
	}
	close(event);
	front_log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(transfer_marks_buffer_status_and_used_ring),
		RIG_TEST(transfer_over_a_border_of_regions_is_marked),
		RIG_TEST(logging_is_switched_while_the_ring_runs),
		RIG_TEST(used_ring_is_marked_at_its_log_address),
		RIG_TEST_PACKED(packed_ring_is_marked_with_either_log_address),
		RIG_TEST(log_all_without_a_log_harms_nobody),
		RIG_TEST(log_that_does_not_cover_memory_is_refused),
		RIG_TEST(log_base_without_its_feature_is_nacked),
		RIG_TEST(log_cut_short_harms_nobody_and_fails_the_migration),
		RIG_TEST(log_is_replaced_while_requests_run),
		RIG_TEST(log_eventfd_is_signalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
