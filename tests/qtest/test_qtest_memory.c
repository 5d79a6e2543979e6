// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * The daemon with QEMU's own front end, while memory is plugged and unplugged
 * under a ring that runs.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/qemu/qmp.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"

/* DIMMs lie side by side, from where QEMU lets them begin. */
#define DIMM_MIB     16
#define DIMM_BYTES   (DIMM_MIB * UINT64_C(0x100000))
#define DIMM_ADDR(n) (UINT64_C(0x100000000) + (n)*DIMM_BYTES)

/* More than the eight regions that SET_MEM_TABLE can carry */
#define MANY_DIMMS 20

/* The registers of QEMU's memory hot-plug (docs/specs/acpi_mem_hotplug) */
#define HOTPLUG_SELECTOR 0xa00
#define HOTPLUG_CONTROL	 0xa14
#define HOTPLUG_EJECT	 8u

static void plug(struct qtest *qt, unsigned int n)
{
	qtest_qmp(qt, NULL, 0,
		  "{\"execute\":\"object-add\",\"arguments\":{"
		  "\"qom-type\":\"memory-backend-memfd\",\"id\":\"mem%u\","
		  "\"size\":%llu,\"share\":true}}",
		  n, (unsigned long long)DIMM_BYTES);
	qtest_qmp(qt, NULL, 0,
		  "{\"execute\":\"device_add\",\"arguments\":{"
		  "\"driver\":\"pc-dimm\",\"id\":\"dimm%u\","
		  "\"memdev\":\"mem%u\",\"addr\":%llu,\"slot\":%u}}",
		  n, n, (unsigned long long)DIMM_ADDR(n), n);
}

/* How many files of memory QEMU has open. */
static unsigned int count_files(const struct qtest *qt)
{
	char path[300], target[64];
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)qt->pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target,
					 sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		count += strstr(target, "memfd:") != NULL;
	}
	closedir(dir);
	return count;
}

static void nap(struct qtest *qt, int64_t deadline)
{
	if (process_now_ms() > deadline)
		qtest_fail(qt, "memory cannot be unplugged");
	process_sleep_ms(5);
}

/* The guest's firmware ejects what QEMU wants to have back. */
static void unplug(struct qtest *qt, unsigned int n)
{
	int64_t deadline = process_now_ms() + QTEST_MS;
	unsigned int files = count_files(qt);
	char json[128];

	qtest_qmp(qt, NULL, 0,
		  "{\"execute\":\"device_del\",\"arguments\":{"
		  "\"id\":\"dimm%u\"}}",
		  n);
	qtest_outl(qt, HOTPLUG_SELECTOR, n);
	qtest_outl(qt, HOTPLUG_CONTROL, HOTPLUG_EJECT);
	snprintf(json, sizeof(json),
		 "{\"execute\":\"object-del\",\"arguments\":{"
		 "\"id\":\"mem%u\"}}",
		 n);
	/*
	 * QEMU takes the memory apart in a thread of its own. Memory that is
	 * plugged before that is done may get the address of the old, whose
	 * file QEMU 11.1 then sends, or fails to send as it is closed.
	 */
	while (qmp_command(&qt->qmp, json, NULL, 0))
		nap(qt, deadline);
	while (count_files(qt) == files)
		nap(qt, deadline);
}

/* How many pieces of QEMU's memory the daemon has mapped. */
static unsigned int count_mappings(const struct bench *b)
{
	unsigned int count = 0;
	char line[512];
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)b->daemon.pid);
	maps = fopen(line, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "memfd:") != NULL;
	fclose(maps);
	return count;
}

static void use_buffers_at(struct spi_driver *spi, uint64_t addr)
{
	spi->buffers = addr;
	spi_driver_check_echo(spi, 1, 1);
	spi_driver_check_echo(spi, SPI_DRIVER_MAX_LEN, 2);
	spi_driver_check_id(spi);
}

static void buffers_work_when_in_memory_that_was_hot_added(void **state)
{
	static const uint64_t kinds[] = { BENCH_SPLIT, BENCH_PACKED };
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];
	struct qtest *qt;

	qt = bench_boot(b, &(struct bench_machine){ .socket = 0 });
	for (unsigned int kind = 0; kind < 2; kind++) {
		uint64_t buffers = spi->buffers;

		spi_driver_start(spi, kinds[kind]);
		spi_driver_check_id(spi);
		plug(qt, kind);
		spi_driver_check_id(spi);
		use_buffers_at(spi, DIMM_ADDR(kind));
		use_buffers_at(spi, buffers);
	}
}

