/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/guest_log.h"

static void tell_suppressed(const struct guest_log *log,
			    unsigned int suppressed)
{
	if (suppressed)
		log_warning("%s: %u lines suppressed", log->guest, suppressed);
}

void guest_log_end(struct guest_log *log)
{
	tell_suppressed(log, log_limit_end(&log->limit));
}

void guest_log_warning(struct guest_log *log, const char *format, ...)
{
	unsigned int suppressed;
	char text[256];
	va_list args;

	if (!log_limit_ok(&log->limit, clock_now(), &suppressed))
		return;
	tell_suppressed(log, suppressed);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_warning("%s: %s", log->guest, text);
}
