/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The table of regions: one is mapped and added, or removed, with any others
 * there before. What holds before a call holds after it, so it does always.
 *
 * Front end: any region, of a file of any length, also one of huge pages.
 * Bound: tables of up to 2 regions, where the product has 509.
 *
 * cbmc: --unwind 3 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "virtio/mem/guest_mem.h"
#undef GUEST_MEM_MAX_REGIONS
#define GUEST_MEM_MAX_REGIONS 2

#define REGIONS		      GUEST_MEM_MAX_REGIONS
#define PAGE		      4096
#define HUGE_PAGE	      (4 * PAGE)

static struct guest_region table[REGIONS];
static size_t room;

static void move(struct guest_region *to, const struct guest_region *from,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = from[i];
}

/* It moves regions towards the front of the table only. */
#define memmove(to, from, bytes) \
	move(to, from, (bytes) / sizeof(struct guest_region))

/* The table is proved with maps that are anywhere, or fail. */
#define file_map_open any_map
#include "virtio/mem/guest_mem.c"
#undef file_map_open

static int maps; /* more than there were */
static uint8_t *mapped_at;

int any_map(struct file_map *map, int fd, uint64_t offset, uint64_t size)
{
	struct file_map any;

	(void)fd;
	assert(size && offset <= INT64_MAX && size <= INT64_MAX - offset);
	if (nondet_bool())
		return -ENOMEM;
	maps++;
	*map = any;
	mapped_at = any.at;
	return 0;
}

int munmap(void *at, size_t len)
{
	(void)at, (void)len;
	maps--;
	return 0;
}

/* It stays where it is; there is no more room than asked for. */
void *reallocarray(void *old, size_t count, size_t size)
{
	assert(old == table && size == sizeof(table[0]) && count <= REGIONS);
	assert(count == room + 1);
	return nondet_bool() ? table : NULL;
}

/* If neither wraps round */
static bool meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a + a_size > b && b + b_size > a;
}

static bool is_region(uint64_t guest_addr, uint64_t user_addr, uint64_t size)
{
	return size && size <= UINT64_MAX - guest_addr &&
	       size <= UINT64_MAX - user_addr;
}

static bool are_apart(const struct guest_region *a,
		      const struct guest_region *b)
{
	return a->guest_addr < b->guest_addr &&
	       !meet(a->guest_addr, a->size, b->guest_addr, b->size) &&
	       !meet(a->user_addr, a->size, b->user_addr, b->size);
}

/* What look-ups rely on: see memory.c. */
static bool is_sound(const struct guest_mem *mem)
{
	const struct guest_region *r = table;
	bool sound = mem->count <= REGIONS;

	for (unsigned int i = 0; sound && i < mem->count; i++) {
		sound = is_region(r[i].guest_addr, r[i].user_addr, r[i].size);
		for (unsigned int j = 0; sound && j < i; j++)
			sound = are_apart(&r[j], &r[i]);
	}
	return sound;
}

static bool has(const struct guest_mem *mem, const struct guest_region *r)
{
	bool found = false;

	for (unsigned int i = 0; i < mem->count; i++)
		found |= table[i].guest_addr == r->guest_addr &&
			 table[i].size == r->size &&
			 table[i].user_addr == r->user_addr &&
			 table[i].host == r->host;
	return found;
}

/* Returns true if a table with room must take the region. */
static bool is_welcome(const struct guest_mem *mem,
		       const struct guest_region_spec *spec)
{
	bool welcome =
		is_region(spec->guest_addr, spec->user_addr, spec->size) &&
		spec->size <= INT64_MAX &&
		spec->mmap_offset <= INT64_MAX - spec->size;

	for (unsigned int i = 0; i < mem->count; i++) {
		const struct guest_region *r = &mem->regions[i];

		if (meet(r->guest_addr, r->size, spec->guest_addr,
			 spec->size) ||
		    meet(r->user_addr, r->size, spec->user_addr, spec->size))
			welcome = false;
	}
	return welcome;
}

