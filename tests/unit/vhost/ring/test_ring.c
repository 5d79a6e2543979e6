/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"

#define QUEUES 4

struct setup {
	struct fixture *f;
	struct vhost_ring *vr; /* ring 0, running */
	struct ram ram;
	struct hand_ring ring;
	struct chain chain;
	int kick, call, err;
};

static int start(void **state, uint64_t features)
{
	struct setup *s = calloc(1, sizeof(*s));
	void *f;

	assert_non_null(s);
	session_setup_negotiated(&f);
	s->f = f;
	ram_open(&s->ram, KIB(64), KIB(16), 0);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(tell_u64(s->f, VHOST_USER_SET_FEATURES,
				  features | BIT(VIRTIO_F_VERSION_1) |
					  BIT(VHOST_USER_F_PROTOCOL_FEATURES)),
			 0);
	hand_ring_open(&s->ring, &s->ram, QUEUES, 0);
	assert_int_equal(chain_init(&s->chain, QUEUES), 0);
	s->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	start_ring(s->f, 0, &s->ring, 0, s->kick);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, s->call);
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, s->err);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 1);
	s->vr = &s->f->session.rings[0];
	/* The start signals. */
	assert_int_equal(read(s->call, &(uint64_t){ 0 }, 8), 8);
	*state = s;
	return 0;
}

static int setup(void **state)
{
	return start(state, 0);
}

static int setup_event_idx(void **state)
{
	return start(state, BIT(VIRTIO_F_EVENT_IDX));
}

static int teardown(void **state)
{
	struct setup *s = *state;
	void *f = s->f;

	chain_fini(&s->chain);
	ram_close(&s->ram);
	close(s->kick);
	close(s->call);
	close(s->err);
	free(s);
	return session_teardown(&f);
}

static void serve(struct setup *s)
{
	hand_desc(&s->ring.desc[0], s->ring.buffers, 1, VIRTQ_DESC_F_WRITE, 0);
	hand_offer(&s->ring, 0);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	vring_push(&s->vr->vring, &s->chain, 1);
}

static void test_pop_asks_for_kicks_while_there_is_no_chain(void **state)
{
	struct setup *s = *state;

	for (unsigned int i = 0; i < 3; i++) {
		serve(s);
		assert_int_equal(le16toh(s->ring.used->flags),
				 VIRTQ_USED_F_NO_NOTIFY);
		assert_int_equal(
			vhost_session_pop(&s->f->session, 0, &s->chain), 0);
		assert_int_equal(le16toh(s->ring.used->flags), 0);
	}
}

static void test_ring_is_active_when_started_and_enabled(void **unused)
{
	(void)unused;
	for (int state = VHOST_RING_STOPPED; state <= VHOST_RING_RUNNING;
	     state++) {
		struct vhost_ring ring = { .state = state };

		assert_false(vhost_ring_is_active(&ring));
		ring.enabled = true;
		assert_int_equal(vhost_ring_is_active(&ring),
				 state >= VHOST_RING_STARTING);
	}
}

static void test_broken_ring_stops_signals_and_says_why(void **state)
{
	struct setup *s = *state;
	unsigned int fds = open_fds();

	serve(s);
	s->ring.avail->idx = 100;
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain),
			 -EPROTO);
	assert_false(vhost_ring_is_active(s->vr));
	assert_int_equal(event_count(s->err), 1);
	assert_string_equal(
		s->f->session.reason.text,
		"ring 0 is broken, and stopped: avail index jumped");
	assert_int_equal(s->vr->state, VHOST_RING_BROKEN);
	assert_int_equal(s->f->session.breaks, 1);
	/* Its kick goes, its call and error descriptors stay. */
	assert_int_equal(open_fds(), fds - 1);

	/* The session goes on, and so does the ring, once it is repaired. */
	s->ring.avail->idx = s->ring.avail_idx;
	assert_int_equal(ask_base(s->f, 0), 1);
	start_ring(s->f, 0, &s->ring, 1, s->kick);
	assert_true(vhost_ring_is_active(s->vr));
	assert_true(s->vr->state != VHOST_RING_BROKEN);
	serve(s);
	assert_int_equal(le16toh(s->ring.used->idx), 2);
	assert_int_equal(event_count(s->err), 0);
}

static void test_broken_ring_without_error_descriptor_just_stops(void **state)
{
	struct setup *s = *state;

	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, -1);
	vhost_session_break(&s->f->session, 0, "a reason");
	assert_false(vhost_ring_is_started(s->vr));
	/* Again, and one that never ran: nothing happens. */
	vhost_session_break(&s->f->session, 0, "a reason");
	vhost_session_break(&s->f->session, 1, "another");
	assert_int_equal(s->f->session.breaks, 1);
	assert_int_equal(s->f->session.rings[1].state, VHOST_RING_STOPPED);
	assert_string_equal(s->f->session.reason.text,
			    "ring 1 is broken, and stopped: another");
	assert_int_equal(ask_base(s->f, 1), 0);
}

