/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Why a message was refused, or a ring stopped: one line for a log. */
#ifndef VHOST_REASON_H
#define VHOST_REASON_H

#define VHOST_REASON_MAX                                    \
	160 /* bytes, with the final 0; longer ones are cut \
	     */

/* What the reason is about, where whoever logs it can add what helps. */
enum vhost_hint {
	VHOST_HINT_NONE,
	VHOST_HINT_NO_SETUP,  /* a ring was enabled that is not set up */
	VHOST_HINT_NO_MEMORY, /* the front end shares no guest memory */
};

struct vhost_reason {
	char text[VHOST_REASON_MAX]; /* "": none */
	enum vhost_hint hint;
};

/* Sets the text, with VHOST_HINT_NONE. Returns -EINVAL, for who refuses. */
__attribute__((format(printf, 2, 3))) int
vhost_reason_set(struct vhost_reason *reason, const char *format, ...);

/* Puts the formatted text and ": " before the one that is there. */
__attribute__((format(printf, 2, 3))) void
vhost_reason_prefix(struct vhost_reason *reason, const char *format, ...);

void vhost_reason_clear(struct vhost_reason *reason);

#endif
