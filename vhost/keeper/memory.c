/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNIT  4096
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct keeper_memory {
	struct keeper_memory *next;
	uint64_t size;
	int fd;
	bool asked; /* for, by this back end */
	char name[];
};

/* Returns a file of @size zeros that takes no memory yet. */
static int make_file(uint64_t size)
{
	int fd = memfd_create("keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, (off_t)size) && !fcntl(fd, F_ADD_SEALS, SEALS))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static void remove_at(struct keeper_memories *memories,
		      struct keeper_memory **at)
{
	struct keeper_memory *memory = *at;

	*at = memory->next;
	close(memory->fd);
	free(memory);
	memories->count--;
}

/*
 * Returns what this back end has asked for before as @name, or what it is to
 * get: what those before had of @size. Of another size they may need it again.
 */
static struct keeper_memory **find(struct keeper_memories *memories,
				   const char *name, uint64_t size)
{
	struct keeper_memory **at = &memories->first;

	while (*at && (strcmp((*at)->name, name) != 0 ||
		       (!(*at)->asked && (*at)->size != size)))
		at = &(*at)->next;
	return at;
}

/* Adds the file @fd, which is owned even if there is no memory. */
static int add_file(struct keeper_memories *memories, const char *name,
		    uint64_t size, int fd)
{
	size_t len = strlen(name) + 1;
	struct keeper_memory *memory = malloc(sizeof(*memory) + len);

	if (!memory) {
		close(fd);
		return -ENOMEM;
	}
	*memory = (struct keeper_memory){
		.next = memories->first,
		.size = size,
		.fd = fd,
	};
	memcpy(memory->name, name, len);
	memories->first = memory;
	memories->count++;
	return 0;
}

static int add(struct keeper_memories *memories, const char *name,
	       uint64_t size)
{
	int fd;

	if (memories->count >= KEEPER_MEMORY_COUNT)
		return -ENOSPC;
	fd = make_file(size);
	return fd < 0 ? fd : add_file(memories, name, size, fd);
}

int keeper_memories_get(struct keeper_memories *memories, const char *name,
			uint64_t size, bool fresh)
{
	struct keeper_memory **at = find(memories, name, size);
	int ret;

	if (!size || size > KEEPER_MEMORY_SIZE || size % UNIT)
		return -EINVAL;
	if (*at && ((*at)->size != size || fresh))
		remove_at(memories, at);
	at = find(memories, name, size);
	if (!*at) {
		ret = add(memories, name, size);
		if (ret)
			return ret;
		at = &memories->first;
	}
	(*at)->asked = true;
	ret = fcntl((*at)->fd, F_DUPFD_CLOEXEC, 0);
	return ret < 0 ? -errno : ret;
}

void keeper_memories_renew(struct keeper_memories *memories)
{
	for (struct keeper_memory *m = memories->first; m; m = m->next)
		m->asked = false;
}

void keeper_memories_drop(struct keeper_memories *memories)
{
	struct keeper_memory **at = &memories->first;

	while (*at) {
		if ((*at)->asked)
			at = &(*at)->next;
		else
			remove_at(memories, at);
	}
}

void keeper_memories_fini(struct keeper_memories *memories)
{
	keeper_memories_renew(memories);
	keeper_memories_drop(memories);
}

static void write_all(struct image *image, struct keeper_memories *memories)
{
	for (struct keeper_memory *m = memories->first; m; m = m->next) {
		char *name = m->name;

		image_text(image, &name);
		image_u64(image, &m->size);
		image_fd(image, &m->fd);
		image_flag(image, &m->asked);
	}
}

static void read_one(struct image *image, struct keeper_memories *memories)
{
	uint64_t size = 0;
	bool asked = false;
	char *name = NULL;
	int fd = -1;

	image_text(image, &name);
	image_u64(image, &size);
	image_fd(image, &fd);
	image_flag(image, &asked);
	if (!name || fd < 0) {
		image_reject(image);
		if (fd >= 0)
			close(fd);
	} else if (add_file(memories, name, size, fd)) {
		image_reject(image);
	} else {
		memories->first->asked = asked;
	}
	free(name);
}

void keeper_memories_image(struct image *image,
			   struct keeper_memories *memories)
{
	uint32_t count = memories->count;

	image_u32(image, &count, KEEPER_MEMORY_COUNT);
	if (!image->reads)
		write_all(image, memories);
	else
		for (uint32_t i = 0; i < count; i++)
			read_one(image, memories);
}
