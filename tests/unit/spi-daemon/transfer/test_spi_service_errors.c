/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What goes wrong with a request costs that request, or its message. */
#include <endian.h>
#include <errno.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/fixture/service_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/session_rings.h"

#define OK	  VIRTIO_SPI_TRANS_OK
#define PARAM_ERR VIRTIO_SPI_PARAM_ERR
#define TRANS_ERR VIRTIO_SPI_TRANS_ERR

TEST_WITH(every_host_error_is_a_trans_err, struct service_fixture *f)
{
	static const int errors[] = { EIO,    ETIMEDOUT, ESHUTDOWN, ENODEV,
				      EINVAL, EMSGSIZE,	 EFAULT,    ENOMEM };
	struct fake_chip *chip = &f->chips[0];

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct transfer t = { .head = service_head(0, 0),
				      .rx_len = 1200,
				      .rx_seg = 100 };

		chip->fail_at = chip->count + 1 + (unsigned int)i % 3;
		chip->error = -errors[i];
		guest_do(&f->guests[0], &t, TRANS_ERR);
		transfer_check_cleared(&f->guests[0], &t);
		assert_false(chip->selected);
		assert_null(f->buses[0].bus.owner);
		guest_rx(&f->guests[0], 0, 0, 1, OK);
	}
}

/* Those parsed by spi_validate() have tests of their own. */
TEST_WITH(refused_requests_leave_no_data_behind, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer no_chip = { .head = service_head(FIXTURE_CHIPS, 0),
				    .rx_len = 64 };
	struct transfer uneven = { .head = service_head(0, 0),
				   .tx = "abc",
				   .tx_len = 3,
				   .rx_len = 64,
				   .rx_seg = 7 };
	struct transfer empty = { .head = service_head(0, 0) };

	guest_do(g, &no_chip, PARAM_ERR);
	transfer_check_cleared(g, &no_chip);
	guest_do(g, &uneven, PARAM_ERR);
	transfer_check_cleared(g, &uneven);
	guest_do(g, &empty, PARAM_ERR);
	assert_int_equal(f->chips[0].count, 0);
	guest_rx(g, 0, 0, 1, OK);
}

TEST_WITH(a_request_may_be_as_long_as_max_request, struct service_fixture *f)
{
	struct transfer at = { .head = service_head(0, 0), .rx_len = 4096 };
	struct transfer over = { .head = service_head(0, 0),
				 .rx_len = 4097,
				 .rx_seg = 4000 };

	f->specs[0].max_request = 4096;
	guest_do(&f->guests[0], &at, OK);
	f->chips[0].count = 0;
	guest_do(&f->guests[0], &over, PARAM_ERR);
	transfer_check_cleared(&f->guests[0], &over);
	assert_int_equal(f->chips[0].count, 0);
	/* It is a limit of that chip alone. */
	over.head.chip_select_id = 1;
	guest_do(&f->guests[0], &over, OK);
}

TEST_WITH(a_clock_below_the_slowest_is_refused, struct service_fixture *f)
{
	struct transfer t = { .head = service_head(0, 0), .rx_len = 5 };

	f->guests[0].chips[0].caps.min_speed_hz = 1000;
	t.head.freq = htole32(999);
	guest_do(&f->guests[0], &t, PARAM_ERR);
	transfer_check_cleared(&f->guests[0], &t);
	assert_int_equal(f->chips[0].count, 0);
	t.head.freq = htole32(1000);
	guest_do(&f->guests[0], &t, OK);
	t.head.freq = 0;
	guest_do(&f->guests[0], &t, OK);
}

/* More than one step's worth of clearing. */
TEST_WITH(large_buffers_are_cleared_to_the_end, struct service_fixture *f)
{
	struct transfer t = { .head = service_head(9, 0),
			      .rx_len = (5u << 19) - 3,
			      .rx_seg = 1000000 };

	guest_do(&f->guests[0], &t, PARAM_ERR);
	transfer_check_cleared(&f->guests[0], &t);
}

