// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/process.h"

int channel_connect(struct channel *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);

	c->start = 0;
	c->end = 0;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	if (connect(c->fd, (const void *)&address, sizeof(address)) < 0) {
		int err = -errno;

		channel_close(c);
		return err;
	}
	return 0;
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int channel_write(struct channel *c, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Wait for more bytes. The buffer is empty when this is called. */
static int refill(struct channel *c, int64_t deadline)
{
	struct pollfd fd = { .fd = c->fd, .events = POLLIN };
	int64_t left = deadline - process_now_ms();
	ssize_t n;

	if (c->fd < 0)
		return -EPIPE;
	if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
		return -ETIMEDOUT;
	n = recv(c->fd, c->data, sizeof(c->data), 0);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	c->start = 0;
	c->end = (size_t)n;
	return 0;
}

int channel_read_line(struct channel *c, char *line, size_t size,
		      int64_t deadline)
{
	size_t len = 0;

	for (;;) {
		int err = c->start < c->end ? 0 : refill(c, deadline);
		char byte;

		if (err)
			return err;
		byte = c->data[c->start++];
		if (byte == '\n')
			break;
		if (len + 1 < size)
			line[len++] = byte;
	}
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return 0;
}

int channel_read_bytes(struct channel *c, char *out, size_t size, size_t len,
		       int64_t deadline)
{
	size_t kept = 0;

	while (len) {
		int err = c->start < c->end ? 0 : refill(c, deadline);
		size_t part;
		size_t fits;

		if (err)
			return err;
		part = c->end - c->start;
		if (part > len)
			part = len;
		fits = out && kept + 1 < size ? size - 1 - kept : 0;
		if (fits > part)
			fits = part;
		if (fits)
			memcpy(out + kept, c->data + c->start, fits);
		kept += fits;
		c->start += part;
		len -= part;
	}
	if (out && size)
		out[kept] = '\0';
	return 0;
}
