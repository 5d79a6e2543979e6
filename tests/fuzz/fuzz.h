/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What fuzzers share: their input, read from front to back, and checks */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A fuzzer: each file of it is one. libFuzzer calls it, or replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next byte; 0 behind the end. */
static inline uint8_t take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/* Copies the next @len bytes, or what is left. Returns how many. */
static inline size_t take_bytes(struct input *in, void *to, size_t len)
{
	if (len > in->left)
		len = in->left;
	if (len)
		memcpy(to, in->at, len);
	in->at += len;
	in->left -= len;
	return len;
}

/* Returns what is before the next byte 0, or the end, as text to be freed. */
static inline char *take_text(struct input *in)
{
	char *text = strndup((const char *)in->at, in->left);
	size_t len;

	if (!text)
		abort();
	len = strlen(text);
	len += len < in->left;
	in->at += len;
	in->left -= len;
	return text;
}

/* One of the values of cs= that can be given without a file */
static inline const char *take_framing(struct input *in)
{
	static const char *const framings[] = { "linux",  "spec", "transfer",
						"auto",	  "nor",  "nand",
						"eeprom", "at45" };

	return framings[take(in) % (sizeof(framings) / sizeof(*framings))];
}

/* Fails the fuzzer unless @is_so. */
static inline void must(bool is_so)
{
	if (!is_so)
		abort();
}

/* Returns a new file in memory of @size bytes, the first of which are @data. */
static inline int memory_file(const void *data, size_t len, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && !ftruncate(fd, (off_t)size) &&
	     (!len || write(fd, data, len) == (ssize_t)len));
	return fd;
}

#endif
