/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What spi-xfer says when something fails, and its exit statuses. */
#ifndef XFER_REPORT_H
#define XFER_REPORT_H

#include <stdint.h>

/* docs/spi-xfer.1 has the same list. */
enum xfer_exit {
	XFER_EXIT_DONE = 0,
	XFER_EXIT_USAGE = 1,	 /* also a file that cannot be read or made */
	XFER_EXIT_BACK_END = 2,	 /* no connection, or an invalid answer */
	XFER_EXIT_PARAM_ERR = 3, /* the device refused the request */
	XFER_EXIT_TRANS_ERR = 4, /* the transfer failed */
	XFER_EXIT_MISMATCH = 5,	 /* other bytes than those expected */
	XFER_EXIT_CHIP = 6,	 /* the chip cannot, or does not, do it */
};

/*
 * Prints a line about @what, which failed with the negative errno @err of
 * front_end.h. Returns XFER_EXIT_BACK_END.
 */
int xfer_report_error(const char *what, int err);

/*
 * Prints a line if the status of part @part is not TRANS_OK. Returns the exit
 * status that it stands for.
 */
int xfer_report_status(unsigned int part, uint8_t status);

/* Prints "spi-xfer: " and a line. */
void xfer_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
