/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest 0 moves to where guest 1 is. */
#include <errno.h>
#include <string.h>

#include "spi-daemon/transfer/spi_state.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static const uint8_t pattern[4] = { 1, 2, 3, 4 };

static int move(struct service_fixture *f)
{
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	uint32_t size = spi_state_save(&f->guests[0].service, blob);

	return spi_state_load(&f->guests[1].service, blob, size);
}

static void still(struct test_guest *g)
{
	spi_service_ops.quiesce(&g->service, 0);
	guest_collect(g);
}

TEST_WITH(rest_of_a_cut_message_fails_on_the_other_host,
	  struct service_fixture *f)
{
	guest_tx(&f->guests[0], 0, 0, pattern, 4, OK); /* a read may follow */
	still(&f->guests[0]);
	assert_int_equal(move(f), 0);
	spi_service_abort(&f->guests[0].service);
	guest_rx(&f->guests[1], 0, 0, 4, TRANS_ERR);
	/* And no more than that. */
	guest_tx(&f->guests[1], 0, 0, pattern, 4, OK);
	guest_rx(&f->guests[1], 0, 0, 4, OK);
}

/* Asked while a chip is held: it will not be held there. */
TEST_WITH(open_message_is_saved_as_cut, struct service_fixture *f)
{
	guest_tx(&f->guests[0], 0, 0, pattern, 4, OK);
	assert_int_equal(move(f), 0);
	still(&f->guests[0]);
	guest_rx(&f->guests[1], 0, 0, 4, TRANS_ERR);
}

/* The destination goes on where the source stopped, and sends all of it. */
TEST_WITH(kept_parts_go_on_on_the_other_host, struct service_fixture *f)
{
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	uint32_t size;

	service_set_framing(f, "nor");
	guest_tx(&f->guests[0], 0, 0, "\x0b", 1, OK);
	guest_tx(&f->guests[0], 0, 0, "\1\2\3\0", 4, OK);
	still(&f->guests[0]);
	size = spi_state_save(&f->guests[0].service, blob);
	assert_int_equal(spi_state_load(&f->guests[1].service, blob, size), 0);
	guest_rx(&f->guests[1], 0, 0, 16, OK);
	assert_int_equal(f->chips[0].selects, 1);
	assert_memory_equal(f->chips[0].sent, "\x0b\1\2\3\0", 5);
}

/* The chip has another table there: nobody knows what the rest would mean. */
TEST_WITH(kept_parts_that_the_other_host_reads_otherwise_are_cut,
	  struct service_fixture *f)
{
	static const char *const others[] = { "eeprom", "nand", "spec" };
	uint8_t blob[VHOST_DEVICE_STATE_MAX];
	uint32_t size;

	for (size_t i = 0; i < 3; i++) {
		struct spi_service *to = &f->guests[1].service;

		service_set_framing(f, "nor");
		guest_tx(&f->guests[0], 0, 0, "\x32", 1, OK);
		guest_tx(&f->guests[0], 0, 0, "\1\2\3", 3, OK);
		still(&f->guests[0]);
		size = spi_state_save(&f->guests[0].service, blob);
		spi_service_abort(&f->guests[0].service);
		service_set_framing(f, others[i]);
		assert_int_equal(spi_state_load(to, blob, size), 0);
		guest_tx(&f->guests[1], 0, 1, "data", 4, TRANS_ERR);
		assert_int_equal(f->chips[0].sent_len, 0);
		spi_service_abort(to);
	}
}

/* It may come from anyone. */
TEST_WITH(kept_parts_that_no_guest_can_have_sent_are_refused,
	  struct service_fixture *f)
{
	struct spi_service *to = &f->guests[1].service;
	uint8_t good[VHOST_DEVICE_STATE_MAX], bad[VHOST_DEVICE_STATE_MAX];
	static const struct {
		unsigned int at;
		uint8_t value;
	} rows[] = {
		{ 0, 1 },   { 1, 0x0c }, { 3, 0 },  { 3, 1 },  { 3, 3 },
		{ 3, 255 }, { 8, 6 },	 { 16, 1 }, { 17, 0 }, { 17, 99 },
		{ 24, 99 }, { 48, 0 },	 { 48, 2 }, { 49, 1 }, { 50, 1 },
	};
	uint32_t size;

	service_set_framing(f, "nor");
	guest_tx(&f->guests[0], 0, 0, "\x0b", 1, OK);
	guest_tx(&f->guests[0], 0, 0, "\1\2\3\0", 4, OK);
	size = spi_state_save(&f->guests[0].service, good);
	for (uint32_t i = 0; i < size; i++)
		assert_int_equal(spi_state_load(to, good, i), -EINVAL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(bad, good, size);
		bad[rows[i].at] = rows[i].value;
		if (spi_state_load(to, bad, size) != -EINVAL)
			fail_msg("byte %u, value %u", rows[i].at,
				 rows[i].value);
	}
	assert_int_equal(spi_state_load(to, good, size), 0);
	guest_rx(&f->guests[1], 0, 0, 16, OK);
}

TEST_WITH(finished_message_leaves_nothing_behind, struct service_fixture *f)
{
	guest_tx(&f->guests[0], 0, 1, pattern, 4, OK);
	still(&f->guests[0]);
	assert_int_equal(move(f), 0);
	guest_rx(&f->guests[1], 0, 0, 4, OK);
}

TEST_WITH(state_that_makes_no_sense_is_refused, struct service_fixture *f)
{
	struct spi_service *to = &f->guests[1].service;
	uint8_t good[VHOST_DEVICE_STATE_MAX], bad[VHOST_DEVICE_STATE_MAX];
	uint32_t size = spi_state_save(&f->guests[0].service, good);
	static const unsigned int checked[] = { 0, 2, 3, 7 };
	const uint32_t shown = (FIXTURE_CHIPS + 3) / 4;

	/* What was shown of the chips may follow. */
	for (uint32_t i = 0; i < VHOST_DEVICE_STATE_MAX; i++)
		if (i != size && i != size + shown && i != size + 2 * shown)
			assert_int_equal(spi_state_load(to, good, i), -EINVAL);
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(bad, good, size);
		bad[checked[i]] = 3;
		assert_int_equal(spi_state_load(to, bad, size), -EINVAL);
	}
	memcpy(bad, good, size);
	bad[6] = FIXTURE_CHIPS;
	assert_int_equal(spi_state_load(to, bad, size), -EINVAL);
	assert_int_equal(spi_state_load(to, good, size), 0);
}

TEST_WITH(busy_service_takes_no_state, struct service_fixture *f)
{
	guest_tx(&f->guests[1], 0, 0, pattern, 4, OK);
	assert_int_equal(move(f), -EINVAL);
	still(&f->guests[1]);
	assert_int_equal(move(f), 0);
}

TEST_MAIN(service_setup, service_teardown)
