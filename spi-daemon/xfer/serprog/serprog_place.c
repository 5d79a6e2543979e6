/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/serprog/serprog_place.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define PTY_LOOK_MS 50 /* how soon a client that opens the pty is noticed */

/* Seconds: a client whose machine is gone does not keep the others waiting. */
#define KEEPALIVE_IDLE	   60
#define KEEPALIVE_INTERVAL 10
#define KEEPALIVE_COUNT	   3

static int fail(int err, const char **why)
{
	*why = strerror(-err);
	return err;
}

static int set_raw(int fd)
{
	struct termios termios;

	if (tcgetattr(fd, &termios))
		return -errno;
	cfmakeraw(&termios);
	return tcsetattr(fd, TCSANOW, &termios) ? -errno : 0;
}

/*
 * The slave is opened and closed once: from then on the master is hung up
 * whenever nobody has it open.
 */
static int prepare_pty(struct serprog_place *place)
{
	int err = 0, slave;

	if (grantpt(place->fd) || unlockpt(place->fd) ||
	    ptsname_r(place->fd, place->name, sizeof(place->name)))
		return -errno;
	slave = open(place->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	err = set_raw(slave);
	close(slave);
	return err;
}

static int open_pty(struct serprog_place *place, const char **why)
{
	int err;

	place->is_pty = true;
	place->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (place->fd < 0)
		return fail(-errno, why);
	err = prepare_pty(place);
	if (!err)
		return 0;
	close(place->fd);
	return fail(err, why);
}

/* Cuts "HOST:PORT" or "[HOST]:PORT" in two, in place. */
static int cut(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return -EINVAL;
	*colon = '\0';
	*port = colon + 1;
	*host = text;
	if (text[0] == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = '\0';
		*host = text + 1;
	} else if (strchr(text, ':')) {
		return -EINVAL;
	}
	return strspn(*port, "0123456789") == strlen(*port) &&
			       strtoul(*port, NULL, 10) <= 65535
		       ? 0
		       : -EINVAL;
}

static int name_socket(struct serprog_place *place)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);
	char host[64], port[8];

	if (getsockname(place->fd, (struct sockaddr *)&addr, &len))
		return -errno;
	if (getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return -EINVAL;
	snprintf(place->name, sizeof(place->name),
		 addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

static int listen_at(struct serprog_place *place, const struct addrinfo *info)
{
	int one = 1, err;

	place->fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC,
			   info->ai_protocol);
	if (place->fd < 0)
		return -errno;
	setsockopt(place->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(place->fd, info->ai_addr, info->ai_addrlen) ||
	    listen(place->fd, 8))
		err = -errno;
	else
		err = name_socket(place);
	if (err)
		close(place->fd);
	return err;
}

static int open_tcp(struct serprog_place *place, const char *text,
		    const char **why)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	char *copy = strdup(text), *host, *port;
	struct addrinfo *list;
	int err;

	if (!copy)
		return fail(-ENOMEM, why);
	err = cut(copy, &host, &port);
	if (err) {
		*why = "not HOST:PORT or pty";
	} else if ((err = getaddrinfo(host, port, &hints, &list))) {
		*why = gai_strerror(err);
		err = -EADDRNOTAVAIL;
	} else {
		err = listen_at(place, list);
		if (err)
			fail(err, why);
		freeaddrinfo(list);
	}
	free(copy);
	return err;
}

int serprog_place_open(struct serprog_place *place, const char *text,
		       const char **why)
{
	*place = (struct serprog_place){ .fd = -1 };
	if (!strcmp(text, "pty"))
		return open_pty(place, why);
	return open_tcp(place, text, why);
}

void serprog_place_close(struct serprog_place *place)
{
	close(place->fd);
	place->fd = -1;
}

/* Waits until somebody has the terminal open. */
static int await_pty(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	for (;;) {
		if (poll(&pollfd, 1, -1) < 0 && errno != EINTR)
			return -errno;
		if (pollfd.revents & POLLIN)
			return fd;
		poll(NULL, 0, PTY_LOOK_MS);
	}
}

static int accept_tcp(int listener)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
	};
	int fd;

	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name,
			   &options[i].value, sizeof(options[i].value));
	return fd;
}

int serprog_place_accept(struct serprog_place *place)
{
	return place->is_pty ? await_pty(place->fd) : accept_tcp(place->fd);
}

void serprog_place_drop(struct serprog_place *place, int fd)
{
	/* The next client shall not read the answers of this one. */
	if (place->is_pty)
		tcflush(fd, TCIOFLUSH);
	else
		close(fd);
}
