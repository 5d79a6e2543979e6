/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What happens when guest memory is touched where its file has ended. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "virtio/mem/file_map.h"
#include "virtio/mem/guest_mem.h"

/* SIGBUS is raised in the thread that touched the hole. */
static _Thread_local struct guest_mem *watched;

static bool cover_with_zeros(struct guest_mem *mem, const uint8_t *addr)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		struct guest_region *r = &mem->regions[i];
		const uint8_t *map = r->map;

		if (addr < map || addr >= map + r->map_size)
			continue;
		if (!file_map_cover(r->map, r->map_size))
			return false;
		r->covered = 1;
		mem->broken++;
		return true;
	}
	return mem->log && dirty_log_cover(mem->log, addr);
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
