/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/trace/format/trace_out.h"

/* It has what guests send and receive. */
#define FILE_MODE (S_IRUSR | S_IWUSR | S_IRGRP)

/* Bytes that are free, before another file is begun after an error */
#define RESUME_ROOM (1u << 20)

/* The name of the file that is @age files older than FILE. */
static void name_file(const char *path, unsigned int age, char *name)
{
	if (age)
		snprintf(name, PATH_MAX, "%s.%u", path, age);
	else
		snprintf(name, PATH_MAX, "%s", path);
}

/* FILE becomes FILE.1, that becomes FILE.2, and so on. */
static int make_way(const char *path)
{
	char from[PATH_MAX], to[PATH_MAX];
	int ret;

	for (unsigned int age = TRACE_OUT_KEEP; age; age--) {
		name_file(path, age - 1, from);
		name_file(path, age, to);
		ret = files_rename(from, to);
		if (ret && ret != -ENOENT)
			return ret;
	}
	return 0;
}

static int make_file(const char *path)
{
	struct stat st;
	int ret = 0;

	if (strlen(path) + sizeof(".1") > PATH_MAX)
		return -ENAMETOOLONG;
	if (!files_lstat(path, &st)) {
		if (!S_ISREG(st.st_mode))
			return -EEXIST;
		if (st.st_size)
			ret = make_way(path);
	}
	if (ret < 0)
		return ret;
	return files_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
			  FILE_MODE);
}

int trace_out_open(struct trace_out *out, const char *path, char *error,
		   size_t error_size)
{
	const char *why = NULL;

	*out = (struct trace_out){ .fd = -1 };
	out->path = strdup(path);
	out->buffer = malloc(TRACE_OUT_BUFFER);
	out->fd = out->path && out->buffer ? make_file(path) : -ENOMEM;
	if (out->fd >= 0) {
		out->files = 1;
		return 0;
	}
	if (out->fd == -EEXIST)
		why = "exists, and is not a regular file";
	snprintf(error, error_size, "%.200s: %s", path,
		 why ? why : strerror(-out->fd));
	free(out->path);
	free(out->buffer);
	return out->fd;
}

/* Nothing is written any more. The file keeps what is whole. */
static void give_up(struct trace_out *out, int error)
{
	if (out->state == TRACE_OUT_GOOD)
		log_error("trace %s: is not written any more, until it can be: "
			  "%s",
			  out->path, strerror(error));
	out->state = TRACE_OUT_BROKEN;
	out->since = clock_now();
	if (out->fd >= 0) {
		if (ftruncate(out->fd, (off_t)out->safe) < 0)
			log_error("trace %s: its last line is not whole",
				  out->path);
		close(out->fd);
	}
	out->fd = -1;
	out->len = 0;
}

/* Somebody has removed it, or has another one in its place: an errno, or 0. */
static int find_loss(const struct trace_out *out)
{
	struct stat named, ours;
	int ret = files_stat(out->path, &named);

	if (ret)
		return -ret;
	if (fstat(out->fd, &ours) < 0)
		return errno;
	return named.st_dev == ours.st_dev && named.st_ino == ours.st_ino
		       ? 0
		       : ESTALE;
}

/* All that was appended is in the file. */
static void note_success(struct trace_out *out)
{
	out->safe = out->lines;
	out->saved = out->told;
	if (out->state == TRACE_OUT_RESUMED)
		log_info("trace %s: is written again", out->path);
	out->state = TRACE_OUT_GOOD;
}

void trace_out_flush(struct trace_out *out)
{
	const size_t len = out->len;
	size_t done = 0;
	int error;

	while (out->fd >= 0 && done < len) {
		ssize_t n = write(out->fd, out->buffer + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			give_up(out, errno);
	}
	out->len = 0;
	if (out->fd < 0 || !len)
		return;
	error = find_loss(out);
	if (error)
		give_up(out, error);
	else
		note_success(out);
}

void trace_out_close(struct trace_out *out)
{
	trace_out_flush(out);
	/* Some file systems report errors of writing here. */
	if (out->fd >= 0 && close(out->fd) < 0)
		log_error("trace %s: %s", out->path, strerror(errno));
	free(out->path);
	free(out->buffer);
}

/* Goes on in a new file. Returns 0 or a negative errno. */
static int begin_file(struct trace_out *out)
{
	int fd = make_file(out->path);

	if (fd < 0)
		return fd;
	out->fd = fd;
	out->files++;
	out->size = out->lines = out->safe = 0;
	return 0;
}

void trace_out_rotate(struct trace_out *out)
{
	int ret;

	trace_out_flush(out);
	if (out->fd < 0)
		return;
	close(out->fd);
	out->fd = -1;
	ret = begin_file(out);
	if (ret < 0)
		give_up(out, -ret);
}

/*
 * An attempt makes the oldest file go, so that it has to be good for something.
 */
static bool has_room(const char *path)
{
	uint64_t bytes;

	return files_room(path, &bytes) || bytes >= RESUME_ROOM;
}

uint64_t trace_out_resume(struct trace_out *out)
{
	uint64_t missing = out->told - out->saved;

	if (!has_room(out->path) || begin_file(out) < 0)
		return 0;
	out->state = TRACE_OUT_RESUMED;
	/* The caller tells of them. */
	out->saved = out->told;
	/* Something was in the buffer. */
	return missing ? missing : 1;
}

char *trace_out_room(struct trace_out *out, size_t len)
{
	assert(len <= TRACE_OUT_BUFFER);
	if (len > TRACE_OUT_BUFFER - out->len)
		trace_out_flush(out);
	return out->buffer + out->len;
}

void trace_out_text(struct trace_out *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(trace_out_room(out, len), text, len);
	trace_out_took(out, len);
}

void trace_out_print(struct trace_out *out, const char *format, ...)
{
	char *room = trace_out_room(out, 512);
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(room, 512, format, args);
	va_end(args);
	if (len <= 0)
		return;
	trace_out_took(out, len < 512 ? (size_t)len : 511);
}

void trace_out_date(struct trace_out *out, uint64_t at)
{
	uint64_t now = clock_now(), ns;
	struct timespec wall;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &wall);
	ns = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec -
	     (now - at);
	wall.tv_sec = (time_t)(ns / NS_PER_S);
	gmtime_r(&wall.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	trace_out_print(out, "%s.%09uZ", text, (unsigned int)(ns % NS_PER_S));
}
