/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/serprog/serprog_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void serprog_stream_init(struct serprog_stream *stream, int fd)
{
	stream->fd = fd;
	stream->begin = 0;
	stream->end = 0;
}

/* Waits until something is there. */
static int fill(struct serprog_stream *stream)
{
	ssize_t n;

	if (stream->begin < stream->end)
		return 0;
	do {
		n = read(stream->fd, stream->bytes, sizeof(stream->bytes));
	} while (n < 0 && errno == EINTR);
	/* A terminal that was closed gives EIO. */
	if (n <= 0)
		return -ECONNRESET;
	stream->begin = 0;
	stream->end = (size_t)n;
	return 0;
}

/* Takes what is there, at most @len bytes; @bytes may be NULL. */
static size_t take(struct serprog_stream *stream, uint8_t *bytes, size_t len)
{
	size_t n = stream->end - stream->begin;

	if (n > len)
		n = len;
	if (bytes)
		memcpy(bytes, stream->bytes + stream->begin, n);
	stream->begin += n;
	return n;
}

int serprog_stream_read(struct serprog_stream *stream, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	while (len > 0) {
		int err = fill(stream);
		size_t n;

		if (err)
			return err;
		n = take(stream, at, len);
		at += n;
		len -= n;
	}
	return 0;
}

int serprog_stream_skip(struct serprog_stream *stream, size_t len)
{
	while (len > 0) {
		int err = fill(stream);

		if (err)
			return err;
		len -= take(stream, NULL, len);
	}
	return 0;
}

int serprog_stream_write(struct serprog_stream *stream, const void *bytes,
			 size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(stream->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ECONNRESET;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
