/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The commands of the simulated NAND flash: what each one takes and does. */
#ifndef NAND_OPS_H
#define NAND_OPS_H

#include "spi-daemon/device/store/memory_chip.h"

/* Its memory chips are embedded in struct nand_chip. */
extern const struct memory_kind nand_kind;

#endif
