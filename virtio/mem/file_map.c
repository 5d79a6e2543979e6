/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/mem/file_kind.h"
#include "virtio/mem/file_map.h"

/*
 * A file of huge pages is mapped in whole huge pages. Its st_blksize is their
 * size.
 */
int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t end = offset + size;
	uint64_t start, bytes;
	int kind = file_kind(fd);
	struct stat st;
	void *pages;

	if (kind == FILE_OTHER)
		return -EREMOTE;
	if (kind < 0)
		return kind;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < end)
		return -EINVAL;
	if ((uint64_t)st.st_blksize > page &&
	    !((uint64_t)st.st_blksize & ((uint64_t)st.st_blksize - 1)))
		page = (uint64_t)st.st_blksize;

	start = offset & ~(page - 1);
	bytes = (end - start + page - 1) & ~(page - 1);
	/* size_t and off_t may have 32 bits. */
	if ((size_t)bytes != bytes || (uint64_t)(off_t)start != start)
		return -ENOMEM;
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_NORESERVE, fd, (off_t)start);
	if (pages == MAP_FAILED)
		return -errno;
	/* Keep the guest's secrets out of the daemon's core file. */
	madvise(pages, bytes, MADV_DONTDUMP);
	*map = (struct file_map){
		.at = (uint8_t *)pages + (offset - start),
		.pages = pages,
		.bytes = bytes,
	};
	return 0;
}

/* Part of a mapping of huge pages cannot be replaced, so replace all of it. */
bool file_map_zero(void *pages, size_t bytes)
{
	return mmap(pages, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
		    0) != MAP_FAILED;
}