static void test_stop_keeps_the_place_of_an_unpopped_chain(void **state)
{
	struct setup *s = *state;

	serve(s);
	hand_offer(&s->ring, 0);
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain), 1);
	vring_unpop(&s->vr->vring, &s->chain);
	vhost_ring_stop(s->vr);
	assert_int_equal(s->vr->base, 1);
	assert_int_equal(s->vr->kick, -1);
	s->vr->vring.avail_idx = 99;
	vhost_ring_stop(s->vr);
	assert_int_equal(s->vr->base, 1);
}

static void test_close_fds_can_be_repeated(void **state)
{
	struct setup *s = *state;
	unsigned int fds = open_fds();

	vhost_ring_close_fds(s->vr);
	assert_int_equal(open_fds(), fds - 3);
	vhost_ring_close_fds(s->vr);
	assert_int_equal(open_fds(), fds - 3);
}

static void test_call_comes_when_the_flag_asks_for_it(void **state)
{
	struct setup *s = *state;

	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 1);
	s->ring.avail->flags = htole16(VIRTQ_AVAIL_F_NO_INTERRUPT);
	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 0);
}

/* One call too many is legal: whether one was missed is not remembered. */
static void test_new_call_descriptor_is_signalled_once(void **state)
{
	struct setup *s = *state;
	int call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	assert_int_equal(event_count(call), 1);
	tell_state(s->f, VHOST_USER_SET_VRING_ENABLE, 0, 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, -1);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	assert_int_equal(event_count(call), 1);

	/* Stopped, and broken, it has perhaps used what was not heard of. */
	ask_base(s->f, 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	assert_int_equal(event_count(call), 1);
	tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, s->kick);
	assert_int_equal(event_count(call), 1);
	vhost_session_break(&s->f->session, 0, "as a test");
	assert_int_equal(event_count(call), 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	assert_int_equal(event_count(call), 1);
	close(call);
}

static void test_ring_that_never_ran_does_not_call(void **state)
{
	struct setup *s = *state;
	int call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 1, call);
	assert_int_equal(event_count(call), 0);
	/* Nor does one that was reset: its driver begins anew. */
	assert_int_equal(tell(s->f, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0),
			 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, call);
	assert_int_equal(event_count(call), 0);
	close(call);
}

static void test_moved_ring_calls(void **state)
{
	struct setup *s = *state;

	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	assert_int_equal(event_count(s->call), 1);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(event_count(s->call), 1);
}

/* The driver's event is one that lies behind the ring. */
static void test_first_request_after_a_move_is_called_for(void **state)
{
	struct setup *s = *state;

	hand_used_event(&s->ring, 100);
	serve(s);
	vhost_ring_call(s->vr); /* the first after the start, in any case */
	event_count(s->call);
	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 0);
	assert_int_equal(tell_addr(s->f, 0, &s->ring), 0);
	event_count(s->call);
	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 1);
}

static void
test_new_error_descriptor_of_a_broken_ring_is_signalled(void **state)
{
	struct setup *s = *state;
	int err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, err);
	assert_int_equal(event_count(err), 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, -1);
	vhost_session_break(&s->f->session, 0, "as a test");
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, err);
	assert_int_equal(event_count(err), 1);
	/* Once stopped it is not broken any more. */
	ask_base(s->f, 0);
	assert_true(s->vr->state != VHOST_RING_BROKEN);
	tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, err);
	assert_int_equal(event_count(err), 0);
	close(err);
}

static void test_call_comes_when_event_idx_asks_for_it(void **state)
{
	struct setup *s = *state;

	hand_used_event(&s->ring, 0);
	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 1);
	hand_used_event(&s->ring, 2);
	serve(s);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 0);
	serve(s);
	vhost_ring_call(s->vr);
	vhost_ring_call(s->vr);
	assert_int_equal(event_count(s->call), 1);
}

static void test_call_does_not_wait_for_a_full_counter(void **state)
{
	const uint64_t full = UINT64_MAX - 1;
	struct setup *s = *state;

	for (int blocking = 0; blocking < 2; blocking++) {
		int fd = eventfd(0, blocking ? 0 : EFD_NONBLOCK);

		assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
		tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, fd);
		tell_fd(s->f, VHOST_USER_SET_VRING_ERR, 0, fd);
		alarm(10);
		vhost_ring_call(s->vr);
		vhost_session_break(&s->f->session, 1, "as a test");
		alarm(0);
		assert_true(event_count(fd) == full);
		vhost_ring_call(s->vr);
		assert_int_equal(event_count(fd), 1);
		close(fd);
	}
}

static void test_call_to_what_is_no_eventfd_harms_nobody(void **state)
{
	struct setup *s = *state;
	int pipes[2], i;

	/* As the daemon does at its start. */
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	for (i = 0; i < 2; i++) {
		tell_fd(s->f, VHOST_USER_SET_VRING_CALL, 0, pipes[i]);
		vhost_ring_call(s->vr);
	}
	close(pipes[0]);
	vhost_ring_call(s->vr);
	close(pipes[1]);
	signal(SIGPIPE, SIG_DFL);
	assert_true(vhost_ring_is_started(s->vr));
}

