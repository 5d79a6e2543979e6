/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The channel that a device's state goes through, and what can go wrong. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define BLOB_MAX 1000

static const uint8_t junk[1 << 16];

static void wrong_state_fails_the_check(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint8_t blob[BLOB_MAX] = { 0 };
	uint32_t base;
	size_t size;

	assert_int_equal(front_check_state(&front->fe), -EREMOTEIO);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(
		front_save_state(&front->fe, blob, sizeof(blob), &size), 0);
	assert_int_equal(front_load_state(&front->fe, NULL, 0), -EREMOTEIO);
	assert_int_equal(front_load_state(&front->fe, blob, size - 1),
			 -EREMOTEIO);
	assert_int_equal(front_load_state(&front->fe, blob, size + 1),
			 -EREMOTEIO);
	blob[0] ^= 1;
	assert_int_equal(front_load_state(&front->fe, blob, size), -EREMOTEIO);
	blob[0] ^= 1;
	assert_int_equal(front_load_state(&front->fe, blob, size), 0);
}

/* A pipe that is full: the daemon says so, and serves on. */
static void channel_that_nobody_drains_holds_nobody(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], junk, 1) == 1)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_int_equal(
		front_start_state(&front->fe, VHOST_USER_STATE_SAVE, ends[1]),
		-EREMOTEIO);
	assert_int_equal(front_check_state(&front->fe), -EREMOTEIO);
	rig_check_loopback(front, 100);
	close(ends[0]);
	close(ends[1]);
}

/* A front end that writes and writes gets an error, and does not hang. */
static void endless_state_is_cut_off(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(
		front_start_state(&front->fe, VHOST_USER_STATE_LOAD, ends[0]),
		0);
	close(ends[0]);
	while (write(ends[1], junk, sizeof(junk)) > 0)
		;
	assert_int_equal(errno, EPIPE);
	assert_int_equal(front_check_state(&front->fe), -EREMOTEIO);
	close(ends[1]);
	daemon_expect_fds(&rig->daemon, before);
	rig_check_loopback(front, 100);
}

/* A channel that stays open, with a guest at work beside it. */
static void state_that_never_comes_holds_nobody(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(
		front_start_state(&front->fe, VHOST_USER_STATE_LOAD, ends[0]),
		0);
	rig_check_loopback(front, 100);
	assert_int_equal(front_check_state(&front->fe), -EREMOTEIO);
	rig_check_loopback(front, 100);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(wrong_state_fails_the_check),
		RIG_TEST(channel_that_nobody_drains_holds_nobody),
		RIG_TEST(endless_state_is_cut_off),
		RIG_TEST(state_that_never_comes_holds_nobody),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
