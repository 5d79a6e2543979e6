// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/daemon/rig.h"

#define MAX_ARGS 32
#define ARG_SIZE 256

/* Drivers' memory begins here; each has as much as it needs, and a gap. */
#define DRIVER_MEMORY(n) (UINT64_C(0x100000) + (n)*UINT64_C(0x400000))

int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	return b ? 0 : -1;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;

	for (unsigned int i = 0; i < BENCH_QEMUS; i++)
		assert_int_equal(qtest_stop(&b->qemu[i]), 0);
	if (b->daemon.pid > 0) {
		daemon_stop(&b->daemon, SIGTERM);
		daemon_clean(&b->daemon);
	}
	free(b);
	return 0;
}

struct bench *bench_open_with(void **state, const char *const *args)
{
	struct bench *b = *state;

	qtest_need_kit();
	daemon_init(&b->daemon);
	daemon_start(&b->daemon, BENCH_SOCKETS, args);
	snprintf(b->daemon_log, sizeof(b->daemon_log), "%s",
		 daemon_file(&b->daemon, "stderr"));
	return b;
}

struct bench *bench_open(void **state)
{
	static const char *const args[] = { BENCH_DEVICES, RIG_WITH_PACKED,
					    NULL };

	return bench_open_with(state, args);
}

int bench_try_boot(struct bench *b, const struct bench_machine *machine)
{
	char texts[2 * BENCH_SOCKETS][ARG_SIZE];
	const char *args[MAX_ARGS];
	unsigned int count = 0, text = 0;
	struct qtest *qt = &b->qemu[machine->number];

	for (unsigned int i = 0; machine->args && machine->args[i]; i++) {
		assert_in_range(count, 0, MAX_ARGS - 4 * BENCH_SOCKETS - 2);
		args[count++] = machine->args[i];
	}
	for (unsigned int i = 0; i <= machine->more_sockets; i++) {
		unsigned int n = machine->socket + i;

		assert_in_range(n, 0, BENCH_SOCKETS - 1);
		snprintf(texts[text], ARG_SIZE, "socket,id=spi%u,path=%s", n,
			 daemon_socket(&b->daemon, n));
		args[count++] = "-chardev";
		args[count++] = texts[text++];
		snprintf(texts[text], ARG_SIZE, "%s,chardev=spi%u,addr=0x%x",
			 machine->device ? machine->device
					 : "vhost-user-spi-pci",
			 n, BENCH_PCI_SLOT(n));
		args[count++] = "-device";
		args[count++] = texts[text++];
	}
	args[count] = NULL;
	*qt = (struct qtest){ .peer_log = b->daemon_log };
	return qtest_try_start(qt, args);
}

struct spi_driver *bench_find(struct bench *b, struct qtest *qt, unsigned int n)
{
	spi_driver_open(&b->spi[n], qt, BENCH_PCI_SLOT(n), DRIVER_MEMORY(n));
	return &b->spi[n];
}

struct qtest *bench_boot(struct bench *b, const struct bench_machine *machine)
{
	struct qtest *qt = &b->qemu[machine->number];

	if (bench_try_boot(b, machine))
		qtest_fail(qt, "QEMU did not start");
	for (unsigned int i = 0; i <= machine->more_sockets; i++)
		bench_find(b, qt, machine->socket + i);
	return qt;
}

struct spi_driver *bench_start(void **state, uint64_t features)
{
	struct bench *b = bench_open(state);

	bench_boot(b, &(struct bench_machine){ .socket = 0 });
	spi_driver_start(&b->spi[0], features);
	return &b->spi[0];
}
