/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Starting QEMU from the kit that tests/guest/kit.sh makes. */
#ifndef TEST_QEMU_H
#define TEST_QEMU_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/lib/channel.h"

#define QEMU_MAX_ARGS 80

/* argv under construction; the strings made for it are freed with it. */
struct qemu_args {
	const char *argv[QEMU_MAX_ARGS + 1];
	char *owned[QEMU_MAX_ARGS];
	int count;
	int owned_count;
};

/* Adds @arg, which stays the caller's. */
void qemu_arg(struct qemu_args *a, const char *arg);

/* Adds @option, unless NULL, and the formatted string. */
__attribute__((format(printf, 3, 4))) void
qemu_option(struct qemu_args *a, const char *option, const char *format, ...);

void qemu_args_free(struct qemu_args *a);

/* The script that makes the kit of x86 guests. */
#define QEMU_GUEST_KIT "tests/guest/kit.sh"

/*
 * Stores the directory of the kit that @script makes. Returns 0, or -ENOENT
 * when it has not made one. Works from the top directory of the source, or if
 * the environment variable VHOST_SPI_TOP names that.
 */
int qemu_find_kit(const char *script, char *dir, size_t size);

/*
 * Connects to a socket that the child @pid makes a moment after its start.
 * Returns 0, -EPIPE when the child has ended, or another negative errno.
 */
int qemu_connect(struct channel *c, const char *path, pid_t pid,
		 int64_t deadline);

#endif