/* The failed part, the queued rest, and then a message of its own. */
TEST_WITH(error_loses_the_queued_rest_of_its_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct fake_chip *chip = &f->chips[0];
	struct transfer t[4];

	service_set_framing(f, "spec");
	for (unsigned int i = 0; i < 4; i++) {
		t[i] = (struct transfer){ .head = service_head(0, i == 3),
					  .rx_len = 4 };
		guest_add(g, &t[i]);
	}
	chip->fail_at = 2;
	chip->error = -EIO;
	guest_run(g);
	guest_collect(g);
	transfer_check(&t[0], OK);
	for (unsigned int i = 1; i < 4; i++) {
		transfer_check(&t[i], TRANS_ERR);
		transfer_check_cleared(g, &t[i]);
	}
	assert_int_equal(chip->count, 2);
	assert_int_equal(chip->releases, 1);
	guest_rx(g, 0, 1, 1, OK);
}

TEST_WITH(what_is_queued_after_an_error_is_not_lost, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "spec");
	f->chips[0].fail_at = 1;
	f->chips[0].error = -EIO;
	guest_rx(g, 0, 0, 4, TRANS_ERR);
	/* Nor by the process that follows a crash. */
	assert_int_equal(g->session.rings[0].note, 0);
	guest_rx(g, 0, 0, 4, OK);
	assert_int_not_equal(g->session.rings[0].note, 0);
	guest_rx(g, 0, 1, 4, OK);
	assert_int_equal(f->chips[0].selects, 2);
}

/* But until the guest is told of it, it can queue more of the message. */
TEST_WITH(what_is_queued_before_the_answer_is_lost, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = { .head = service_head(0, 0), .rx_len = 4 };
	struct transfer last = { .head = service_head(0, 1), .rx_len = 4 };

	service_set_framing(f, "spec");
	f->chips[0].fail_at = 1;
	f->chips[0].error = -EIO;
	guest_add(g, &first);
	while (g->service.message.cs.message != CS_CUT)
		guest_step(g);
	guest_add(g, &last);
	guest_run(g);
	guest_collect(g);
	transfer_check(&first, TRANS_ERR);
	transfer_check(&last, TRANS_ERR);
	guest_rx(g, 0, 1, 4, OK);
}

/* The same when the ring was stopped and went on in between. */
TEST_WITH(cut_stays_bounded_over_a_pause, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	service_set_framing(f, "spec");
	f->chips[0].fail_at = 1;
	f->chips[0].error = -EIO;
	guest_rx(g, 0, 0, 4, TRANS_ERR);
	spi_service_ops.quiesce(&g->service, 0);
	spi_service_ops.start(&g->service, 0, false);
	guest_rx(g, 0, 1, 4, OK);
}

/* What is given back and popped again counts once. */
TEST_WITH(queued_rest_is_lost_over_a_pause_too, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = { .head = service_head(0, 0), .rx_len = 4 };
	struct transfer other = { .head = service_head(1, 1), .rx_len = 4 };

	service_set_framing(f, "spec");
	f->chips[0].fail_at = 1;
	f->chips[0].error = -EIO;
	guest_add(g, &first);
	guest_add(g, &other);
	while (g->service.message.cs.message != CS_CUT)
		guest_step(g);
	assert_int_equal(g->service.message.cut_left, 1);
	while (g->service.job.phase != JOB_QUEUED)
		guest_step(g);
	spi_service_ops.quiesce(&g->service, 0);
	assert_int_equal(g->service.message.cut_left, 1);
	spi_service_ops.start(&g->service, 0, false);
	guest_run(g);
	guest_collect(g);
	transfer_check(&first, TRANS_ERR);
	transfer_check(&other, OK);
}

TEST_WITH(linux_refused_request_is_none_of_a_message, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer bad = { .head = service_head(0, 0), .rx_len = 4 };

	bad.head.bits_per_word = 33;
	guest_tx(g, 0, 0, "a", 1, OK);
	guest_do(g, &bad, PARAM_ERR);
	assert_false(f->chips[0].selected);
	guest_rx(g, 0, 0, 4, OK);
}

TEST_WITH(spec_refused_part_loses_the_queued_rest, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer first = { .head = service_head(0, 0), .rx_len = 4 };
	struct transfer bad = first, last = first;

	service_set_framing(f, "spec");
	bad.head.bits_per_word = 33;
	last.head.cs_change = 1;
	guest_add(g, &first);
	guest_add(g, &bad);
	guest_add(g, &last);
	guest_run(g);
	guest_collect(g);
	transfer_check(&first, OK);
	transfer_check(&bad, PARAM_ERR);
	transfer_check(&last, TRANS_ERR);
	assert_false(f->chips[0].selected);
	guest_rx(g, 0, 1, 4, OK);
}

