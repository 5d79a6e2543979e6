/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Two guests on one bus, simulated at the pace of its clock: neither keeps it
 * from the other, whatever it does.
 */
#include <endian.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

#define BUS	  "--device=sim:loopback,bus=a,timing=real,cs=spec"

/* A request on chip @chip that takes @ms. */
static struct spi_front_request lasts(uint8_t chip, uint32_t ms)
{
	static const uint8_t bytes[1u << 16];
	struct spi_front_request request = { .head = rig_head(1),
					     .tx = bytes,
					     .tx_len = ms };

	assert_true(ms <= sizeof(bytes));
	request.head.chip_select_id = chip;
	request.head.freq = htole32(8000);
	return request;
}

static uint16_t submit(struct spi_front *front,
		       const struct spi_front_request *request)
{
	uint16_t id;

	assert_int_equal(spi_front_submit(front, request, NULL, &id), 0);
	return id;
}

/* A minute of it, and the other guest has not so much time. */
static void long_transfer_is_cut_for_another_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a = rig_open(rig, 0), *b = rig_open(rig, 1);
	struct spi_front_request minute = lasts(0, 60000);
	struct spi_front_request moment = lasts(1, 1);
	uint16_t id = submit(a, &minute);

	/* It may come first, by chance. */
	for (int i = 0; i < 3; i++)
		rig_expect(b, &moment, OK);
	rig_expect_wait(a, id, 0, TRANS_ERR);
	assert_non_null(
		strstr(daemon_stderr(&rig->daemon), "longer than max-message"));
	/* The chip is released, and not harmed. */
	minute = lasts(0, 1);
	rig_expect(a, &minute, OK);
}

/* The guest holds its chip for the rest of a message, and sends nothing. */
static void long_hold_is_cut_for_another_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a = rig_open(rig, 0), *b = rig_open(rig, 1);
	struct spi_front_request part = lasts(0, 1), moment = lasts(1, 1);

	part.head.cs_change = 0;
	rig_expect(a, &part, OK);
	rig_expect(b, &moment, OK);
	assert_non_null(
		strstr(daemon_stderr(&rig->daemon), "longer than max-message"));
	rig_expect(a, &part, TRANS_ERR);
}

/* It goes on and on with its message, in good time. */
static void message_without_end_is_cut_for_another_guest(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a = rig_open(rig, 0), *b = rig_open(rig, 1);
	struct spi_front_request part = lasts(0, 5), moment = lasts(1, 1);
	struct spi_front_result result = { .status = OK };
	uint16_t id, cut;

	part.head.cs_change = 0;
	rig_expect(a, &part, OK);
	id = submit(b, &moment);
	do {
		cut = submit(a, &part);
		assert_int_equal(spi_front_wait(a, cut, &result), 0);
	} while (result.status == OK);
	assert_int_equal(result.status, TRANS_ERR);
	rig_expect_wait(b, id, 0, OK);
	assert_non_null(
		strstr(daemon_stderr(&rig->daemon), "longer than max-message"));
}

#define QUEUED 8

/*
 * One guest's messages last twenty times as long as the other's, and both
 * have some queued at all times. Taking turns, both would send as many.
 */
static void long_messages_get_no_more_time_than_short_ones(void **state)
{
	struct rig *rig = *state;
	struct spi_front *a = rig_open(rig, 0), *b = rig_open(rig, 1);
	struct spi_front_request longer = lasts(0, 60);
	struct spi_front_request shorter = lasts(1, 3);
	struct virtq_used_elem elem;
	uint16_t ids[QUEUED];
	unsigned int done = 0;

	for (int i = 0; i < 2 * QUEUED; i++)
		submit(a, &longer);
	for (int i = 0; i < QUEUED; i++)
		ids[i] = submit(b, &shorter);
	for (int i = 0; i < 60; i++) {
		rig_expect_wait(b, ids[i % QUEUED], 0, OK);
		ids[i % QUEUED] = submit(b, &shorter);
	}
	/* About three; the rest is for a slow machine. */
	while (!front_ring_take(&a->ring, &elem))
		done++;
	assert_in_range(done, 1, 12);
}

int main(void)
{
	static const char *const args[] = {
		BUS ",max-message=100,cs-hold=10000",
		BUS ",max-message=100,cs-hold=10000",
		NULL,
	};
	const struct CMUnitTest tests[] = {
		RIG_TEST_ARGS(long_transfer_is_cut_for_another_guest, args),
		RIG_TEST_ARGS(long_hold_is_cut_for_another_guest, args),
		RIG_TEST_ARGS(message_without_end_is_cut_for_another_guest,
			      args),
		RIG_TEST_ARGS(long_messages_get_no_more_time_than_short_ones,
			      args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
