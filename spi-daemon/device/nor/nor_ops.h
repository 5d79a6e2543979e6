/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The commands of the simulated NOR flash: what each one takes and does. */
#ifndef NOR_OPS_H
#define NOR_OPS_H

#include "spi-daemon/device/store/memory_chip.h"

/* Its memory chips are embedded in struct nor_chip. */
extern const struct memory_kind nor_kind;

#endif