/* It is the front end's flag, too: its own reads may rely on waiting. */
static void
test_blocking_kick_is_cleared_without_a_wait_and_left_so(void **state)
{
	const uint64_t two = 2;
	struct setup *s = *state;
	int kick = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, kick), 0);
	assert_int_equal(fcntl(kick, F_GETFL) & O_NONBLOCK, 0);
	alarm(10);
	assert_int_equal(vhost_ring_clear_kick(s->vr), 0);
	assert_int_equal(write(kick, &two, sizeof(two)), sizeof(two));
	assert_int_equal(vhost_ring_clear_kick(s->vr), 0);
	assert_int_equal(vhost_ring_clear_kick(s->vr), 0);
	alarm(0);
	close(kick);
}

static void test_kick_of_an_eventfd_is_read_when_it_is_cleared(void **state)
{
	const uint64_t two = 2;
	struct setup *s = *state;

	/* Nothing there is no error, and no wait. */
	assert_int_equal(vhost_ring_clear_kick(s->vr), 0);
	assert_int_equal(write(s->kick, &two, sizeof(two)), sizeof(two));
	assert_int_equal(vhost_ring_take_kick(s->vr), 0);
	assert_int_equal(read(s->kick, &(uint64_t){ 0 }, 8), 8);
	assert_int_equal(write(s->kick, &two, sizeof(two)), sizeof(two));
	assert_int_equal(vhost_ring_clear_kick(s->vr), 0);
	assert_int_equal(read(s->kick, &(uint64_t){ 0 }, 8), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_kick_that_can_come_no_more_is_an_error(void **state)
{
	struct setup *s = *state;
	int pipes[2], pair[2];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, pipes[0]);
	assert_int_equal(vhost_ring_take_kick(s->vr), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(vhost_ring_take_kick(s->vr), 0);
	close(pipes[1]);
	close(pipes[0]);
	assert_int_equal(vhost_ring_take_kick(s->vr), -EPIPE);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, pair[0]);
	close(pair[0]);
	assert_int_equal(vhost_ring_take_kick(s->vr), 0);
	close(pair[1]);
	assert_int_equal(vhost_ring_take_kick(s->vr), -EPIPE);

	/* The write end of a pipe, a file that is empty. */
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, pipes[1]);
	assert_int_equal(vhost_ring_take_kick(s->vr), -EBADF);
	close(pipes[0]);
	close(pipes[1]);
	tell_fd(s->f, VHOST_USER_SET_VRING_KICK, 0, -1);
	assert_true(vhost_ring_take_kick(s->vr) < 0);
}

static void test_ring_on_memory_cut_short_breaks_alone(void **state)
{
	struct setup *s = *state;

	need_fault_address();
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	guest_mem_watch(&s->f->session.mem);
	serve(s);
	assert_int_equal(ftruncate(s->ram.fd, 0), 0);
	/* avail index 0 after 1: a jump, in memory that is zeros now */
	assert_int_equal(vhost_session_pop(&s->f->session, 0, &s->chain),
			 -EPROTO);
	assert_int_equal(s->f->session.mem.broken, 1);
	assert_false(vhost_ring_is_started(s->vr));
	assert_int_equal(event_count(s->err), 1);

	/* A start in memory with a hole lives, too. */
	assert_int_equal(ftruncate(s->ram.fd, KIB(16)), 0);
	assert_int_equal(tell_mem(s->f, &s->ram, 1), 0);
	assert_int_equal(s->f->session.mem.broken, 0);
	assert_int_equal(ftruncate(s->ram.fd, 0), 0);
	start_ring(s->f, 0, &s->ring, 0, -1);
	assert_int_equal(s->f->session.mem.broken, 1);
	guest_mem_watch(NULL);
	assert_int_equal(ftruncate(s->ram.fd, KIB(16)), 0);
	signal(SIGBUS, SIG_DFL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define EVENT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup_event_idx, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_is_active_when_started_and_enabled),
		CASE(test_pop_asks_for_kicks_while_there_is_no_chain),
		CASE(test_broken_ring_stops_signals_and_says_why),
		CASE(test_broken_ring_without_error_descriptor_just_stops),
		CASE(test_stop_keeps_the_place_of_an_unpopped_chain),
		CASE(test_close_fds_can_be_repeated),
		CASE(test_call_comes_when_the_flag_asks_for_it),
		CASE(test_new_call_descriptor_is_signalled_once),
		CASE(test_ring_that_never_ran_does_not_call),
		CASE(test_moved_ring_calls),
		CASE(test_new_error_descriptor_of_a_broken_ring_is_signalled),
		EVENT_TEST(test_first_request_after_a_move_is_called_for),
		EVENT_TEST(test_call_comes_when_event_idx_asks_for_it),
		CASE(test_call_does_not_wait_for_a_full_counter),
		CASE(test_call_to_what_is_no_eventfd_harms_nobody),
		CASE(test_blocking_kick_is_cleared_without_a_wait_and_left_so),
		CASE(test_kick_of_an_eventfd_is_read_when_it_is_cleared),
		CASE(test_kick_that_can_come_no_more_is_an_error),
		CASE(test_ring_on_memory_cut_short_breaks_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
