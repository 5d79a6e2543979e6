/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The floor: what no daemon can be faster than. A process with one thread for
 * each guest, which waits for the guest's kick eventfd, makes as many
 * SPI_IOC_MESSAGE as the eventfd has kicks, and then writes the call eventfd:
 * three system calls for one request.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_GUESTS 64

/* In memory that the process shares with its clients */
struct floor_guest {
	_Alignas(64) atomic_ulong done; /* requests so far */
};

struct floor {
	struct floor_guest *guests; /* FLOOR_GUESTS of them */
	int page_fd;
	int kick_fds[FLOOR_GUESTS], call_fds[FLOOR_GUESTS]; /* eventfds */
	unsigned int count;
};

struct floor_work {
	const char *device; /* path of the spidev */
	uint32_t len;	    /* bytes of a message */
	bool polled;	    /* clients look at ->done: no call */
};

/*
 * Makes what the process and its clients share, for @count guests. The process
 * inherits the descriptors. Returns 0 or a negative errno.
 */
int floor_open(struct floor *floor, unsigned int count);
void floor_close(struct floor *floor);

#define FLOOR_ARGS 8

/*
 * Fills in the command line of the process, which is this program, @args is
 * what its main() gives to floor_main(). Valid until the next call.
 */
void floor_command(const struct floor *floor, const struct floor_work *work,
		   const char *argv[FLOOR_ARGS]);

/* The process. Does not return. */
_Noreturn void floor_main(char **args);

#endif
