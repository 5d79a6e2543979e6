/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Requests that a device before this one may have run. */
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

/* The next request that is popped was begun by another device. */
static void lose_next(struct test_guest *g)
{
	static uint64_t region[512];
	struct vhost_ring *ring = &g->session.rings[0];

	assert_true(inflight_bytes(false, FIXTURE_RING) <= sizeof(region));
	inflight_restart(&ring->inflight, &ring->vring, region, FIXTURE_RING, 0,
			 0);
	ring->inflight.begun = true;
}

TEST_WITH(unknown_outcome_is_an_error_and_not_run, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer write = { .head = service_head(0, 0),
				  .tx = "\x9f",
				  .tx_len = 1 };
	struct transfer rest = { .head = service_head(0, 0), .rx_len = 8 };
	struct transfer next = { .head = service_head(0, 0), .rx_len = 8 };

	lose_next(g);
	guest_add(g, &write);
	guest_add(g, &rest);
	guest_run(g);
	guest_collect(g);
	transfer_check(&write, TRANS_ERR);
	transfer_check(&rest, TRANS_ERR);
	transfer_check_cleared(g, &rest);
	assert_int_equal(f->chips[0].count, 0);
	guest_do(g, &next, OK);
	assert_int_equal(f->chips[0].count, 1);
}

TEST_WITH(unknown_outcome_is_run_with_replay, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	g->service.replay = true;
	lose_next(g);
	guest_rx(g, 0, 0, 8, OK);
	assert_int_equal(f->chips[0].count, 1);
	assert_false(g->session.rings[0].inflight.begun);
}

TEST_MAIN(service_setup, service_teardown)