static void ring_works_when_in_memory_that_was_hot_added(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	struct bench *b = *state;
	struct qtest *qt = &b->qemu[0];

	plug(qt, 0);
	spi->memory = DIMM_ADDR(0);
	spi_driver_start(spi, BENCH_PACKED | BENCH_INDIRECT);
	spi_driver_check_id(spi);
	/* The table changes under it again. */
	plug(qt, 1);
	spi_driver_check_id(spi);
	use_buffers_at(spi, DIMM_ADDR(1));
	spi_driver_start(spi, BENCH_SPLIT | BENCH_EVENT_IDX);
	plug(qt, 2);
	spi_driver_check_id(spi);
}

/* The regions touch in guest memory, but are files of their own. */
static void buffer_works_when_it_crosses_two_regions(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);
	struct bench *b = *state;
	uint64_t border = DIMM_ADDR(1);

	plug(&b->qemu[0], 0);
	plug(&b->qemu[0], 1);
	/* tx is cut, then rx: see spi_driver.c for where they are. */
	use_buffers_at(spi, border - 0x40 - 100);
	use_buffers_at(spi, border - 0x1000 - 100);
	/* Even the head is. */
	use_buffers_at(spi, border - 7);
}

static void ring_goes_on_when_there_are_many_regions(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	struct bench *b = *state;
	unsigned int before = count_mappings(b);

	for (unsigned int n = 0; n < MANY_DIMMS; n++) {
		plug(&b->qemu[0], n);
		use_buffers_at(spi, DIMM_ADDR(n));
	}
	assert_int_equal(count_mappings(b), before + MANY_DIMMS);
	/* All of them at once, and a ring in the last. */
	spi->memory = DIMM_ADDR(MANY_DIMMS - 1);
	spi_driver_start(spi, BENCH_PACKED);
	for (unsigned int n = 0; n < MANY_DIMMS; n++)
		use_buffers_at(spi, DIMM_ADDR(n) + DIMM_BYTES / 2);
}

static void requests_complete_when_memory_comes_meanwhile(void **state)
{
	static const struct bench_machine deep = {
		.device = BENCH_DEEP_DEVICE,
	};
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];
	struct qtest *qt = bench_boot(b, &deep);
	uint32_t count;

	spi_driver_start(spi, BENCH_PACKED | BENCH_EVENT_IDX);
	count = driver_ring_room(&spi->ring);
	for (unsigned int n = 0; n < MANY_DIMMS; n++) {
		for (uint32_t i = 0; i < count; i++)
			spi_driver_add_echo(spi, SPI_DRIVER_MAX_LEN, i);
		spi_driver_kick(spi);
		plug(qt, n);
		for (uint32_t i = 0; i < count; i++)
			spi_driver_wait_echo(spi, SPI_DRIVER_MAX_LEN, i);
	}
}

static void ring_goes_on_when_memory_is_unplugged(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);
	struct bench *b = *state;
	struct qtest *qt = &b->qemu[0];
	unsigned int before = count_mappings(b);
	uint64_t buffers = spi->buffers;

	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int n = 0; n < 3; n++)
			plug(qt, n);
		use_buffers_at(spi, DIMM_ADDR(1));
		assert_int_equal(count_mappings(b), before + 3);
		use_buffers_at(spi, buffers);
		unplug(qt, 1);
		assert_int_equal(count_mappings(b), before + 2);
		use_buffers_at(spi, DIMM_ADDR(2));
		use_buffers_at(spi, buffers);
		unplug(qt, 0);
		unplug(qt, 2);
		assert_int_equal(count_mappings(b), before);
		spi_driver_check_id(spi);
	}
}

/*
 * This is not tried with memory that goes while the ring is stopped: QEMU 11.1
 * asks for the file of the memory that is no more, and crashes, when the ring
 * starts.
 */
static void memory_is_there_when_it_came_while_stopped(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	struct bench *b = *state;
	struct qtest *qt = &b->qemu[0];

	for (unsigned int n = 0; n < 4; n++) {
		qtest_execute(qt, "stop");
		plug(qt, n);
		qtest_execute(qt, "cont");
		use_buffers_at(spi, DIMM_ADDR(n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(buffers_work_when_in_memory_that_was_hot_added),
		BENCH_TEST(ring_works_when_in_memory_that_was_hot_added),
		BENCH_TEST(buffer_works_when_it_crosses_two_regions),
		BENCH_TEST(ring_goes_on_when_there_are_many_regions),
		BENCH_TEST(requests_complete_when_memory_comes_meanwhile),
		BENCH_TEST(ring_goes_on_when_memory_is_unplugged),
		BENCH_TEST(memory_is_there_when_it_came_while_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
