/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* When the driver is called for what was done, and how often. */
#include <endian.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/test.h"

#define OK    VIRTIO_SPI_TRANS_OK
#define COUNT 8

static const uint8_t bytes[FIXTURE_MAX_PIECE];

/* A request that takes @us on the bus: 8 bits each us. */
static struct transfer lasting(uint32_t us)
{
	struct transfer t = {
		.head = service_head(0, 1),
		.tx = bytes,
		.tx_len = us,
	};

	t.head.freq = htole32(8000000);
	return t;
}

static bool was_called(struct test_guest *g)
{
	return front_ring_signalled(g->ring.call_fd);
}

/* A step. What a call takes on this machine must not count. */
static enum spi_progress step(struct test_guest *g, uint64_t now)
{
	g->service.pace = (struct call_pace){ 0 };
	return spi_service_serve(&g->service, now);
}

/* Takes all steps at the time @now. */
static void run_at(struct test_guest *g, uint64_t now)
{
	while (step(g, now) == SPI_MORE)
		;
}

/* Runs the next request. */
static void run_one_at(struct test_guest *g, uint64_t now)
{
	do
		assert_int_equal(step(g, now), SPI_MORE);
	while (g->service.job.phase != JOB_NONE);
}

static void call(struct test_guest *g)
{
	spi_service_settle(&g->service);
}

TEST_WITH(request_is_served_in_one_go, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = lasting(1);

	guest_add(g, &t);
	assert_int_equal(spi_service_serve(&g->service, NS_PER_S), SPI_MORE);
	assert_int_equal(g->service.job.phase, JOB_NONE);
	guest_collect(g);
	transfer_check(&t, OK);
	assert_int_equal(spi_service_serve(&g->service, NS_PER_S), SPI_IDLE);
}

/* The worker breaks the ring then, before anything is sent. */
TEST_WITH(nothing_is_served_of_memory_that_is_gone, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = lasting(1);

	guest_add(g, &t);
	g->session.mem.broken = 1;
	assert_int_equal(spi_service_serve(&g->service, NS_PER_S), SPI_MORE);
	assert_int_equal(g->service.job.phase, JOB_QUEUED);
	assert_null(f->buses[0].bus.owner);
	g->session.mem.broken = 0;
	assert_int_equal(spi_service_serve(&g->service, NS_PER_S), SPI_MORE);
	guest_collect(g);
	transfer_check(&t, OK);
}

/* It comes with the last one, before the ring is looked at again. */
TEST_WITH(requests_that_are_done_together_have_one_call,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t[COUNT];

	front_ring_want_call(&g->ring, 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		t[i] = lasting(1);
		guest_add(g, &t[i]);
	}
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_false(was_called(g));
		run_one_at(g, NS_PER_S);
		/* Who looks sees it. */
		guest_collect(g);
		transfer_check(&t[i], OK);
	}
	assert_true(was_called(g));
	run_at(g, NS_PER_S);
	call(g);
	assert_false(was_called(g));
}

TEST_WITH(call_that_is_due_comes_before_a_wait, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = lasting(1), second = lasting(1);

	front_ring_want_call(&g->ring, 0);
	guest_add(g, &first);
	guest_add(g, &second);
	run_one_at(g, NS_PER_S);
	assert_false(was_called(g));
	call(g);
	assert_true(was_called(g));
	call(g);
	assert_false(was_called(g));
}

TEST_WITH(driver_that_wants_no_call_has_none, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	front_ring_want_no_call(&g->ring);
	guest_tx(g, 0, 1, bytes, 1, OK);
	call(g);
	assert_false(was_called(g));
}

TEST_WITH(call_comes_in_time_while_requests_go_on, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t[COUNT];
	uint64_t now = NS_PER_S;

	front_ring_want_call(&g->ring, 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		t[i] = lasting(1);
		guest_add(g, &t[i]);
	}
	run_one_at(g, now);
	run_one_at(g, now + CALL_PACE_NS - 1);
	assert_false(was_called(g));
	/* The time counts from the first that was not told. */
	now += CALL_PACE_NS;
	run_one_at(g, now);
	assert_true(was_called(g));
	run_one_at(g, now);
	run_one_at(g, now + CALL_PACE_NS - 1);
	assert_false(was_called(g));
	run_at(g, now + CALL_PACE_NS);
	assert_true(was_called(g));
}

/* A step calls for those before, and then ends a request itself. */
TEST_WITH(request_that_ends_with_a_call_has_time_for_its_own,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t[] = { lasting(1), lasting(1), lasting(1) };
	uint64_t now = NS_PER_S;

	front_ring_want_call(&g->ring, 0);
	for (unsigned int i = 0; i < 3; i++)
		guest_add(g, &t[i]);
	run_one_at(g, now);
	while (g->service.job.phase != JOB_RUNS)
		assert_int_equal(spi_service_step(&g->service, now), SPI_MORE);
	now += CALL_PACE_NS;
	assert_int_equal(spi_service_step(&g->service, now), SPI_MORE);
	assert_int_equal(g->service.job.phase, JOB_NONE);
	assert_true(was_called(g));
	assert_int_equal(spi_service_step(&g->service, now), SPI_MORE);
	assert_false(was_called(g));
	run_at(g, now);
	assert_true(was_called(g));
}

struct look {
	struct test_guest *guest;
	bool called; /* before or in the piece */
};

static void look(void *opaque)
{
	struct look *l = opaque;

	l->called = was_called(l->guest);
}

TEST_WITH(call_comes_before_a_long_transfer, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer quick = lasting(1), slow = lasting(100);
	struct look l = { .guest = g };

	f->chips[0].slow_ms = 1;
	f->chips[0].hook = look;
	f->chips[0].opaque = &l;
	front_ring_want_call(&g->ring, 0);
	guest_add(g, &quick);
	guest_add(g, &slow);
	run_one_at(g, NS_PER_S);
	assert_false(l.called);
	run_one_at(g, NS_PER_S);
	assert_true(l.called);
	assert_true(was_called(g));
}

/* As a simulated one may be. */
TEST_WITH(chip_that_does_not_keep_to_its_clock_delays_no_call,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t[COUNT];
	unsigned int calls = 0;

	front_ring_want_call(&g->ring, 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		t[i] = lasting(100);
		guest_add(g, &t[i]);
	}
	for (unsigned int i = 0; i < COUNT; i++) {
		/* A busy machine makes it slow once. */
		f->guests[0].chips[0].is_quick = i > 0;
		run_one_at(g, NS_PER_S);
		calls += was_called(g);
	}
	assert_int_equal(calls, 1); /* with the last one */
}

TEST_WITH(request_that_fails_calls_before_it_is_cleared,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer good = lasting(1), bad = lasting(1);

	front_ring_want_call(&g->ring, 0);
	bad.head.mode = htole32(1u << 31);
	guest_add(g, &good);
	guest_add(g, &bad);
	run_one_at(g, NS_PER_S);
	assert_false(was_called(g));
	run_one_at(g, NS_PER_S);
	assert_true(was_called(g));
}

TEST_MAIN(service_setup, service_teardown)
