/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory that changes under a ring. */
#include <endian.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/test.h"

#define SIZE   KIB(16)
#define GAP    KIB(64)
#define QUEUES 4

static void open_rams(struct ram *rams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ram_open(&rams[i], i * GAP, SIZE, i % 2 * KIB(4));
}

static void close_rams(struct ram *rams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ram_close(&rams[i]);
}

static bool signalled(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static void offer_buffer(struct hand_ring *ring, uint64_t addr)
{
	hand_desc(&ring->desc[0], addr, 1, VIRTQ_DESC_F_WRITE, 0);
	hand_offer(ring, 0);
}

/* A ring in region 0, a buffer in region 1. */
struct running {
	struct ram rams[3];
	struct hand_ring ring;
	struct chain chain;
	int err;
};

static void start_running(struct fixture *f, struct running *r)
{
	open_rams(r->rams, 3);
	assert_int_equal(tell_mem(f, r->rams, 2), 0);
	hand_ring_open(&r->ring, &r->rams[0], QUEUES, 0);
	start_ring(f, 0, &r->ring, 0, -1);
	assert_int_equal(tell_state(f, VHOST_USER_SET_VRING_ENABLE, 0, 1), 0);
	r->err = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_ERR, 0, r->err), 0);
	assert_int_equal(chain_init(&r->chain, QUEUES), 0);
}

static void end_running(struct running *r)
{
	chain_fini(&r->chain);
	close(r->err);
	close_rams(r->rams, 3);
}

static void serve(struct fixture *f, struct running *r)
{
	struct chain_cursor cursor;

	assert_int_equal(vhost_session_pop(&f->session, 0, &r->chain), 1);
	chain_writer(&r->chain, &cursor);
	assert_int_equal(chain_write(&cursor, &f->session.mem, "!", 1), 0);
	vring_push(&f->session.rings[0].vring, &r->chain, 1);
}

TEST_WITH(test_new_table_under_a_running_ring_moves_it_along, struct fixture *f)
{
	struct running r;

	start_running(f, &r);
	offer_buffer(&r.ring, GAP);
	serve(f, &r);
	/* QEMU does this at each hot-plug: no stop, the ring just goes on. */
	for (int i = 0; i < 3; i++) {
		offer_buffer(&r.ring, i < 2 ? GAP + 1 : 2 * GAP);
		assert_int_equal(tell_mem(f, r.rams, i == 0 ? 2 : 3), 0);
		serve(f, &r);
	}
	assert_int_equal(le16toh(r.ring.used->idx), 4);
	assert_int_equal(r.rams[1].host[0], '!');
	assert_int_equal(r.rams[2].host[0], '!');
	assert_int_equal(f->quiesced[0], 0);
	assert_int_equal(f->started[0], 1);
	assert_false(signalled(r.err));
	end_running(&r);
}

TEST_WITH(test_popped_chain_outlives_a_new_table, struct fixture *f)
{
	struct chain_cursor cursor;
	struct running r;

	start_running(f, &r);
	offer_buffer(&r.ring, GAP);
	assert_int_equal(vhost_session_pop(&f->session, 0, &r.chain), 1);
	assert_int_equal(tell_mem(f, r.rams, 3), 0);
	chain_writer(&r.chain, &cursor);
	assert_int_equal(chain_write(&cursor, &f->session.mem, "!", 1), 0);
	assert_int_equal(r.rams[1].host[0], '!');
	/* Without the buffer's region it fails, and harms nobody. */
	assert_int_equal(tell_mem(f, r.rams, 1), 0);
	chain_writer(&r.chain, &cursor);
	assert_true(chain_write(&cursor, &f->session.mem, "!", 1) < 0);
	vring_push(&f->session.rings[0].vring, &r.chain, 0);
	assert_int_equal(le16toh(r.ring.used->idx), 1);
	end_running(&r);
}

