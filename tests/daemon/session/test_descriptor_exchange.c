/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Descriptors that are replaced while something is pending on them: what the
 * driver may not have heard of is signalled on the new one.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_log.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define TRIES 20

static uint16_t submit(struct spi_front *front)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 3 };
	uint16_t id;

	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	return id;
}

static void wait_used(struct spi_front *front)
{
	while (front_ring_used_idx(&front->ring) == front->ring.taken)
		rig_check_control(front);
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

/* Puts a new eventfd in the place of *@fd, which nobody looks at again. */
static void replace(int *fd)
{
	int new_fd = new_eventfd();

	close(*fd);
	*fd = new_fd;
}

static void expect_signal(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, DAEMON_TIMEOUT_MS), 1);
	assert_true(front_ring_signalled(fd));
}

/* Gives the back end ring 0's descriptor, and waits for the answer. */
static void tell_fd(struct spi_front *front, uint32_t request, int fd)
{
	assert_int_equal(front_set_vring_fd(&front->fe, request, 0, fd), 0);
}

/* The same without asking for an answer. */
static void send_fd(struct spi_front *front, uint32_t request, int fd)
{
	uint64_t ring = 0;

	assert_int_equal(front_end_send(&front->fe, request, VHOST_USER_VERSION,
					&ring, sizeof(ring), &fd, 1),
			 0);
}

static void send_state(struct spi_front *front, uint32_t request, uint32_t num)
{
	struct vhost_wire_vring_state state = { 0, num };

	assert_int_equal(front_end_send(&front->fe, request, VHOST_USER_VERSION,
					&state, sizeof(state), NULL, 0),
			 0);
}

static void new_call(struct spi_front *front)
{
	replace(&front->ring.call_fd);
	tell_fd(front, VHOST_USER_SET_VRING_CALL, front->ring.call_fd);
}

static uint32_t stop(struct spi_front *front)
{
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	return base;
}

static void start(struct spi_front *front, uint32_t base)
{
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
}

static void enable(struct spi_front *front, bool on)
{
	assert_int_equal(front_set_vring_enable(&front->fe, 0, on), 0);
}

/* A request whose call went to a descriptor that nobody has looked at */
static void use_unheard(struct spi_front *front)
{
	front_ring_want_call(&front->ring, front->ring.taken);
	submit(front);
	wait_used(front);
}

static void call_while_running(struct spi_front *front)
{
	use_unheard(front);
	new_call(front);
}

static void call_while_disabled(struct spi_front *front)
{
	use_unheard(front);
	enable(front, false);
	new_call(front);
}

static void call_while_stopped(struct spi_front *front)
{
	use_unheard(front);
	stop(front);
	new_call(front);
}

static void call_while_broken(struct spi_front *front)
{
	int pipes[2];

	use_unheard(front);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[1]);
	tell_fd(front, VHOST_USER_SET_VRING_KICK, pipes[0]);
	close(pipes[0]);
	rig_wait_ring_error(front);
	new_call(front);
}

/* No descriptor at first: as QEMU's virtio-mmio polls. */
static void call_after_none(struct spi_front *front)
{
	tell_fd(front, VHOST_USER_SET_VRING_CALL, -1);
	use_unheard(front);
	new_call(front);
}

/* The drained request is used by GET_VRING_BASE. */
static void start_after_stop(struct spi_front *front)
{
	uint32_t base;

	use_unheard(front);
	base = stop(front);
	replace(&front->ring.call_fd);
	start(front, base);
}

static void call_after_start(struct spi_front *front)
{
	uint32_t base;
	int call = front->ring.call_fd;

	use_unheard(front);
	base = stop(front);
	start(front, base);
	front->ring.call_fd = new_eventfd();
	close(call);
	tell_fd(front, VHOST_USER_SET_VRING_CALL, front->ring.call_fd);
}

/* A back end that knows nothing of what was used before it */
static void start_in_new_session(struct spi_front *front)
{
	use_unheard(front);
	replace(&front->ring.call_fd);
	front_end_close(&front->fe);
	assert_int_equal(front_end_connect(&front->fe, front->options.path,
					   front->options.timeout_ms),
			 0);
	assert_int_equal(front_negotiate(&front->fe, front->options.features,
					 front->options.protocol),
			 0);
	assert_int_equal(front_share_mem(&front->fe, &front->mem), 0);
	start(front, front_ring_base(&front->ring, front->ring.published));
}

/* The driver asks for the call where the ring is to be, not where it is. */
static void move_with_a_call_unasked(struct spi_front *front)
{
	front_ring_want_no_call(&front->ring);
	submit(front);
	wait_used(front);
	front_ring_want_call(&front->ring, front->ring.taken);
	assert_int_equal(front_set_vring_addr(&front->fe, 0, &front->ring), 0);
}

static void new_memory_with_a_call_unasked(struct spi_front *front)
{
	front_ring_want_no_call(&front->ring);
	submit(front);
	wait_used(front);
	front_ring_want_call(&front->ring, front->ring.taken);
	assert_int_equal(front_set_mem_table(&front->fe, &front->mem), 0);
}

