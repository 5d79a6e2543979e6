/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The console log of a Linux guest, searched for faults of its kernel. */
#ifndef TEST_KERNEL_LOG_H
#define TEST_KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns true if the log at @path has a line that tells of a broken queue, a
 * task that hangs, or a kernel bug, and copies the first such line, shortened
 * to fit, to @line. Returns false if the log cannot be read.
 */
bool kernel_log_find_fault(const char *path, char *line, size_t size);

#endif
