/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Buffers in places where no memory is, in the wrong order, or too large:
 * each costs nothing but itself. And memory that goes away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define UNMAPPED    (UINT64_C(1) << 40)
#define MEM_END	    (SPI_FRONT_HIGH_ADDR + (16 << 20)) /* of guest memory */
#define HEAD_ADDR   (SPI_FRONT_HIGH_ADDR + (8 << 20))  /* a valid head */
#define DATA_ADDR   (HEAD_ADDR + 4096)
#define STATUS_ADDR (HEAD_ADDR + 8192)
#define HALF_GIB    (512u << 20)

#define READ(addr, len)          \
	{                        \
		addr, len, false \
	}
#define WRITE(addr, len)        \
	{                       \
		addr, len, true \
	}

static struct spi_front *open_hostile(struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	assert_int_equal(
		front_mem_write(&front->mem, HEAD_ADDR, &head, sizeof(head)),
		0);
	return front;
}

/* Runs the buffer. Returns the used length. */
static uint32_t run(struct spi_front *front, const struct front_segment *segs,
		    unsigned int count)
{
	struct virtq_used_elem elem;
	uint16_t head;

	assert_int_equal(
		front_ring_add(&front->ring, segs, count, count, &head), 0);
	spi_front_flush(front);
	assert_int_equal(
		front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS),
		0);
	assert_int_equal(front_ring_take(&front->ring, &elem), 0);
	assert_int_equal(elem.id, head);
	return elem.len;
}

/* Runs a buffer with a status at STATUS_ADDR: it must tell of an error. */
static void expect_error(struct spi_front *front,
			 const struct front_segment *segs, unsigned int count)
{
	uint8_t *status = front_mem_at(&front->mem, STATUS_ADDR, 1);

	*status = SPI_FRONT_UNWRITTEN;
	run(front, segs, count);
	assert_true(*status == VIRTIO_SPI_PARAM_ERR ||
		    *status == VIRTIO_SPI_TRANS_ERR);
	rig_check_loopback(front, 20);
}

static const uint64_t bad_addrs[] = {
	UNMAPPED,    0,	      SPI_FRONT_LOW_ADDR - 8,
	MEM_END - 8, MEM_END, UINT64_MAX - 15,
	UINT64_MAX,
};

#define BAD_ADDRS (sizeof(bad_addrs) / sizeof(bad_addrs[0]))

static void unmapped_head_gets_a_status(void **state)
{
	struct spi_front *front = open_hostile(*state);

	for (unsigned int i = 0; i < BAD_ADDRS; i++) {
		const struct front_segment segs[] = {
			READ(bad_addrs[i], 32),
			WRITE(STATUS_ADDR, 1),
		};

		expect_error(front, segs, 2);
	}
}

static void unmapped_tx_gets_a_status(void **state)
{
	struct spi_front *front = open_hostile(*state);

	for (unsigned int i = 0; i < BAD_ADDRS; i++) {
		const struct front_segment segs[] = {
			READ(HEAD_ADDR, 32),
			READ(bad_addrs[i], 16),
			WRITE(STATUS_ADDR, 1),
		};

		expect_error(front, segs, 3);
	}
}

static void likely_fault_of_a_driver_is_told_once(void **state)
{
	static const char hint[] = "has it on its stack";
	const struct front_segment segs[] = {
		READ(HEAD_ADDR, 32),
		READ(UNMAPPED, 16),
		WRITE(STATUS_ADDR, 1),
	};
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	const char *text;

	for (int i = 0; i < 3; i++)
		expect_error(front, segs, 3);
	text = strstr(daemon_stderr(&rig->daemon), hint);
	assert_non_null(text);
	assert_null(strstr(text + 1, hint));
}

static void unmapped_rx_gets_a_status(void **state)
{
	struct spi_front *front = open_hostile(*state);

	for (unsigned int i = 0; i < BAD_ADDRS; i++) {
		const struct front_segment segs[] = {
			READ(HEAD_ADDR, 32),
			WRITE(bad_addrs[i], 16),
			WRITE(STATUS_ADDR, 1),
		};

		expect_error(front, segs, 3);
	}
}

