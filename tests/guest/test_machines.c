// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A guest on each kind of machine: rings, properties of QEMU's device, memory.
 * Each row boots a guest of its own.
 *
 * GUEST_ROWS=all runs all rows, else those without only_in_full.
 * GUEST_REBINDS and GUEST_RESETS set how often, GUEST_SEED the moments.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/lab.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "virtio/ring/virtio_wire.h"

#define DEFAULT_REBINDS	  5
#define DEFAULT_RESETS	  3
#define MAX_RESET_MS	  5000

#define HUGE_PAGES	  "2 MiB pages"
#define HUGE_PAGES_NEEDED 128

#define BIT(n)		  (UINT64_C(1) << (n))
#define PACKED		  BIT(VIRTIO_F_RING_PACKED)
#define IN_ORDER	  BIT(VIRTIO_F_IN_ORDER)
#define INDIRECT	  BIT(VIRTIO_F_INDIRECT_DESC)
#define EVENT_IDX	  BIT(VIRTIO_F_EVENT_IDX)
#define BY_DEFAULT	  (INDIRECT | EVENT_IDX)

struct row {
	const char *name;
	uint64_t features; /* that the guest negotiates, beside VERSION_1 */
	bool only_in_full; /* not in a short run */
	struct lab_setup setup;
};

#define PROPERTY(text)                                                      \
	{                                                                   \
		.name = text, .features = BY_DEFAULT, .only_in_full = true, \
		.setup.guest.properties = "," text,                         \
	}

#define MEMORY(what, object)                                                \
	{                                                                   \
		.name = what, .features = BY_DEFAULT, .only_in_full = true, \
		.setup.guest.memory = object,                               \
	}

static const struct row rows[] = {
	{
		.name = "packed ring, in order",
		.features = PACKED | IN_ORDER | EVENT_IDX,
		.setup.daemon_options = { "--with=ring-packed,in-order" },
	},
	{
		.name = "page-per-vq=on, memory in a file",
		.features = BY_DEFAULT,
		.setup.guest.properties = ",page-per-vq=on",
		.setup.guest.memory = "memory-backend-file,mem-path=/tmp",
	},

	{
		.name = "packed ring",
		.features = PACKED | EVENT_IDX,
		.only_in_full = true,
		.setup.daemon_options = { "--with=ring-packed" },
	},
	{
		.name = "split ring, in order",
		.features = IN_ORDER | BY_DEFAULT,
		.only_in_full = true,
		.setup.daemon_options = { "--with=in-order" },
	},
	{
		.name = "no event index, no indirect descriptors",
		.features = 0,
		.only_in_full = true,
		.setup.daemon_options = { "--without=event-idx,indirect-desc" },
	},
	PROPERTY("event_idx=off"),
	PROPERTY("indirect_desc=off"),
	PROPERTY("queue_reset=off"),
	PROPERTY("modern-pio-notify=on"),
	MEMORY("memfd", "memory-backend-memfd,seal=off"),
	MEMORY("sealed memfd", "memory-backend-memfd,seal=on"),
	MEMORY("POSIX shared memory", "memory-backend-shm"),
	MEMORY(HUGE_PAGES, "memory-backend-memfd,hugetlb=on,hugetlbsize=2M"),
	{
		.name = "6 GiB",
		.features = BY_DEFAULT,
		.only_in_full = true,
		.setup.guest.ram_mib = 6144,
	},
};

#define ROWS (sizeof(rows) / sizeof(*rows))

static const struct row *current;

/* Returns true if the host has free huge pages for a guest's memory. */
static bool has_huge_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/"
			   "free_hugepages",
			   "re");
	unsigned int count = 0;

	if (file && fscanf(file, "%u", &count) != 1)
		count = 0;
	if (file)
		fclose(file);
	return count >= HUGE_PAGES_NEEDED;
}

static void guest_works(void **state)
{
	struct lab *lab;

	if (!strcmp(current->name, HUGE_PAGES) && !has_huge_pages())
		skip_because("fewer than %d free huge pages",
			     HUGE_PAGES_NEEDED);
	lab = lab_open(state);
	assert_int_equal(lab_features(lab, lab->guests[0]),
			 BIT(VIRTIO_F_VERSION_1) | current->features);
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtd " FLASH " 0x10000 0x4000 1 && "
		"for n in 1 100 5000 65536; do "
		"guest-spi duplex " ECHO " $n $n || exit 1; done");
	lab_rebind(lab, lab->guests[0]);
	lab_run(lab, lab->guests[0], LONG_S,
		"guest-spi mtdcheck " FLASH " 0x10000 0x4000 1");
}

static void guest_works_when_bound_again_and_again(void **state)
{
	int count = lab_setting("GUEST_REBINDS", DEFAULT_REBINDS);
	struct lab *lab = lab_open(state);

	lab_start_traffic(lab, lab->guests[0]);
	lab_stop_traffic(lab, lab->guests[0]);
	for (int i = 0; i < count; i++) {
		lab_rebind(lab, lab->guests[0]);
		lab_run(lab, lab->guests[0], LONG_S,
			"guest-spi mtd " FLASH " 0x10000 0x1000 %d && "
			"guest-spi duplex " ECHO " 5000 %d",
			i, i);
	}
}

/* The moments are random: in the firmware, in the driver's probe, later. */
static void guest_works_when_reset_while_it_boots(void **state)
{
	int count = lab_setting("GUEST_RESETS", DEFAULT_RESETS);
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	for (int i = 0; i < count; i++) {
		int err =
			guest_qmp(g, "{\"execute\":\"system_reset\"}", NULL, 0);

		if (err)
			lab_fail(lab, g, "system_reset: %d", err);
		process_sleep_ms((int)(random() % MAX_RESET_MS));
	}
	assert_int_equal(guest_wait(g), 0);
	lab_run(lab, g, LONG_S,
		"guest-spi mtd " FLASH " 0x10000 0x4000 1 && "
		"guest-spi duplex " ECHO " 65536 1");
}

/* The prestate of a row's test is the row. */
static int create_row(void **state)
{
	current = *state;
	return lab_create(state, &current->setup);
}

static int destroy_row(void **state)
{
	int failed = lab_after_test(state);

	return lab_destroy(state) || failed ? -1 : 0;
}

static int run_rows(void)
{
	const char *wanted = getenv("GUEST_ROWS");
	bool full = wanted && !strcmp(wanted, "all");
	struct CMUnitTest tests[ROWS];
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].only_in_full && !full)
			continue;
		tests[count++] = (struct CMUnitTest){
			.name = rows[i].name,
			.test_func = guest_works,
			.setup_func = create_row,
			.teardown_func = destroy_row,
			.initial_state = (void *)(uintptr_t)&rows[i],
		};
	}
	return _cmocka_run_group_tests("rows", tests, count, NULL, NULL);
}

static int create(void **state)
{
	static const struct lab_setup setup = { .keys = NULL };

	return lab_create(state, &setup);
}

static const struct CMUnitTest life_tests[] = {
	lab_test(guest_works_when_bound_again_and_again),
	lab_test(guest_works_when_reset_while_it_boots),
};

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom((unsigned int)lab_setting("GUEST_SEED", (int)process_now_ms()));
	return run_rows() +
	       cmocka_run_group_tests(life_tests, create, lab_destroy);
}
