/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/startup/fds/passed_fds.h"

#include <bsd/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"
#include "vhost/listen/listen.h"

/* The first descriptor that is passed: SD_LISTEN_FDS_START */
#define FIRST 3

/* More than any service manager passes */
#define MOST 65536

static int add(struct passed_fds *p, const char *name, size_t len, int fd)
{
	struct passed_fd *all =
		reallocarray(p->all, p->count + 1, sizeof(*all));
	char *copy = name && all ? strndup(name, len) : NULL;

	if (all)
		p->all = all;
	if (!all || (name && !copy))
		return -ENOMEM;
	p->all[p->count++] = (struct passed_fd){ copy, fd, fd };
	return 0;
}

/* Returns how many descriptors were passed to this process. */
static int count_passed(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	int n = pid && count && atoi(pid) == (int)getpid() ? atoi(count) : 0;

	return n > 0 && n <= MOST ? n : 0;
}

static bool is_named(const struct passed_fd *fd, const char *name)
{
	return fd->name && !strcmp(fd->name, name);
}

/* The first that has the name; or the one of that number; or NULL */
static struct passed_fd *find(const struct passed_fds *p, const char *name)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (is_named(&p->all[i], name))
			return &p->all[i];
	for (unsigned int i = 0; i < p->count; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", p->all[i].number);
		if (!strcmp(number, name))
			return &p->all[i];
	}
	return NULL;
}

/* Writes the names of all but the keeper's own, a colon between two. */
static void write_names(const struct passed_fds *p, FILE *out)
{
	const char *colon = "";

	for (unsigned int i = 0; i < p->count; i++) {
		const struct passed_fd *fd = &p->all[i];

		if (is_named(fd, PASSED_FDS_KEEPER))
			continue;
		/* Several sockets of one unit have one name. */
		if (fd->name && find(p, fd->name) == fd)
			fprintf(out, "%s%s", colon, fd->name);
		else
			fprintf(out, "%s%d", colon, fd->number);
		colon = ":";
	}
}

/*
 * Has options_parse() know them, in this process and those that follow. Returns
 * 0 or -ENOMEM.
 */
static int publish(const struct passed_fds *p)
{
	size_t size = 0;
	char *names = NULL;
	FILE *out = open_memstream(&names, &size);
	int ret = -ENOMEM;

	if (!out)
		return ret;
	write_names(p, out);
	/* A stream that has written nothing may have no memory either. */
	if (!fclose(out) && names &&
	    (!names[0] || !setenv(OPTIONS_FD_NAMES, names, 1)))
		ret = 0;
	free(names);
	return ret;
}

int passed_fds_take(struct passed_fds *p)
{
	const char *names = getenv("LISTEN_FDNAMES");
	const int passed = count_passed();
	int ret = 0;

	for (int fd = FIRST; fd < FIRST + passed; fd++) {
		size_t len = names ? strcspn(names, ":") : 0;

		if (!ret && fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0)
			ret = add(p, len ? names : NULL, len, fd);
		if (names)
			names += names[len] ? len + 1 : len;
	}
	if (!ret)
		ret = publish(p);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return ret;
}

void passed_fds_fini(struct passed_fds *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		free(p->all[i].name);
		if (p->all[i].fd >= 0)
			close(p->all[i].fd);
	}
	free(p->all);
	*p = (struct passed_fds){ NULL, 0 };
}

static int refuse(const char *name, int ret, char *error, size_t error_size)
{
	const char *why = ret == -ENXIO	     ? "was not passed at the start"
			  : ret == -EBADF    ? "is not open"
			  : ret == -ENOTSOCK ? "is not a Unix stream socket"
			  : ret == -ENOTCONN
				  ? "neither listens nor is connected"
				  : strerror(-ret);

	snprintf(error, error_size, "descriptor %s: %s", name, why);
	return ret;
}

/* Adds what is not there yet, and checks what is. */
static int add_socket(struct passed_fds *p, const char *name, char *error,
		      size_t error_size)
{
	bool is_number = !name[strspn(name, "0123456789")];
	int ret = find(p, name) ? 0 : -ENXIO;
	int number = is_number ? atoi(name) : -1;
	const struct passed_fd *found;

	if (ret && is_number)
		ret = fcntl(number, F_SETFD, FD_CLOEXEC) < 0
			      ? -EBADF
			      : add(p, NULL, 0, number);
	found = ret ? NULL : find(p, name);
	if (found)
		ret = vhost_inherit_check(found->fd);
	return ret < 0 ? refuse(name, ret, error, error_size) : 0;
}

int passed_fds_add(struct passed_fds *p, const struct options *options,
		   char *error, size_t error_size)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < options->guest_count; i++) {
		const struct guest_spec *guest = &options->guests[i];

		if (guest->origin == VHOST_FROM_DESCRIPTOR)
			ret = add_socket(p, guest_spec_fd_name(guest->socket),
					 error, error_size);
	}
	return ret;
}

static bool is_used(const struct passed_fds *p, const struct passed_fd *fd,
		    const struct options *options)
{
	for (unsigned int i = 0; i < options->guest_count; i++) {
		const struct guest_spec *guest = &options->guests[i];

		if (guest->origin == VHOST_FROM_DESCRIPTOR &&
		    find(p, guest_spec_fd_name(guest->socket)) == fd)
			return true;
	}
	return is_named(fd, PASSED_FDS_KEEPER);
}

void passed_fds_tell_unused(const struct passed_fds *p,
			    const struct options *options)
{
	for (unsigned int i = 0; i < p->count; i++)
		if (!is_used(p, &p->all[i], options))
			log_warning("descriptor %d, %s: no guest uses it",
				    p->all[i].number,
				    p->all[i].name ? p->all[i].name
						   : "without a name");
}

int passed_fds_get(struct passed_fds *p, const char *name, bool check)
{
	struct passed_fd *found = p ? find(p, guest_spec_fd_name(name)) : NULL;
	int ret;

	if (!found || found->fd < 0)
		return -ENXIO;
	if (check)
		return 0;
	ret = vhost_inherit_check(found->fd);
	if (ret < 0)
		return ret;
	if (ret == 1) {
		ret = fcntl(found->fd, F_DUPFD_CLOEXEC, FIRST);
		return ret < 0 ? -errno : ret;
	}
	ret = found->fd;
	found->fd = -1;
	return ret;
}

unsigned int passed_fds_remove(struct passed_fds *p, const char *name, int *fds,
			       unsigned int most)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < p->count && count < most; i++) {
		struct passed_fd *fd = &p->all[i];

		if (!is_named(fd, name) || fd->fd < 0)
			continue;
		fds[count++] = fd->fd;
		fd->fd = -1;
	}
	return count;
}

static bool is_passed(const struct passed_fds *p, int fd)
{
	for (unsigned int i = 0; p && i < p->count; i++)
		if (p->all[i].fd == fd)
			return true;
	return false;
}

void passed_fds_close_others(const struct passed_fds *p)
{
	int last = STDERR_FILENO;

	for (unsigned int i = 0; p && i < p->count; i++)
		if (p->all[i].fd > last)
			last = p->all[i].fd;
	for (int fd = FIRST; fd < last; fd++)
		if (!is_passed(p, fd))
			close(fd);
	closefrom(last + 1);
}