static void add(struct guest_mem *mem, const struct guest_region_spec *spec)
{
	const unsigned int count = mem->count;
	const bool welcome = is_welcome(mem, spec);
	struct guest_region added = {
		.guest_addr = spec->guest_addr,
		.size = spec->size,
		.user_addr = spec->user_addr,
	};
	int ret;

	ret = guest_mem_add(mem, spec, nondet_int());
	assert(maps == !ret && mem->count == count + !ret);
	if (!welcome)
		assert(ret == -EINVAL || ret == -ENOSPC || ret == -EEXIST);
	else
		assert(ret != -EEXIST && (ret != -ENOSPC || count == REGIONS));
	if (ret)
		return;
	added.host = mapped_at;
	assert(has(mem, &added));
}

/* Returns whether the region that was there, @old, is to be there still. */
static bool take_away(struct guest_mem *mem,
		      const struct guest_region_spec *spec,
		      const struct guest_region *old)
{
	const unsigned int count = mem->count;
	int ret = guest_mem_remove(mem, spec);

	assert(maps == -!ret && mem->count == count - !ret);
	return ret || old->guest_addr != spec->guest_addr;
}

/* A table of @count regions, which is a constant for the sake of time. */
static void change(unsigned int count)
{
	struct guest_mem mem = { .regions = table, .count = count };
	struct guest_region_spec spec;
	const unsigned int at = nondet_u32();
	struct guest_region old;
	bool stays = true;

	room = count;
	assume(is_sound(&mem) && at < REGIONS);
	old = table[at];
	if (nondet_bool())
		add(&mem, &spec);
	else
		stays = take_away(&mem, &spec, &old);
	assert(is_sound(&mem));
	assert(!stays || at >= count || has(&mem, &old));
}

/* What the kernel is asked to map, and where it does */
static struct stat file;
static uint64_t begin, end, mapped_from;
static uint8_t mapped[HUGE_PAGE];

static int any_fstat(struct stat *st)
{
	errno = EIO;
	*st = file;
	return nondet_bool() ? 0 : -1;
}

/* All that a region has of its file is mapped, and is there. */
static void *any_mmap(size_t len, off_t at)
{
	const uint64_t start = (uint64_t)at;

	assert(at >= 0 && !(start % PAGE) && !(len % PAGE) && len);
	assert(start <= begin && begin - start < HUGE_PAGE);
	assert(len >= end - start);
	assert(!S_ISREG(file.st_mode) || (uint64_t)file.st_size >= end);
	errno = ENOMEM;
	mapped_from = start;
	return nondet_bool() ? mapped : MAP_FAILED;
}

int file_kind(int fd)
{
	return fd < 0 ? -EIO : fd;
}

#define sysconf(name)			       PAGE
#define fstat(fd, st)			       any_fstat(st)
#define mmap(at, len, prot, flags, fd, offset) any_mmap(len, offset)
#define madvise(at, len, advice)	       ((void)0)

#include "virtio/mem/file_map.c"

static void map(void)
{
	const uint64_t size = nondet_u64();
	struct stat any_file;
	struct file_map map;

	file = any_file;
	assume(file.st_size >= 0);
	assume(file.st_blksize >= 0 && file.st_blksize <= HUGE_PAGE);
	begin = nondet_u64();
	end = begin + size;
	assume(size && begin <= INT64_MAX && size <= INT64_MAX - begin);
	if (!file_map_open(&map, nondet_int(), begin, size))
		assert(map.pages == mapped &&
		       map.at == mapped + (begin - mapped_from));
}

int main(void)
{
	struct guest_region any[REGIONS];

	for (unsigned int i = 0; i < REGIONS; i++)
		table[i] = any[i];
	switch (nondet_u8()) {
	case 0:
		change(0);
		break;
	case 1:
		change(1);
		break;
	case 2:
		change(2);
		break;
	default:
		map();
	}
	return 0;
}
