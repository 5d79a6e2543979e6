/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What is done with a file by its name, as one value: see files.h. */
#ifndef FILE_CALL_H
#define FILE_CALL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum file_op {
	FILE_OPEN,    /* ->flags and ->mode of open(2); gives a descriptor */
	FILE_TEMP,    /* ->path and a suffix, that is ->text; the same */
	FILE_STAT,    /* ->flags of fstatat(2); gives ->value.stat */
	FILE_REAL,    /* realpath(3); gives ->text */
	FILE_RENAME,  /* ->path to ->to */
	FILE_LINK,    /* ->to is another name of ->path */
	FILE_UNLINK,  /* ->path */
	FILE_ROOM,    /* gives ->value.bytes */
	FILE_CONNECT, /* to the socket ->path; gives a descriptor */
	FILE_GROUP,   /* the group ->path; gives ->value.id */
	FILE_USER,    /* the user ->path; the same */
	FILE_SYSLOG,  /* ->path, with priority ->flags, to syslog(3) */
};

/* What becomes the suffix of FILE_TEMP */
#define FILE_TEMP_SUFFIX ".XXXXXX"

union file_value {
	struct stat stat;
	uint64_t bytes;
	id_t id;
};

struct file_call {
	enum file_op op;
	int flags;
	mode_t mode;
	const char *path; /* never NULL */
	const char *to;	  /* NULL: none */
	union file_value value;
	char *text; /* room for ->text_size bytes; NULL: none */
	size_t text_size;
};

/*
 * Does @call in this process. Returns a descriptor that the caller owns, or
 * 0; or a negative errno: -ENOENT for an unknown name of a user or group.
 */
int file_call_run(struct file_call *call);

#endif
