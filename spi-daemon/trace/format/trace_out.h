/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The files that a trace is written to: FILE, which grows; and what was there
 * before, FILE.1, the newest, to FILE.3. Nothing is ever overwritten.
 *
 * After an error nothing is written until trace_out_resume(). Events that
 * formats tell of are counted, so that it is known how many are in no file.
 */
#ifndef TRACE_OUT_H
#define TRACE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many files are kept besides the one that grows */
#define TRACE_OUT_KEEP	 3

#define TRACE_OUT_BUFFER (256u * 1024)

enum trace_out_state {
	TRACE_OUT_GOOD,
	TRACE_OUT_BROKEN,  /* by an error: what is appended is dropped */
	TRACE_OUT_RESUMED, /* was so; in the new file nothing is written yet */
};

struct trace_out {
	char *path;
	enum trace_out_state state;
	int fd;		    /* -1: broken */
	unsigned int files; /* begun so far */
	uint64_t size;	    /* bytes in the file and the buffer */
	uint64_t lines;	    /* of these, in whole lines; */
	uint64_t safe;	    /* and of those in the file */
	uint64_t told;	    /* events, see trace_out_count() */
	uint64_t saved;	    /* of these, in a file */
	uint64_t since;	    /* monotonic ns: it is broken */
	size_t len;	    /* bytes in the buffer */
	char *buffer;	    /* of TRACE_OUT_BUFFER */
};

/*
 * Makes the file @path; one that exists, and is not empty, becomes FILE.1.
 * Returns 0; or a negative errno, with one line (no newline) in @error that
 * begins with the path.
 */
int trace_out_open(struct trace_out *out, const char *path, char *error,
		   size_t error_size);

/* Writes what is in the buffer, closes the file and frees what @out owns. */
void trace_out_close(struct trace_out *out);

/* Goes on in a new file; the present one becomes FILE.1. */
void trace_out_rotate(struct trace_out *out);

/*
 * Begins a new file after an error, if there is room for it. Returns how many
 * events are missing since, which is for the caller to tell; or 0: it is still
 * broken.
 */
uint64_t trace_out_resume(struct trace_out *out);

/* @count events have been appended, or dropped because it is broken. */
static inline void trace_out_count(struct trace_out *out, uint64_t count)
{
	out->told += count;
}

/*
 * Room for @len bytes, at most TRACE_OUT_BUFFER; then trace_out_took() so many
 * as were stored there.
 */
char *trace_out_room(struct trace_out *out, size_t len);

/* @len is not 0. */
static inline void trace_out_took(struct trace_out *out, size_t len)
{
	out->len += len;
	out->size += len;
	if (out->buffer[out->len - 1] == '\n')
		out->lines = out->size;
}

/* Appends @text. */
void trace_out_text(struct trace_out *out, const char *text);

/* The same, as printf(3), up to 512 bytes. */
void trace_out_print(struct trace_out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Appends the date, UTC, of @at, monotonic ns, as the clock on the wall has it:
 * 2026-11-29T19:56:28.491113005Z
 */
void trace_out_date(struct trace_out *out, uint64_t at);

/*
 * Writes what is in the buffer. After an error, or if the file is not the one
 * of its name any more, the file ends with the last line that was written by an
 * earlier call, the log says why, and nothing more is written.
 */
void trace_out_flush(struct trace_out *out);

#endif
