/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Received bytes, as text. */
#ifndef XFER_PRINT_H
#define XFER_PRINT_H

#include <stdint.h>
#include <stdio.h>

/* One line: "c2 20 14" */
void xfer_print_hex(FILE *out, const uint8_t *bytes, uint32_t len);

/* Lines of 16 bytes, with the offset before them and the characters behind. */
void xfer_print_dump(FILE *out, const uint8_t *bytes, uint32_t len);

#endif
