/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the service counts: each thing once, and on the right account. */
#include <errno.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define PARAM_ERR VIRTIO_SPI_PARAM_ERR
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

static const struct guest_stats *stats(const struct test_guest *g)
{
	return &g->service.stats;
}

/* @done requests, and one of each error that is a bit of @errors. */
static void check_requests(const struct test_guest *g, uint64_t done,
			   unsigned int errors)
{
	assert_int_equal(counter_get(&stats(g)->done), done);
	for (unsigned int i = 0; i < REQUEST_ERRORS; i++)
		assert_int_equal(counter_get(&stats(g)->errors[i]),
				 errors >> i & 1);
}

static void check_device(const struct service_fixture *f, unsigned int chip,
			 uint64_t requests, uint64_t sent, uint64_t received)
{
	const struct device_stats *s = &f->handles[chip].stats;

	assert_int_equal(counter_get(&s->requests), requests);
	assert_int_equal(counter_get(&s->sent), sent);
	assert_int_equal(counter_get(&s->received), received);
}

static uint64_t turns(const struct test_guest *g)
{
	assert_int_equal(counter_get(&stats(g)->turn.waits_since), 0);
	assert_int_equal(counter_get(&stats(g)->turn.holds_since), 0);
	assert_int_equal(counter_get(&stats(g)->turn.turns),
			 stats_turns(&stats(g)->turn));
	return stats_turns(&stats(g)->turn);
}

static void settle(struct test_guest *g)
{
	spi_service_tick(&g->service, CLOCK_NEVER - 1);
}

TEST_WITH(bytes_of_all_directions_are_counted, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer both = { .head = service_head(0, 1),
				 .tx = "abcdefg",
				 .tx_len = 7,
				 .rx_len = 7 };

	guest_tx(g, 0, 1, "abc", 3, OK);
	guest_rx(g, 2, 1, 1000, OK); /* in pieces */
	guest_do(g, &both, OK);
	check_requests(g, 3, 0);
	assert_int_equal(counter_get(&stats(g)->sent), 10);
	assert_int_equal(counter_get(&stats(g)->received), 1007);
	check_device(f, 0, 2, 10, 7);
	check_device(f, 1, 0, 0, 0);
	check_device(f, 2, 1, 0, 1000);
	assert_int_equal(turns(g), 3);
	check_requests(&f->guests[1], 0, 0);
}

TEST_WITH(message_is_one_turn, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	assert_int_not_equal(counter_get(&stats(g)->turn.holds_since), 0);
	guest_rx(g, 0, 0, 4, OK);
	assert_int_equal(turns(g), 1);
	assert_int_equal(counter_get(&f->handles[0].stats.hold_ns),
			 counter_get(&stats(g)->turn.hold_ns));
	assert_int_equal(counter_get(&f->guests[0].chips[0].hold_ns),
			 counter_get(&stats(g)->turn.hold_ns));
}

TEST_WITH(refused_request_reaches_no_device, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_rx(g, FIXTURE_CHIPS, 1, 4, PARAM_ERR);
	check_requests(g, 0, 1u << REQUEST_REFUSED);
	check_device(f, 0, 0, 0, 0);
	assert_int_equal(counter_get(&stats(g)->received), 0);
	assert_int_equal(turns(g), 0);
}

/* In its third piece of 256 bytes: two were moved. */
TEST_WITH(error_of_the_device_is_its_own_too, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->chips[0].fail_at = 3;
	f->chips[0].error = -EIO;
	guest_rx(g, 0, 1, 2000, TRANS_ERR);
	check_requests(g, 0, 1u << REQUEST_DEVICE);
	check_device(f, 0, 1, 0, 1024);
	assert_int_equal(counter_get(&f->handles[0].stats.errors), 1);
	assert_int_equal(turns(g), 1);
}

TEST_WITH(rest_of_a_failed_message_is_lost, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t[2];

	service_set_framing(f, "spec");
	f->chips[0].fail_at = 1;
	f->chips[0].error = -EIO;
	for (unsigned int i = 0; i < 2; i++) {
		t[i] = (struct transfer){ .head = service_head(0, i == 1),
					  .rx_len = 4 };
		guest_add(g, &t[i]);
	}
	guest_run(g);
	guest_collect(g);
	check_requests(g, 0, 1u << REQUEST_DEVICE | 1u << REQUEST_LOST);
	check_device(f, 0, 1, 0, 0);
	assert_int_equal(turns(g), 1);
}

TEST_WITH(missing_memory_is_not_the_devices_error, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	f->chips[0].fail_at = 1;
	f->chips[0].error = -EFAULT;
	guest_rx(g, 0, 1, 4, TRANS_ERR);
	check_requests(g, 0, 1u << REQUEST_MEMORY);
	assert_int_equal(counter_get(&f->handles[0].stats.errors), 0);
}

