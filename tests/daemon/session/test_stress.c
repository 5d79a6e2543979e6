/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * No driver sleeps for ever, whatever is exchanged under its ring. Environment:
 *
 *	STRESS_REQUESTS	how many are done, of all rows together; 100000
 *	STRESS_SEED	where the random numbers begin
 *	STRESS_TIMEOUT	seconds until a driver that sleeps is given up; 60
 *
 * No time is judged but that one, which is far beyond what anything takes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/daemon/sleeper.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define EVENTS	 FRONT_BIT(VIRTIO_F_EVENT_IDX)
#define IN_ORDER FRONT_BIT(VIRTIO_F_IN_ORDER)
#define PACKED	 FRONT_BIT(VIRTIO_F_RING_PACKED)
#define IOMMU	 FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM)

static const struct row {
	const char *name;
	uint64_t features;
	bool tracked;
} rows[] = {
	{ "split", 0, false },
	{ "split, EVENT_IDX", EVENTS, false },
	{ "split, IN_ORDER", IN_ORDER, false },
	{ "split, EVENT_IDX, IN_ORDER", EVENTS | IN_ORDER, false },
	{ "packed", PACKED, false },
	{ "packed, EVENT_IDX", PACKED | EVENTS, false },
	{ "packed, IN_ORDER", PACKED | IN_ORDER, false },
	{ "packed, EVENT_IDX, IN_ORDER", PACKED | EVENTS | IN_ORDER, false },
	{ "split, EVENT_IDX, IOMMU", EVENTS | IOMMU, false },
	{ "packed, EVENT_IDX, IOMMU", PACKED | EVENTS | IOMMU, false },
	{ "split, EVENT_IDX, inflight", EVENTS, true },
	{ "packed, EVENT_IDX, inflight", PACKED | EVENTS, true },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void open_row(struct rig *rig, const struct row *row)
{
	struct spi_front_options options = row->features & IOMMU
						   ? rig_options_iommu(rig, 0)
						   : rig_options(rig, 0);

	options.ring_size = SLEEPER_RING;
	options.features &= ~EVENTS;
	options.features |= row->features | FRONT_BIT(VHOST_F_LOG_ALL);
	if (row->tracked)
		options.protocol |=
			FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
	rig_open_with(rig, 0, &options);
	assert_int_equal(rig->fronts[0].fe.features & row->features,
			 row->features);
}

static void driver_that_sleeps_is_always_woken(void **state)
{
	uint64_t count = number("STRESS_REQUESTS", 100000) / ROWS;
	uint64_t seed = number("STRESS_SEED", 0x5eed);
	int timeout_ms = (int)number("STRESS_TIMEOUT", 60) * 1000;
	struct rig *rig = *state;
	struct sleeper sleeper;

	for (unsigned int i = 0; i < ROWS; i++) {
		print_message("%s: %llu requests, seed %llu\n", rows[i].name,
			      (unsigned long long)count,
			      (unsigned long long)seed + i);
		open_row(rig, &rows[i]);
		sleeper_open(&sleeper, &rig->fronts[0], seed + i,
			     rows[i].tracked);
		sleeper_run(&sleeper, count, timeout_ms);
		print_message("%s: %llu exchanges, %llu sleeps\n", rows[i].name,
			      (unsigned long long)sleeper.exchanges,
			      (unsigned long long)sleeper.sleeps);
		assert_true(sleeper.exchanges > count / 50);
		sleeper_close(&sleeper);
		rig_close(rig, 0);
	}
}

int main(void)
{
	static const char *const args[] = { "--device=sim:loopback",
					    RIG_WITH_PACKED, RIG_WITH_IOMMU,
					    NULL };
	const struct CMUnitTest tests[] = {
		RIG_TEST_ARGS(driver_that_sleeps_is_always_woken, args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
