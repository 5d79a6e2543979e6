/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A real guest: QEMU, an unmodified Linux kernel with its own SPI drivers, of
 * which spi-virtio may be a patched one, and our init, which runs what the test
 * asks for. kit.sh makes the kit that this needs.
 */
#ifndef TESTS_GUEST_GUEST_H
#define TESTS_GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_MAX_SOCKETS 4

struct guest;

struct guest_config {
	const char *name; /* in messages */
	/* Sockets of vhost-user SPI back ends: one controller each. */
	const char *sockets[GUEST_MAX_SOCKETS];
	/* Chips on every controller, CS:MODALIAS[:HZ[:MODE]],...; or NULL. */
	const char *chips;
	unsigned int cpus;    /* 0: 1 */
	unsigned int ram_mib; /* 0: 256 */
	/* QEMU's object behind guest memory; NULL: memory-backend-memfd */
	const char *memory;
	/* Properties of the controllers, with a comma before each; or NULL */
	const char *properties;
	bool patched;	/* Linux's driver is: see docs/guest-linux.md */
	bool may_fault; /* a fault of its kernel is expected, and not shown */
	bool drivers;	/* all of Linux's SPI drivers are there, for modprobe */
	/* A directory of modules (*.ko), for modprobe by try-driver; or NULL */
	const char *modules;
	bool hotplug; /* the first controller can be unplugged: see plug.h */
	/* Kernel options; adds an IOMMU. NULL: the guest has no IOMMU */
	const char *iommu;
	const char *const *extra_args; /* for QEMU, ends with NULL; or NULL */
};

/*
 * Returns true if kit.sh has made an up-to-date kit. Works from the top
 * directory of the source.
 */
bool guest_kit_is_ready(void);

/* Returns true if the kit has a patched driver, for its version of Linux. */
bool guest_kit_is_patched(void);

/*
 * Starts a guest and waits until it takes commands. Returns NULL, and shows
 * the reason, if it does not. The guest belongs to the caller until
 * guest_stop().
 */
struct guest *guest_start(const struct guest_config *config);

/*
 * Runs a shell command line, without line ends in it, in the guest. @out,
 * unless NULL, gets its output as a string, shortened to fit. Returns the
 * exit status, or a negative errno: -ETIMEDOUT, or -EPIPE when QEMU is gone.
 * After a timeout the command still runs, and later ones wait for it.
 */
__attribute__((format(printf, 5, 6))) int guest_run(struct guest *g, char *out,
						    size_t out_size,
						    int timeout_s,
						    const char *format, ...);

/* Waits until the guest takes commands, after a reset. 0 or -errno. */
int guest_wait(struct guest *g);

/* Reboots the guest and waits until it takes commands again. 0 or -errno. */
int guest_reboot(struct guest *g);

/*
 * Sends one command to QEMU's monitor. @reply, unless NULL, gets the answer.
 * Returns 0, -EIO for an error answer, or another negative errno.
 */
int guest_qmp(struct guest *g, const char *json, char *reply, size_t size);

/* Sends QEMU a signal. After SIGKILL, waits until it has ended. */
int guest_kill(struct guest *g, int sig);

bool guest_is_running(struct guest *g);

/* Returns how many lines of the guest's console, so far, contain @text. */
unsigned int guest_count_lines(const struct guest *g, const char *text);

/* Shows the last lines of the guest's console and of QEMU's output. */
void guest_show_logs(struct guest *g);

/*
 * Returns true if the guest's kernel has logged a fault since QEMU started,
 * and copies the line to @line: see tests/lib/kernel_log.h. A warning is a
 * fault if the driver is patched.
 */
bool guest_find_fault(const struct guest *g, char *line, size_t size);

/*
 * Ends QEMU, removes all files, frees @g (which may be NULL). Returns QEMU's
 * exit status, 128 + the signal that ended it, or a negative errno. Returns
 * -EBADMSG, and shows the logs, if the guest's kernel has logged a fault.
 */
int guest_stop(struct guest *g);

#endif
