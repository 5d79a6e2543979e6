/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What newcomers see: no shared memory, a driver that sets no ring up. */
#include <errno.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

static struct spi_front *open_front(struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);

	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS);
	return rig_open_with(rig, 0, &options);
}

/* Lines about messages that were answered: the next answer comes after them. */
static unsigned int count_lines(struct rig *rig, const char *text)
{
	rig_check_control(&rig->fronts[0]);
	return daemon_count_log(&rig->daemon, text);
}

static void set_status(struct spi_front *front, uint64_t status)
{
	assert_int_equal(
		front_end_set_u64(&front->fe, VHOST_USER_SET_STATUS, status),
		0);
}

static void stop(struct spi_front *front, uint32_t *base)
{
	assert_int_equal(front_stop_vring(&front->fe, 0, base), 0);
}

/* What QEMU says when Linux's driver is DRIVER_OK after a suspend. */
static void resume_without_setup(struct spi_front *front)
{
	struct front_end *fe = &front->fe;
	uint64_t status;

	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	assert_int_equal(front_end_get_u64(fe, VHOST_USER_GET_STATUS, &status),
			 0);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0,
					    front->ring.call_fd),
			 0);
}

static void driver_that_sets_no_ring_up_after_a_suspend(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_front(rig);
	uint32_t base;

	set_status(front, 15);
	rig_check_loopback(front, 10);
	for (unsigned int i = 0; i < 3; i++) {
		stop(front, &base);
		resume_without_setup(front);
		rig_check_control(front);
	}
	assert_int_equal(count_lines(rig, "enabled without set-up"), 1);
	assert_int_equal(count_lines(rig, "suspend"), 1);
	/* The next proper start works. */
	stop(front, &base);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 10);
}

/* Neither a ring that is held and goes on, nor one of `stop` and `cont` */
static void ordinary_life_of_a_ring_is_not_told(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_front(rig);
	struct front_end *fe = &front->fe;
	uint32_t base;

	set_status(front, 15);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(front_set_vring_enable(fe, 0, false), 0);
		assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
		rig_check_loopback(front, 10);
		stop(front, &base);
		assert_int_equal(front_start_vring(fe, 0, &front->ring, base),
				 0);
		rig_check_loopback(front, 10);
	}
	/* Enabled first, set up later, before the driver is ready */
	stop(front, &base);
	set_status(front, 0);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	assert_int_equal(count_lines(rig, "enabled without set-up"), 0);
}

static void ring_without_shared_memory_names_the_option(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_front(rig);
	struct front_mem none;
	uint32_t base;

	front_mem_init(&none);
	stop(front, &base);
	assert_int_equal(front_set_mem_table(&front->fe, &none), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 -EREMOTEIO);
	assert_int_equal(count_lines(rig, "SET_VRING_KICK refused: the front "
					  "end shares no guest memory"),
			 1);
	assert_int_equal(count_lines(rig, "share=on"), 1);
	/* With memory, but not the ring's, that is not the reason. */
	assert_int_equal(front_set_mem_table(&front->fe, &front->mem), 0);
	front->ring.desc_addr += UINT64_C(1) << 40;
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 -EREMOTEIO);
	assert_int_equal(count_lines(rig, "share=on"), 1);
	assert_int_equal(count_lines(rig, "the ring is not in guest memory"),
			 1);
	front->ring.desc_addr -= UINT64_C(1) << 40;
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(driver_that_sets_no_ring_up_after_a_suspend),
		RIG_TEST_BOTH(ordinary_life_of_a_ring_is_not_told),
		RIG_TEST_BOTH(ring_without_shared_memory_names_the_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