/* A new, empty table in the middle of a transfer. */
static void take_memory_away(void *opaque)
{
	struct test_guest *g = opaque;

	guest_mem_remove(
		&g->session.mem,
		&(struct guest_region_spec){
			.guest_addr = FIXTURE_APART,
			.size = FIXTURE_APART_SIZE,
			.user_addr = FIXTURE_APART + FRONT_MEM_USER_SHIFT,
		});
}

TEST_WITH(error_ends_a_job_whose_memory_is_taken_away,
	  struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 0),
			      .at = FIXTURE_APART,
			      .rx_len = 1024 };

	guest_add(g, &t);
	for (int i = 0; i < 3; i++)
		guest_step(g);
	assert_int_equal(f->chips[0].count, 1);
	take_memory_away(g);
	guest_run(g);
	guest_collect(g);
	/* Its status byte is out of reach as well. */
	assert_true(t.done);
	assert_int_equal(t.used_len, 0);
	assert_true(f->chips[0].count <= 2);
	assert_false(f->chips[0].selected);
	guest_rx(g, 0, 0, 4, OK);
}

/* The ring and its buffers, at other places in the host's address space. */
TEST_WITH(job_goes_on_in_a_new_memory_table, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct guest_mem again;
	uint8_t rx[1024];
	struct transfer t = { .head = service_head(0, 0),
			      .rx = rx,
			      .rx_len = sizeof(rx) };

	guest_add(g, &t);
	for (int i = 0; i < 3; i++)
		guest_step(g);
	guest_mem_init(&again);
	for (unsigned int i = 0; i < g->mem.count; i++) {
		const struct front_region *r = &g->mem.regions[i];
		struct guest_region_spec spec = {
			.guest_addr = r->guest_addr,
			.size = r->size,
			.user_addr = r->guest_addr + FRONT_MEM_USER_SHIFT,
		};

		assert_int_equal(guest_mem_add(&again, &spec, r->fd), 0);
	}
	vhost_swap_mem(&g->session, &again);
	guest_mem_clear(&again);
	guest_run(g);
	guest_collect(g);
	transfer_check(&t, OK);
	for (size_t i = 0; i < sizeof(rx); i++)
		assert_int_equal(rx[i], fake_chip_answer(i));
}

static void cut_memory_short(void *opaque)
{
	struct test_guest *g = opaque;

	assert_int_equal(ftruncate(g->mem.regions[1].fd, 0), 0);
}

/* SIGBUS in the daemon's hands: the session breaks, nothing else. */
TEST_WITH(truncated_memory_breaks_the_session_alone, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];
	struct transfer t = { .head = service_head(0, 0),
			      .at = FIXTURE_APART,
			      .rx_len = 1024 };

	need_fault_address();
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&g->session.mem);
	guest_add(g, &t);
	f->chips[0].hook = cut_memory_short;
	f->chips[0].opaque = g;
	for (int i = 0; i < 3; i++)
		guest_step(g);
	assert_true(g->session.mem.broken);
	f->chips[0].hook = NULL;

	spi_service_abort(&g->service);
	guest_mem_watch(NULL);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
	guest_rx(&f->guests[1], 0, 0, 4, OK);
}

TEST_WITH(broken_ring_releases_the_chip, struct service_fixture *f)
{
	struct test_guest *g = &f->guests[0];

	guest_tx(g, 0, 0, "a", 1, OK);
	assert_true(f->chips[0].selected);
	front_ring_push(&g->ring, FIXTURE_RING);
	front_ring_publish(&g->ring);
	assert_int_equal(guest_run(g), SPI_IDLE);
	assert_false(f->chips[0].selected);
	assert_null(f->buses[0].bus.owner);
	assert_false(vhost_ring_is_active(&g->session.rings[0]));
	assert_true(front_ring_signalled(g->ring.err_fd));
}

TEST_MAIN(service_setup, service_teardown)
