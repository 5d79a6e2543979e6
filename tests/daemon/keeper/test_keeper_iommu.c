/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Behind an IOMMU, a new process cannot read its ring before the front end has
 * translated the ring's addresses. It may be stopped or upgraded before that.
 */
#include <errno.h>
#include <signal.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

static const char *const args[] = { "--device=sim:loopback", "--keeper",
				    RIG_WITH_PACKED, RIG_WITH_IOMMU, NULL };

static void send_requests(struct spi_front *front)
{
	for (unsigned int i = 0; i < 5; i++)
		rig_check_loopback(front, 10);
}

/* Opens a front end whose process is killed after some requests. */
static struct spi_front *start(struct rig *rig, bool packed)
{
	struct spi_front *front;

	rig->packed = packed;
	daemon_start(&rig->daemon, 1, args);
	front = rig_open_iommu(rig, 0);
	send_requests(front);
	killer_crash(&rig->daemon, SIGKILL);
	daemon_wait_log(&rig->daemon, "are served again", 1);
	return front;
}

static void upgrade(struct rig *rig)
{
	const pid_t before = daemon_child(&rig->daemon);

	kill(rig->daemon.pid, SIGUSR2);
	killer_wait_child(&rig->daemon, before);
	daemon_wait_log(&rig->daemon, ": upgraded", 1);
}

static void check_upgrade(struct rig *rig, bool packed)
{
	struct spi_front *front = start(rig, packed);

	upgrade(rig);
	send_requests(front);
	rig_close(rig, 0);
}

TEST_WITH(upgrade_resumes_a_ring_that_was_not_found, struct rig *rig)
{
	check_upgrade(rig, false);
}

TEST_WITH(upgrade_resumes_a_packed_ring_that_was_not_found, struct rig *rig)
{
	check_upgrade(rig, true);
}

/* The base is unknown, so GET_VRING_BASE is refused. */
static void check_stop(struct rig *rig, bool packed, bool upgrades)
{
	struct spi_front *front = start(rig, packed);
	uint32_t base;

	assert_int_equal(front_get_vring_base(&front->fe, 0, &base),
			 -EREMOTEIO);
	if (upgrades)
		upgrade(rig);
	base = front_ring_base(&front->ring, front->ring.taken);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	send_requests(front);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	rig_close(rig, 0);
}

TEST_WITH(base_of_a_ring_that_was_not_found_is_unknown, struct rig *rig)
{
	check_stop(rig, false, false);
}

TEST_WITH(base_of_a_packed_ring_that_was_not_found_is_unknown, struct rig *rig)
{
	check_stop(rig, true, false);
}

TEST_WITH(ring_that_stopped_unfound_is_upgraded, struct rig *rig)
{
	check_stop(rig, false, true);
}

TEST_WITH(packed_ring_that_stopped_unfound_is_upgraded, struct rig *rig)
{
	check_stop(rig, true, true);
}

/* An upgrade takes the base along. */
static void check_base_after_upgrade(struct rig *rig, bool packed)
{
	struct spi_front *front;
	uint32_t base;

	rig->packed = packed;
	daemon_start(&rig->daemon, 1, args);
	front = rig_open_iommu(rig, 0);
	send_requests(front);
	upgrade(rig);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	rig_close(rig, 0);
}

TEST_WITH(base_of_a_ring_is_known_after_an_upgrade, struct rig *rig)
{
	check_base_after_upgrade(rig, false);
}

TEST_WITH(base_of_a_packed_ring_is_known_after_an_upgrade, struct rig *rig)
{
	check_base_after_upgrade(rig, true);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