/* There is no place for the status: it is used, with no byte written. */
static void unmapped_status_is_used_with_length_0(void **state)
{
	struct spi_front *front = open_hostile(*state);
	const uint64_t addrs[] = { UNMAPPED, 0, SPI_FRONT_LOW_ADDR - 1, MEM_END,
				   UINT64_MAX };

	for (unsigned int i = 0; i < 5; i++) {
		const struct front_segment segs[] = {
			READ(HEAD_ADDR, 32),
			WRITE(DATA_ADDR, 16),
			WRITE(addrs[i], 1),
		};

		assert_int_equal(run(front, segs, 3), 0);
		rig_check_loopback(front, 20);
	}
}

static void readable_after_writable_gets_a_status(void **state)
{
	struct spi_front *front = open_hostile(*state);
	const struct front_segment between[] = {
		READ(HEAD_ADDR, 32),
		WRITE(DATA_ADDR, 16),
		READ(DATA_ADDR, 16),
		WRITE(STATUS_ADDR, 1),
	};
	const struct front_segment last[] = {
		READ(HEAD_ADDR, 32),
		WRITE(STATUS_ADDR, 1),
		READ(DATA_ADDR, 16),
	};
	const struct front_segment first[] = {
		WRITE(STATUS_ADDR, 1),
		READ(HEAD_ADDR, 32),
		READ(DATA_ADDR, 16),
	};

	expect_error(front, between, 4);
	expect_error(front, last, 3);
	expect_error(front, first, 3);
}

/* Lengths that only wrong arithmetic takes for mapped memory */
static void huge_lengths_get_a_status(void **state)
{
	static const uint32_t lens[] = { UINT32_MAX, UINT32_MAX - 15, 1u << 31,
					 16 << 20 };
	struct spi_front *front = open_hostile(*state);

	for (unsigned int i = 0; i < 4; i++) {
		const struct front_segment tx[] = {
			READ(HEAD_ADDR, 32),
			READ(DATA_ADDR, lens[i]),
			WRITE(STATUS_ADDR, 1),
		};
		const struct front_segment rx[] = {
			READ(HEAD_ADDR, 32),
			WRITE(DATA_ADDR, lens[i]),
			WRITE(STATUS_ADDR, 1),
		};

		expect_error(front, tx, 3);
		expect_error(front, rx, 3);
	}
}

/* Each descriptor is fine; together they are 640 MiB of the same memory. */
static void aliased_descriptors_cost_no_memory(void **state)
{
	enum {
		COUNT = 40
	};
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	struct front_segment segs[COUNT + 2] = { READ(HEAD_ADDR, 32) };
	unsigned long before;

	rig_check_loopback(front, 64 << 10);
	before = daemon_memory_kb(&rig->daemon);
	for (unsigned int i = 0; i < COUNT; i++)
		segs[i + 1] = (struct front_segment)READ(SPI_FRONT_HIGH_ADDR,
							 16 << 20);
	segs[COUNT + 1] = (struct front_segment)WRITE(STATUS_ADDR, 1);
	expect_error(front, segs, COUNT + 2);
	assert_true(daemon_memory_kb(&rig->daemon) < before + (64 << 10));
}

/* A chain of more than 2^32 bytes: refused, or the ring has broken. */
static void chain_above_4_gib_costs_no_memory(void **state)
{
	enum {
		COUNT = 16
	};
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	struct front_segment segs[COUNT + 2] = { READ(HEAD_ADDR, 32) };
	unsigned long before = daemon_memory_kb(&rig->daemon);
	struct virtq_used_elem elem;
	uint16_t head;
	int err;

	for (unsigned int i = 0; i < COUNT; i++)
		segs[i + 1] = (struct front_segment)READ(DATA_ADDR, HALF_GIB);
	segs[COUNT + 1] = (struct front_segment)WRITE(STATUS_ADDR, 1);
	assert_int_equal(
		front_ring_add(&front->ring, segs, COUNT + 2, COUNT + 2, &head),
		0);
	spi_front_flush(front);
	err = front_ring_wait(&front->ring, front->fe.fd, DAEMON_TIMEOUT_MS);
	if (err == -EIO)
		rig_recover_ring(front);
	else
		assert_int_equal(front_ring_take(&front->ring, &elem), 0);
	rig_check_loopback(front, 20);
	assert_true(daemon_memory_kb(&rig->daemon) < before + (64 << 10));
}

