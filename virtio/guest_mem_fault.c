/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What happens when guest memory is touched where its file has ended. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "virtio/guest_mem.h"

/* SIGBUS is raised in the thread that touched the hole. */
static _Thread_local struct guest_mem *watched;

/*
 * Replaces the whole region, as a part of a huge-page mapping cannot be
 * replaced. mmap(2) is a plain system call, safe in a handler.
 */
static bool cover_with_zeros(struct guest_mem *mem, const uint8_t *addr)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		struct guest_region *r = &mem->regions[i];
		const uint8_t *map = r->map;

		if (addr < map || addr >= map + r->map_size)
			continue;
		if (mmap(r->map, r->map_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				 MAP_NORESERVE,
			 -1, 0) == MAP_FAILED)
			return false;
		r->covered = 1;
		mem->broken++;
		return true;
	}
	return false;
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	struct guest_mem *mem = info->si_code > 0 ? watched : NULL;
	int saved_errno = errno;

	(void)context;
	while (mem && !cover_with_zeros(mem, info->si_addr))
		mem = mem->also;
	if (!mem) {
		signal(sig, SIG_DFL); /* the access repeats, and ends us */
		if (info->si_code <= 0)
			raise(sig); /* of kill(2): nothing repeats */
	}
	errno = saved_errno;
}

int guest_mem_handle_sigbus(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

void guest_mem_watch(struct guest_mem *mem)
{
	watched = mem;
}
