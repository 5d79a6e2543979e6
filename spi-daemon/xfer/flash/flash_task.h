/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --flash */
#ifndef FLASH_TASK_H
#define FLASH_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/link/xfer_link.h"
#include "spi-daemon/xfer/options/xfer_options.h"

/*
 * Does what @options->flash says. Returns an enum xfer_exit, after a line on
 * stderr if it is not XFER_EXIT_DONE.
 */
int flash_task_run(const struct xfer_options *options);

#endif
