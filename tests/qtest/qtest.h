/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A QEMU that runs no guest: its processor is the test, which reads and
 * writes ports and memory over QEMU's qtest protocol. The machine is a q35
 * whose RAM begins at address 0.
 *
 * All of it is for use inside a cmocka test: what goes wrong fails the test.
 */
#ifndef TESTS_QTEST_QTEST_H
#define TESTS_QTEST_QTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/lib/channel.h"

/* Far more than anything takes, as machines can be slow and busy. */
#define QTEST_MS      60000

#define QTEST_RAM_MIB 64

struct qtest {
	pid_t pid; /* 0: not running */
	struct channel port;
	struct channel qmp;
	char dir[64];
	char log[96];
	const char *peer_log; /* shown with QEMU's own, unless NULL */
};

/* Skips the running test when there is no kit, and says why. */
void qtest_need_kit(void);

/*
 * Starts QEMU with the NULL-terminated @args besides those of the machine.
 * Returns 0, or -ECHILD when QEMU ended by itself: that is for the caller to
 * judge, and qtest_stop() gives the status. Skips the test when this QEMU
 * cannot do without a processor.
 */
int qtest_try_start(struct qtest *qt, const char *const *args);

/* The same, but for QEMU to end is a failure. */
void qtest_start(struct qtest *qt, const char *const *args);

/* QEMU's output until now, as a string; valid until the next call. */
const char *qtest_log(const struct qtest *qt);

bool qtest_is_running(const struct qtest *qt);
void qtest_check_running(const struct qtest *qt);

/* Shows the logs and fails the test. */
__attribute__((format(printf, 2, 3), noreturn)) void
qtest_fail(const struct qtest *qt, const char *format, ...);

/* Ends it by SIGKILL, in the middle of whatever it does. */
void qtest_kill(struct qtest *qt);

/*
 * Ends QEMU by QMP, if it runs, and removes its files. Returns its exit
 * status, or 128 + the signal that ended it. May be called twice.
 */
int qtest_stop(struct qtest *qt);

/* I/O ports, 32 bits wide */
uint32_t qtest_inl(struct qtest *qt, uint16_t port);
void qtest_outl(struct qtest *qt, uint16_t port, uint32_t value);

/* One access to memory or a register, of @size 1, 2, 4 or 8 bytes */
uint64_t qtest_load(struct qtest *qt, uint64_t addr, unsigned int size);
void qtest_store(struct qtest *qt, uint64_t addr, unsigned int size,
		 uint64_t value);

/* Any number of bytes of memory */
void qtest_read(struct qtest *qt, uint64_t addr, void *data, size_t len);
void qtest_write(struct qtest *qt, uint64_t addr, const void *data, size_t len);
void qtest_memset(struct qtest *qt, uint64_t addr, uint8_t byte, size_t len);

/* One command to QEMU's monitor, which has to succeed. @reply may be NULL. */
__attribute__((format(printf, 4, 5))) void
qtest_qmp(struct qtest *qt, char *reply, size_t size, const char *format, ...);

/* A command without arguments whose answer says nothing. */
void qtest_execute(struct qtest *qt, const char *command);

#endif
