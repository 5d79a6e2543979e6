/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The SPI bus of the benchmark, and the device files of a chip on it.
 *
 * Each file is a node of /dev/null's driver. A program that has spidev_shim.c
 * preloaded takes it for a spidev: each SPI ioctl still makes its system call,
 * which costs little and the same each time, and the shim gives it a result.
 * There is one bus on the machine, for all processes: a message takes the bus
 * for as long as struct fake_bus_page says.
 */
#ifndef BENCH_FAKE_BUS_H
#define BENCH_FAKE_BUS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* Names the file of struct fake_bus_page in the environment of the shim. */
#define FAKE_BUS_PAGE_VARIABLE "BENCH_BUS_PAGE"

/* What the chip and its controller can do. */
#define FAKE_BUS_MAX_HZ	 50000000u
#define FAKE_BUS_BUFSIZ	 4096u

#define FAKE_BUS_DEVICES 6

struct fake_bus_page {
	pthread_mutex_t lock;	/* shared by processes: the bus */
	atomic_uint message_ns; /* for which a message takes the bus, or 0 */
	atomic_bool sleeps; /* meanwhile, as with a controller that interrupts;
			     * others are polled by their driver */
	atomic_ulong messages; /* so far */
};

struct fake_bus {
	struct fake_bus_page *page;
	char dir[64], page_path[96];
	/* Paths of the same chip: only one process locks each. */
	char devices[FAKE_BUS_DEVICES][96];
};

/* Makes the bus and the files. Returns NULL, or why that is not possible. */
const char *fake_bus_open(struct fake_bus *bus);

/* Removes the files. */
void fake_bus_close(struct fake_bus *bus);

/*
 * Sets or clears the environment in which programs that are started have the
 * shim: spidev-shim.so, next to this program.
 */
void fake_bus_preload(const struct fake_bus *bus);
void fake_bus_unload(void);

/* The folder of this program, in which the shims are. */
const char *fake_bus_shims(void);

#endif
