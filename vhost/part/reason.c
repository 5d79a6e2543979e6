/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int vhost_reason_set(struct vhost_reason *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	reason->hint = VHOST_HINT_NONE;
	return -EINVAL;
}

void vhost_reason_prefix(struct vhost_reason *reason, const char *format, ...)
{
	char text[VHOST_REASON_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len, ": %s",
			 reason->text);
	memcpy(reason->text, text, sizeof(text));
}

void vhost_reason_clear(struct vhost_reason *reason)
{
	reason->text[0] = '\0';
	reason->hint = VHOST_HINT_NONE;
}
