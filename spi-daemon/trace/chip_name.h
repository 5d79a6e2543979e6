/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a chip is called in traces. */
#ifndef CHIP_NAME_H
#define CHIP_NAME_H

#include <stdbool.h>

#include "spi-daemon/trace/format/trace_record.h"

/*
 * Names the bus of @chip after @bus, what the bus is called. If that is a path,
 * and @path ends in spidevX.Y, it is spiX; and Y is the number of the chip.
 * Returns false if @path does not end so: the number is left alone.
 */
bool chip_name_set(struct trace_chip *chip, const char *bus, const char *path);

#endif
