/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Handles accesses to guest memory whose file was truncated. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "virtio/mem/file_map.h"
#include "virtio/mem/guest_mem.h"

/* The kernel raises SIGBUS in the thread that makes the access. */
static _Thread_local struct guest_mem *watched;

/* What SIGBUS did before */
static struct sigaction before;

static bool zero_region(struct guest_mem *mem, const uint8_t *addr)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		struct guest_region *r = &mem->regions[i];
		const uint8_t *map = r->map;

		if (addr < map || addr >= map + r->map_size)
			continue;
		if (!file_map_zero(r->map, r->map_size))
			return false;
		r->zeroed = 1;
		mem->broken++;
		return true;
	}
	return mem->log && dirty_log_zero(mem->log, addr);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	struct guest_mem *mem = info->si_code > 0 ? watched : NULL;
	int saved_errno = errno;

	(void)context;
	while (mem && !zero_region(mem, info->si_addr))
		mem = mem->also;
	if (!mem) {
		/* The access is repeated; SIGBUS does what it did before. */
		sigaction(sig, &before, NULL);
		/* A signal from kill(2) is not repeated. */
		if (info->si_code <= 0)
			raise(sig);
	}
	errno = saved_errno;
}

int guest_mem_handle_sigbus(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &old) < 0)
		return -errno;
	/* It may have been installed before. */
	if (old.sa_sigaction != on_sigbus)
		before = old;
	return 0;
}

void guest_mem_watch(struct guest_mem *mem)
{
	watched = mem;
}