static const struct {
	const char *name;
	void (*act)(struct spi_front *front);
} unheard[] = {
	{ "new call while running", call_while_running },
	{ "new call while disabled", call_while_disabled },
	{ "new call while stopped", call_while_stopped },
	{ "new call while broken", call_while_broken },
	{ "call after none", call_after_none },
	{ "new call, then a start", start_after_stop },
	{ "start, then a new call", call_after_start },
	{ "start in a new session", start_in_new_session },
	{ "new address", move_with_a_call_unasked },
	{ "new memory table", new_memory_with_a_call_unasked },
};

static void unheard_request_is_signalled(void **state)
{
	struct rig *rig = *state;
	unsigned int failed = 0;

	for (unsigned int i = 0; i < sizeof(unheard) / sizeof(unheard[0]);
	     i++) {
		struct spi_front *front = rig_open(rig, 0);
		struct pollfd pfd = { .events = POLLIN };

		front_ring_signalled(front->ring.call_fd);
		unheard[i].act(front);
		pfd.fd = front->ring.call_fd;
		if (poll(&pfd, 1, DAEMON_TIMEOUT_MS) != 1) {
			print_error("%s: no call\n", unheard[i].name);
			failed++;
		}
		rig_close(rig, 0);
	}
	assert_int_equal(failed, 0);
}

/*
 * QEMU starts a ring, and goes on after `stop`, with ENABLE, SET_VRING_CALL
 * with a descriptor that it hardly looks at, SET_VRING_CALL with the guest's.
 * Older ones wait for no answer.
 */
static void request_of_a_start_in_qemus_order_is_heard_of(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_ring *ring = &front->ring;

	for (unsigned int i = 0; i < TRIES; i++) {
		uint32_t base = stop(front);
		int spare = new_eventfd();
		uint16_t id = submit(front);

		send_state(front, VHOST_USER_SET_VRING_NUM, ring->size);
		send_state(front, VHOST_USER_SET_VRING_BASE, base);
		assert_int_equal(front_set_vring_addr(&front->fe, 0, ring), 0);
		send_fd(front, VHOST_USER_SET_VRING_KICK, ring->kick_fd);
		send_state(front, VHOST_USER_SET_VRING_ENABLE, 1);
		send_fd(front, VHOST_USER_SET_VRING_CALL, spare);
		replace(&ring->call_fd);
		send_fd(front, VHOST_USER_SET_VRING_CALL, ring->call_fd);
		rig_expect_wait(front, id, 3, VIRTIO_SPI_TRANS_OK);
		close(spare);
	}
}

/* QEMU looks once at the descriptor that it takes back, then it sleeps. */
static void request_in_flight_is_heard_of_on_a_new_call(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < TRIES; i++) {
		uint16_t id;

		front_ring_want_call(&front->ring, front->ring.taken);
		id = submit(front);
		front_ring_signalled(front->ring.call_fd);
		replace(&front->ring.call_fd);
		send_fd(front, VHOST_USER_SET_VRING_CALL, front->ring.call_fd);
		rig_expect_wait(front, id, 3, VIRTIO_SPI_TRANS_OK);
	}
}

/* It comes with the old descriptor, which the daemon has no time to read. */
static void kick_on_a_replaced_descriptor_is_not_lost(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < TRIES; i++) {
		uint16_t id;

		enable(front, i % 2);
		id = submit(front);
		replace(&front->ring.kick_fd);
		send_fd(front, VHOST_USER_SET_VRING_KICK, front->ring.kick_fd);
		send_state(front, VHOST_USER_SET_VRING_ENABLE, 1);
		rig_expect_wait(front, id, 3, VIRTIO_SPI_TRANS_OK);
	}
}

static void broken_ring_is_told_on_a_new_err(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint32_t base;

	call_while_broken(front);
	replace(&front->ring.err_fd);
	tell_fd(front, VHOST_USER_SET_VRING_ERR, front->ring.err_fd);
	expect_signal(front->ring.err_fd);
	/* The ring that starts anew is not broken. */
	base = stop(front);
	start(front, base);
	assert_false(front_ring_signalled(front->ring.err_fd));
}

static void marks_in_the_log_are_told_on_a_new_descriptor(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_log log;
	int events[2] = { new_eventfd(), new_eventfd() };

	assert_int_equal(front_log_open(&log, front_log_end(&front->mem), 0),
			 0);
	assert_int_equal(front_set_log_fd(&front->fe, events[0]), 0);
	assert_int_equal(front_set_log_base(&front->fe, &log), 0);
	assert_int_equal(front_log_all(&front->fe, true), 0);
	rig_check_loopback(front, 3);
	expect_signal(events[0]);
	rig_check_loopback(front, 3);
	assert_int_equal(front_set_log_fd(&front->fe, events[1]), 0);
	expect_signal(events[1]);
	close(events[0]);
	close(events[1]);
	front_log_close(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(unheard_request_is_signalled),
		RIG_TEST_BOTH(request_of_a_start_in_qemus_order_is_heard_of),
		RIG_TEST_BOTH(request_in_flight_is_heard_of_on_a_new_call),
		RIG_TEST_BOTH(kick_on_a_replaced_descriptor_is_not_lost),
		RIG_TEST_BOTH(broken_ring_is_told_on_a_new_err),
		RIG_TEST_BOTH(marks_in_the_log_are_told_on_a_new_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
