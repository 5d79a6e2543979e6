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

#define TEXT_SIZE 256

/* Writes the line to @text. Returns false if there were too many of late. */
__attribute__((format(printf, 3, 0))) static bool
write_line(struct guest_log *log, char *text, const char *format, va_list args)
{
	unsigned int suppressed;

	if (!log_limit_ok(&log->limit, clock_now(), &suppressed))
		return false;
	tell_suppressed(log, suppressed);
	vsnprintf(text, TEXT_SIZE, format, args);
	return true;
}

void guest_log_warning(struct guest_log *log, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	if (write_line(log, text, format, args))
		log_warning("%s: %s", log->guest, text);
	va_end(args);
}

void guest_log_info(struct guest_log *log, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	if (write_line(log, text, format, args))
		log_info("%s: %s", log->guest, text);
	va_end(args);
}
