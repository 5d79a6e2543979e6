/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A board that QEMU emulates, SPI controller and flash chip included, with
 * Debian's kernel and our init, which runs what the test asks for. kit.sh
 * makes what this needs.
 */
#ifndef TESTS_SPIDEV_BOARD_H
#define TESTS_SPIDEV_BOARD_H

#include <stdbool.h>
#include <stddef.h>

struct board;

struct board_kind {
	const char *name;
	const char *arch; /* the kit's directory */
	const char *qemu;
	const char *const *args; /* for QEMU; ends with NULL */
	const char *append;	 /* kernel command line, control= included */
	bool has_dtb;
	bool control_is_first; /* the serial port; the console is the other */
};

/* SiFive's controller with a chip select of its own; flash is25wp256. */
extern const struct board_kind board_sifive_u;

/* i.MX6's controller, chip select by a GPIO; flash sst25vf016b. */
extern const struct board_kind board_sabrelite;

/* The script that makes the boards' kit; for qemu_find_kit(). */
#define BOARD_KIT "tests/spidev/kit.sh"

/*
 * Start a board, with @append (or NULL) on the kernel's command line, and wait
 * until it takes commands. Returns NULL after having shown why not.
 */
struct board *board_start(const struct board_kind *kind, const char *append);

/*
 * Run a shell command line, without line ends in it. @out gets its output as
 * a string, shortened to fit. Returns the exit status, or a negative errno.
 */
int board_run(struct board *board, char *out, size_t size, int timeout_s,
	      const char *command);

/* Shows the last lines of the console. */
void board_show_log(struct board *board);

/*
 * Ends QEMU, removes all files, frees @board (which may be NULL). Returns 0,
 * or -EBADMSG, and shows the log, if the kernel has logged a fault: see
 * tests/lib/kernel_log.h.
 */
int board_stop(struct board *board);

#endif
