/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/link/xfer_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/xfer/spi_front.h"

void xfer_report(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("spi-xfer: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int xfer_report_error(const char *what, int err)
{
	const char *why = strerror(-err);

	if (err == -EREMOTEIO)
		why = "the back end refused";
	else if (err == -EIO)
		why = "the back end gave up the ring";
	else if (err == -ENOTSUP)
		why = "the back end is no virtio 1.x device";
	else if (err == -EPROTONOSUPPORT)
		why = "the back end offers no packed virtqueues";
	xfer_report("%s: %s", what, why);
	return XFER_EXIT_BACK_END;
}

int xfer_report_status(unsigned int part, uint8_t status)
{
	switch (status) {
	case VIRTIO_SPI_TRANS_OK:
		return XFER_EXIT_DONE;
	case VIRTIO_SPI_PARAM_ERR:
		xfer_report("part %u: PARAM_ERR: the device does not allow "
			    "these parameters",
			    part);
		return XFER_EXIT_PARAM_ERR;
	case VIRTIO_SPI_TRANS_ERR:
		xfer_report("part %u: TRANS_ERR: the transfer failed", part);
		return XFER_EXIT_TRANS_ERR;
	case SPI_FRONT_UNWRITTEN:
		xfer_report("part %u: the device wrote no status", part);
		return XFER_EXIT_BACK_END;
	default:
		xfer_report("part %u: unknown status %u", part, status);
		return XFER_EXIT_BACK_END;
	}
}
