/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Files by their names, for a process that may not use them itself once it is
 * in the sandbox: another process does it then (opener.h). Before that, and
 * without a sandbox, this one does. Any thread may call these. Unless it says
 * otherwise, each returns 0 or a negative errno: that of the call it is named
 * after, or of opener_ask().
 */
#ifndef FILES_H
#define FILES_H

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* See open(2); O_CLOEXEC is added. Returns a descriptor. */
int files_open(const char *path, int flags, mode_t mode);

/* Opens a file to be read. Returns NULL with errno set. */
FILE *files_read(const char *path);

/*
 * Makes a file with a name that is new: @name and a suffix. Returns a
 * descriptor, and in @temp the name, which the caller frees.
 */
int files_make_temp(const char *name, char **temp);

int files_stat(const char *path, struct stat *st);
int files_lstat(const char *path, struct stat *st);
int files_rename(const char *from, const char *to);
int files_link(const char *from, const char *to);
int files_unlink(const char *path);

/* See realpath(3). Returns what the caller frees; or NULL with errno set. */
char *files_real(const char *path);

/* Stores how many bytes are free in the file system of @path. */
int files_room(const char *path, uint64_t *bytes);

/* Returns a connection to the socket @path: see vhost_connect_now(). */
int files_connect(const char *path);

/* Store the number of a group or user; -ENOENT: there is none of that name. */
int files_group(const char *name, gid_t *group);
int files_user(const char *name, uid_t *user);

/* A line for the system log: see syslog(3). */
void files_syslog(int priority, const char *text);

#endif
