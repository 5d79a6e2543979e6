// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <bsd/string.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/device/sim/chip_link.h"
#include "spi-daemon/device/sim/chip_wire.h"
#include "spi-daemon/files/files.h"
#include "spi-daemon/system/clock.h"

/* How long a program that does not answer is left alone. */
#define RETRY_NS NS_PER_S
/* The same, in timeouts, of one whose answer was late twice in a row */
#define RETRIES 4

int chip_link_init(struct chip_link *link, const char *path,
		   uint32_t timeout_ms, uint32_t max_len)
{
	*link = (struct chip_link){
		.timeout_ms = timeout_ms,
		.max_len = max_len,
		.fd = -1,
	};
	return strlcpy(link->path, path, sizeof(link->path)) <
			       sizeof(link->path)
		       ? 0
		       : -ENAMETOOLONG;
}

void chip_link_close(struct chip_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

void chip_link_begin(struct chip_link *link)
{
	link->failed_step = NULL;
	link->deadline = clock_now() + link->timeout_ms * NS_PER_MS;
}

/* Ends the connection. Returns @error. */
static int fail(struct chip_link *link, const char *step, int error)
{
	link->failed_step = step;
	chip_link_close(link);
	/* Others want the bus that waits for it. */
	if (error == -ETIMEDOUT && ++link->timeouts > 1)
		link->retry_at =
			clock_now() + RETRIES * link->timeout_ms * NS_PER_MS;
	return error;
}

int chip_link_reject(struct chip_link *link, const char *step)
{
	return fail(link, step, -EPROTO);
}

/* Returns 0 if the call that gave @error is to be made again. */
static int check_retry(const struct chip_link *link, int error)
{
	if (error == EAGAIN ||
	    (error == EINTR && clock_now() >= link->deadline))
		return -ETIMEDOUT;
	return error == EINTR ? 0 : -error;
}

/* Skips the first @done bytes of @message. */
static void advance(struct msghdr *message, size_t done)
{
	while (message->msg_iovlen && done >= message->msg_iov->iov_len) {
		done -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (done) {
		message->msg_iov->iov_base =
			(uint8_t *)message->msg_iov->iov_base + done;
		message->msg_iov->iov_len -= done;
	}
}

int chip_link_send(struct chip_link *link, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	bool sent = false;
	int ret;

	while (message.msg_iovlen) {
		ssize_t done = sendmsg(link->fd, &message, MSG_NOSIGNAL);

		ret = done < 0 ? check_retry(link, errno) : 0;
		if (ret == -EPIPE && sent)
			ret = -ECONNRESET;
		if (!ret && sent && clock_now() >= link->deadline)
			ret = -ETIMEDOUT;
		if (ret)
			return fail(link, "send to the program", ret);
		if (done > 0) {
			advance(&message, (size_t)done);
			sent = true;
		}
	}
	return 0;
}

int chip_link_receive(struct chip_link *link, void *to, size_t len)
{
	uint8_t *at = to;

	while (len) {
		ssize_t done = recv(link->fd, at, len, 0);
		int ret = done < 0 ? check_retry(link, errno) : 0;

		if (!done)
			ret = -ECONNRESET;
		if (ret)
			return fail(link, "answer of the program", ret);
		if (done > 0) {
			at += done;
			len -= (size_t)done;
		}
		if (len && clock_now() >= link->deadline)
			return fail(link, "answer of the program", -ETIMEDOUT);
	}
	return 0;
}

/* A program may be behind with accepting. */
static int connect_in_time(const struct chip_link *link)
{
	static const struct timespec pause = { .tv_nsec = NS_PER_MS };
	int fd;

	while ((fd = files_connect(link->path)) == -EAGAIN &&
	       clock_now() < link->deadline)
		nanosleep(&pause, NULL);
	return fd == -EAGAIN ? -ETIMEDOUT : fd;
}

/* Calls take no longer than the timeout. */
static void limit_calls(const struct chip_link *link)
{
	const struct timeval timeout = {
		.tv_sec = link->timeout_ms / 1000,
		.tv_usec = (suseconds_t)(link->timeout_ms % 1000) * 1000,
	};

	setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
		   sizeof(timeout));
	setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		   sizeof(timeout));
}

static int greet(struct chip_link *link)
{
	struct chip_hello hello = {
		.header = { .size = sizeof(hello), .type = CHIP_HELLO },
		.magic = CHIP_WIRE_MAGIC,
		.version = CHIP_WIRE_VERSION,
		.max_len = link->max_len,
	};
	struct iovec part = { &hello, sizeof(hello) };
	int ret = chip_link_send(link, &part, 1);

	if (!ret)
		ret = chip_link_receive(link, &hello, sizeof(hello));
	if (ret)
		return ret;
	if (hello.header.size != sizeof(hello) ||
	    hello.header.type != CHIP_HELLO ||
	    memcmp(hello.magic, CHIP_WIRE_MAGIC, sizeof(hello.magic)) != 0)
		return chip_link_reject(link, "greeting of the program");
	if (hello.version != CHIP_WIRE_VERSION)
		return fail(link, "version of the program", -EPROTONOSUPPORT);
	return 0;
}

int chip_link_connect(struct chip_link *link)
{
	int ret;

	if (link->fd >= 0)
		return 0;
	if (clock_now() < link->retry_at) {
		link->failed_step = "answer of the program";
		return -ETIMEDOUT;
	}
	link->fd = connect_in_time(link);
	if (link->fd < 0) {
		ret = fail(link, "connect", link->fd);
	} else {
		limit_calls(link);
		ret = greet(link);
	}
	if (ret == -ETIMEDOUT && link->retry_at < clock_now() + RETRY_NS)
		link->retry_at = clock_now() + RETRY_NS;
	return ret;
}
