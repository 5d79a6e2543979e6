/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/table/table_copy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Of the process: tables are loaded where nobody knows of the process before.
 * Only the main thread reads a configuration.
 */
static int copies = -1;

void table_copy_use(int fd)
{
	copies = fd;
}

/* All of the file that has the copies; NULL: there is nothing. */
static const char *map(size_t *size)
{
	struct stat st;
	const char *bytes;

	if (copies < 0 || fstat(copies, &st) < 0 || !st.st_size)
		return NULL;
	*size = (size_t)st.st_size;
	bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, copies, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static void unmap(const char *bytes, size_t size)
{
	if (bytes)
		munmap((void *)(uintptr_t)bytes, size);
}

/*
 * Takes a copy, a name with its 0, a length and the bytes, from @at, which is
 * moved behind it. Returns its bytes; NULL: there is none.
 */
static const char *take(const char **at, const char *end, const char **name,
			uint32_t *len)
{
	const char *stop = memchr(*at, 0, (size_t)(end - *at));
	const char *bytes;

	if (!stop || (size_t)(end - stop) <= sizeof(*len))
		return NULL;
	*name = *at;
	memcpy(len, stop + 1, sizeof(*len));
	bytes = stop + 1 + sizeof(*len);
	if (*len > (size_t)(end - bytes))
		return NULL;
	*at = bytes + *len;
	return bytes;
}

/*
 * Returns the bytes of the copy of @file; NULL: there is none. Stores in @rest
 * what is behind it, or behind the last one that is complete.
 */
static const char *seek(const char *bytes, size_t size, const char *file,
			uint32_t *len, size_t *rest)
{
	const char *at = bytes ? memchr(bytes, 0, size) : NULL;
	const char *name, *found;

	*rest = size;
	if (!at)
		return NULL;
	at++;
	do {
		found = take(&at, bytes + size, &name, len);
	} while (found && (!file || strcmp(name, file) != 0));
	*rest = (size_t)(at - bytes);
	return found;
}

bool table_copy_find(const char *file, char **text, size_t *len)
{
	size_t size = 0, rest;
	const char *bytes = map(&size);
	uint32_t count = 0;
	const char *found = seek(bytes, size, file, &count, &rest);

	*text = found ? malloc(count + 1) : NULL;
	if (*text)
		memcpy(*text, found, count);
	*len = count;
	unmap(bytes, size);
	return *text;
}

void table_copy_add(const char *file, const char *text, size_t len)
{
	size_t size = 0, rest;
	const char *bytes = map(&size);
	const bool is_first = !bytes || !memchr(bytes, 0, size);
	uint32_t count = 0;
	struct iovec parts[] = {
		{ (void *)(uintptr_t) "", is_first },
		{ (void *)(uintptr_t)file, strlen(file) + 1 },
		{ &count, sizeof(count) },
		{ (void *)(uintptr_t)text, len },
	};

	seek(bytes, size, NULL, &count, &rest);
	unmap(bytes, size);
	count = (uint32_t)len;
	/* A process that was killed may have left half a copy. */
	if (copies < 0 || ftruncate(copies, (off_t)rest) < 0 ||
	    lseek(copies, 0, SEEK_END) < 0 || writev(copies, parts, 4) < 0)
		return;
}