/* Head, tx and rx in one place: the head counts as it was first read. */
static void buffers_that_overlap_do_no_harm(void **state)
{
	struct spi_front *front = open_hostile(*state);
	const struct front_segment segs[] = {
		READ(HEAD_ADDR, 32),
		READ(HEAD_ADDR, 32),
		WRITE(HEAD_ADDR, 33),
	};

	assert_int_equal(run(front, segs, 3), 33);
	rig_check_loopback(front, 20);
}

/* The front end cuts the file while requests run. */
static void truncate_memory(struct spi_front *front, unsigned int region)
{
	assert_int_equal(ftruncate(front->mem.regions[region].fd, 0), 0);
}

/*
 * The daemon lives, and so does the other guest. What happens to the guest
 * that has no memory any more is not our concern, but it can come back.
 */
static void expect_only_its_own_harm(struct rig *rig)
{
	for (unsigned int i = 0; i < 5; i++)
		rig_check_loopback(&rig->fronts[1], 1000);
	daemon_check_alive(&rig->daemon);
	rig_close(rig, 0);
	rig_check_loopback(rig_open(rig, 0), 1000);
}

static void truncated_buffers_harm_only_their_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 4096 };
	struct spi_front_framing framing = { .out_addr = HEAD_ADDR,
					     .in_addr = DATA_ADDR };
	uint16_t id;

	need_fault_address();
	rig_check_loopback(rig_open(rig, 1), 1000);
	for (unsigned int i = 0; i < 15; i++)
		assert_int_equal(spi_front_add(front, &request, &framing, &id),
				 0);
	truncate_memory(front, 1);
	spi_front_flush(front); /* the ring is in the other region */
	expect_only_its_own_harm(rig);
}

static void truncated_ring_harms_only_its_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_hostile(rig);

	need_fault_address();
	rig_check_loopback(rig_open(rig, 1), 1000);
	truncate_memory(front, 0); /* so we may not touch the ring either */
	for (unsigned int i = 0; i < 100; i++)
		eventfd_write(front->ring.kick_fd, 1);
	expect_only_its_own_harm(rig);
}

static void memory_truncated_in_the_middle_of_traffic(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front;
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
					     1 << 20 };
	uint16_t id;

	need_fault_address();
	rig_check_loopback(rig_open(rig, 1), 1000);
	for (unsigned int round = 0; round < 10; round++) {
		front = open_hostile(rig);
		for (unsigned int i = 0; i < 8; i++)
			assert_int_equal(
				spi_front_add(front, &request, NULL, &id), 0);
		spi_front_flush(front);
		usleep(round * 200);
		truncate_memory(front, 1); /* where the large buffers are */
		expect_only_its_own_harm(rig);
		rig_close(rig, 0);
	}
}

/* A file that is shorter than its region from the start */
static void region_beyond_its_file_is_refused(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_connect(rig, 0);
	const struct spi_front_options *options = &front->options;
	int err;

	assert_int_equal(front_negotiate(&front->fe, options->features,
					 options->protocol),
			 0);
	truncate_memory(front, 1);
	assert_int_equal(front_add_region(&front->fe, &front->mem.regions[0]),
			 0);
	err = front_add_region(&front->fe, &front->mem.regions[1]);
	assert_int_equal(err, -EREMOTEIO);
	rig_check_control(front);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(unmapped_head_gets_a_status),
		RIG_TEST_BOTH(unmapped_tx_gets_a_status),
		RIG_TEST(likely_fault_of_a_driver_is_told_once),
		RIG_TEST_BOTH(unmapped_rx_gets_a_status),
		RIG_TEST_BOTH(unmapped_status_is_used_with_length_0),
		RIG_TEST_BOTH(readable_after_writable_gets_a_status),
		RIG_TEST_BOTH(huge_lengths_get_a_status),
		RIG_TEST_BOTH(aliased_descriptors_cost_no_memory),
		RIG_TEST_BOTH(chain_above_4_gib_costs_no_memory),
		RIG_TEST_BOTH(buffers_that_overlap_do_no_harm),
		RIG_TEST_BOTH(truncated_buffers_harm_only_their_guest),
		RIG_TEST_BOTH(truncated_ring_harms_only_its_guest),
		RIG_TEST_BOTH(memory_truncated_in_the_middle_of_traffic),
		RIG_TEST_BOTH(region_beyond_its_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
