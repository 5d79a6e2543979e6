/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A Unix socket that is read by lines and by counted bytes, always with a
 * deadline. Deadlines are process_now_ms() values.
 */
#ifndef TEST_CHANNEL_H
#define TEST_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

struct channel {
	int fd;	      /* -1: not connected */
	size_t start; /* what is buffered: data[start..end) */
	size_t end;
	char data[16384];
};

/* One attempt to connect. Returns 0 or a negative errno. */
int channel_connect(struct channel *c, const char *path);

void channel_close(struct channel *c);

/* Returns 0 or a negative errno. */
int channel_write(struct channel *c, const char *text, size_t len);

/*
 * Read one line into @line, without its end; what does not fit is dropped.
 * Returns 0, -ETIMEDOUT, -EPIPE when the peer is gone, or a negative errno.
 */
int channel_read_line(struct channel *c, char *line, size_t size,
		      int64_t deadline);

/*
 * Read @len bytes. @out, unless NULL, gets what fits and a final NUL.
 * Returns as channel_read_line().
 */
int channel_read_bytes(struct channel *c, char *out, size_t size, size_t len,
		       int64_t deadline);

#endif
