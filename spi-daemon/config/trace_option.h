/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The options of traces. */
#ifndef TRACE_OPTION_H
#define TRACE_OPTION_H

#include "spi-daemon/config/option_value.h"

/*
 * --trace=@path, and --trace-size=@value. Return as option_take() does. A trace
 * that was given already is given once.
 */
int trace_option_add(struct option_parser *parser, const char *path);
int trace_option_set_size(struct option_parser *parser, const char *value);

#endif
