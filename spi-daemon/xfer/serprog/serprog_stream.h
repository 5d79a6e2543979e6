/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The bytes of a serprog client, over a socket or a terminal. */
#ifndef SERPROG_STREAM_H
#define SERPROG_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct serprog_stream {
	int fd; /* not owned; blocking */
	size_t begin, end;
	uint8_t bytes[4096]; /* received and not read: begin..end-1 */
};

void serprog_stream_init(struct serprog_stream *stream, int fd);

/*
 * Each waits until all @len bytes are read, dropped, or written. Returns 0, or
 * -ECONNRESET if the client is gone.
 */
int serprog_stream_read(struct serprog_stream *stream, void *bytes, size_t len);
int serprog_stream_skip(struct serprog_stream *stream, size_t len);
int serprog_stream_write(struct serprog_stream *stream, const void *bytes,
			 size_t len);

#endif