TEST_WITH(hold_that_runs_out_is_counted_and_so_is_the_late_rest,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	spi_service_tick(&g->service, spi_service_deadline(&g->service));
	assert_int_equal(counter_get(&stats(g)->cuts[CUT_HOLD]), 1);
	assert_int_equal(turns(g), 1);
	guest_rx(g, 0, 0, 4, TRANS_ERR);
	check_requests(g, 1, 1u << REQUEST_LOST);
}

static void begin_long_transfer(struct service_fixture *f, struct transfer *t)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	static struct transfer other;

	*t = (struct transfer){ .head = service_head(0, 1),
				.rx_len = 4 * FIXTURE_MAX_PIECE };
	other = (struct transfer){ .head = service_head(1, 1), .rx_len = 4 };
	guest_add(a, t);
	while (f->chips[0].count < 1)
		guest_step(a);
	guest_add(b, &other);
	assert_int_equal(guest_run(b), SPI_WAIT);
	assert_int_not_equal(counter_get(&stats(b)->turn.waits_since), 0);
	assert_int_equal(counter_get(&stats(b)->turn.chip), 1);
}

TEST_WITH(message_that_is_too_long_is_counted, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	begin_long_transfer(f, &t);
	a->service.message.user.since = 0;
	guest_run(a);
	guest_run(b);
	settle(b);
	guest_collect(b);
	check_requests(a, 0, 1u << REQUEST_TOO_LONG);
	assert_int_equal(counter_get(&stats(a)->cuts[CUT_MAX_MESSAGE]), 1);
	assert_int_equal(counter_get(&f->handles[0].stats.errors), 0);
	check_requests(b, 1, 0);
	assert_int_equal(turns(a), 1);
	assert_int_equal(turns(b), 1);
	assert_true(counter_get(&stats(b)->turn.wait_ns) > 0);
	assert_int_equal(counter_get(&f->buses[0].stats.owner_changes), 2);
}

TEST_WITH(hold_that_is_too_long_is_counted, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t = { .head = service_head(1, 1), .rx_len = 4 };

	guest_tx(a, 0, 0, "a", 1, OK);
	guest_add(b, &t);
	assert_int_equal(guest_run(b), SPI_WAIT);
	a->service.message.user.since = 0;
	spi_service_tick(&a->service, clock_now());
	assert_int_equal(counter_get(&stats(a)->cuts[CUT_MAX_MESSAGE]), 1);
	assert_int_equal(counter_get(&stats(a)->cuts[CUT_HOLD]), 0);
	assert_int_equal(turns(a), 1);
	guest_run(b);
	settle(b);
	guest_collect(b);
	transfer_check(&t, OK);
}

TEST_WITH(transfer_that_is_stopped_is_counted, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0];
	struct transfer t;

	begin_long_transfer(f, &t);
	spi_service_abort(&a->service);
	guest_collect(a);
	transfer_check(&t, TRANS_ERR);
	check_requests(a, 0, 1u << REQUEST_STOPPED);
	assert_int_equal(turns(a), 1);
}

TEST_WITH(request_that_is_given_back_is_no_turn, struct service_fixture *f)
{
	struct test_guest *a = &f->guests[0], *b = &f->guests[1];
	struct transfer t;

	begin_long_transfer(f, &t);
	spi_service_ops.quiesce(&b->service, 0);
	check_requests(b, 0, 0);
	assert_int_equal(turns(b), 0);
	check_device(f, 1, 0, 0, 0);
	guest_run(a);
	guest_collect(a);
}

TEST_WITH(request_of_unknown_outcome_is_counted, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1), .rx_len = 4 };
	struct vhost_ring *ring = &g->session.rings[0];
	static uint64_t region[512];

	inflight_restart(&ring->inflight, &ring->vring, region, FIXTURE_RING, 0,
			 0);
	ring->inflight.begun = true;
	guest_do(g, &t, TRANS_ERR);
	check_requests(g, 0, 1u << REQUEST_UNKNOWN);
	check_device(f, 0, 0, 0, 0);
}

/* The bus was free all the time: the chip was what it waited for. */
TEST_WITH(inactive_delay_is_no_wait_for_the_bus, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 1), .rx_len = 4 };
	uint64_t now = clock_now();

	f->handles[0].quiet_until = now + NS_PER_S;
	guest_add(g, &t);
	guest_step(g);
	assert_int_equal(spi_service_step(&g->service, now), SPI_WAIT);
	assert_int_equal(spi_service_step(&g->service, now + NS_PER_S),
			 SPI_MORE);
	f->handles[0].quiet_until = 0;
	guest_run(g);
	guest_collect(g);
	transfer_check(&t, OK);
	assert_int_equal(counter_get(&stats(g)->turn.wait_ns), 0);
	assert_int_equal(turns(g), 1);
}

TEST_MAIN(service_setup, service_teardown)
