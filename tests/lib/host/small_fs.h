/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A small file system in memory (tmpfs) that a test can fill up, and take
 * away from those who have files of it open. Needs root. The test's process,
 * and those that it starts, see it in a mount namespace of their own.
 */
#ifndef TEST_SMALL_FS_H
#define TEST_SMALL_FS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Mounts a file system of @size bytes, whole pages, on the directory @path,
 * which it makes. Returns false, and leaves nothing, if it cannot.
 */
bool small_fs_mount(const char *path, size_t size);

/* Takes all blocks that are left, with a file; and gives them back. */
void small_fs_fill(const char *path);
void small_fs_drain(const char *path);

/* Unmounts it lazily: files of it that are open stay open. */
void small_fs_detach(const char *path);

/* Unmounts it, if it is mounted, and removes the directory. */
void small_fs_remove(const char *path);

#endif