TEST_WITH(test_new_table_without_the_ring_breaks_it, struct fixture *f)
{
	struct running r;

	start_running(f, &r);
	offer_buffer(&r.ring, GAP);
	assert_int_equal(vhost_session_pop(&f->session, 0, &r.chain), 1);
	f->held = &r.chain;
	f->watch_addr = GAP;
	r.rams[1].host[0] = 77;

	assert_int_equal(tell_mem(f, &r.rams[1], 2), 0);
	assert_int_equal(f->quiesced[0], 1);
	assert_int_equal(f->ram_at_quiesce, 77);
	assert_int_equal(le16toh(r.ring.used->idx), 1);
	assert_false(vhost_ring_is_started(&f->session.rings[0]));
	assert_true(signalled(r.err));
	assert_non_null(strstr(f->session.reason.text, "not in guest memory"));

	/* It recovers like any broken ring. */
	assert_int_equal(ask_base(f, 0), 1);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_KICK, 0, -1), 1);
	assert_int_equal(tell_mem(f, r.rams, 2), 0);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_KICK, 0, -1), 0);
	offer_buffer(&r.ring, GAP);
	serve(f, &r);
	assert_int_equal(le16toh(r.ring.used->idx), 2);
	end_running(&r);
}

TEST_WITH(test_refused_table_leaves_the_ring_running, struct fixture *f)
{
	struct running r;

	start_running(f, &r);
	r.rams[2].spec.size++;
	assert_int_equal(tell_mem(f, r.rams, 3), 1);
	r.rams[2].spec.size--;
	assert_int_equal(f->quiesced[0], 0);
	offer_buffer(&r.ring, GAP);
	serve(f, &r);
	end_running(&r);
}

TEST_WITH(test_new_table_leaves_other_rings_alone, struct fixture *f)
{
	struct hand_ring second;
	struct running r;

	start_running(f, &r);
	hand_ring_open(&second, &r.rams[1], QUEUES, 0);
	start_ring(f, 1, &second, 0, -1);
	/* The first loses its memory, the second, not enabled, does not. */
	assert_int_equal(tell_mem(f, &r.rams[1], 1), 0);
	assert_false(vhost_ring_is_started(&f->session.rings[0]));
	assert_true(vhost_ring_is_started(&f->session.rings[1]));
	assert_int_equal(f->quiesced[1], 0);
	offer_buffer(&second, GAP + KIB(8));
	assert_int_equal(vhost_session_pop(&f->session, 1, &r.chain), 1);
	end_running(&r);
}

TEST_WITH(test_region_that_a_ring_runs_in_stays, struct fixture *f)
{
	struct hand_ring apart;
	struct running r;

	start_running(f, &r);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &r.rams[0], false), 1);
	assert_non_null(strstr(f->session.reason.text, "runs in"));
	offer_buffer(&r.ring, GAP);
	serve(f, &r);

	/* Its three parts may be in regions of their own: here, used. */
	apart = r.ring;
	apart.used_addr = GAP;
	assert_int_equal(tell_addr(f, 0, &apart), 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &r.rams[1], false), 1);
	apart.used_addr = r.ring.used_addr;
	apart.avail_addr = GAP + KIB(4);
	assert_int_equal(tell_addr(f, 0, &apart), 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &r.rams[1], false), 1);
	assert_int_equal(tell_addr(f, 0, &r.ring), 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &r.rams[1], false), 0);

	/* Once it is stopped, its own can go, and it cannot start. */
	ask_base(f, 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &r.rams[0], true), 0);
	assert_int_equal(tell_fd(f, VHOST_USER_SET_VRING_KICK, 0, -1), 1);
	end_running(&r);
}

TEST_WITH(test_regions_around_a_running_ring_can_go, struct fixture *f)
{
	struct hand_ring ring;
	struct ram rams[3];

	/* Side by side, and the ring begins with the middle one. */
	for (unsigned int i = 0; i < 3; i++)
		ram_open(&rams[i], i * SIZE, SIZE, 0);
	assert_int_equal(tell_mem(f, rams, 3), 0);
	hand_ring_open(&ring, &rams[1], QUEUES, 0);
	start_ring(f, 1, &ring, 0, -1);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &rams[1], false), 1);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &rams[0], false), 0);
	assert_int_equal(
		tell_region(f, VHOST_USER_REM_MEM_REG, &rams[2], false), 0);
	assert_true(vhost_ring_is_started(&f->session.rings[1]));
	close_rams(rams, 3);
}

TEST_MAIN(session_setup_negotiated, session_teardown)
