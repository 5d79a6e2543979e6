/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Memory for simulated chips that outlives them, as a keeper holds it */
#ifndef KEPT_MEMORY_H
#define KEPT_MEMORY_H

#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/test.h"

/* Returns a descriptor of @size bytes, zeros. */
static inline int kept_memory_create(size_t size)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

/* Returns the memory, which the chip unmaps. */
static inline void *kept_memory_map(int fd, size_t size)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

#endif
