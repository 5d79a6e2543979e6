/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Log lines about one guest, which the guest can cause but not flood. */
#ifndef GUEST_LOG_H
#define GUEST_LOG_H

#include "spi-daemon/system/log.h"

/* Used by one thread. */
struct guest_log {
	const char *guest; /* its name, at the start of each line */
	struct log_limit limit;
};

/*
 * Logs a warning about the guest, and before it how many were suppressed; or
 * suppresses it, if there were too many of late. See log_limit_ok().
 */
__attribute__((format(printf, 2, 3))) void
guest_log_warning(struct guest_log *log, const char *format, ...);

/* The same, of something that is as it should be. */
__attribute__((format(printf, 2, 3))) void
guest_log_info(struct guest_log *log, const char *format, ...);

/* Logs how many lines were suppressed and not told of yet, if any. */
void guest_log_end(struct guest_log *log);

#endif
