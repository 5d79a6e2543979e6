/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/fake_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/lib/process.h"

/* Returns the new page, mapped, or NULL. */
static struct fake_bus_page *make_page(const char *path)
{
	struct fake_bus_page *page = MAP_FAILED;
	pthread_mutexattr_t shared;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 && !ftruncate(fd, sizeof(*page)))
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (page == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	/* A program that is killed may have the bus. */
	pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&page->lock, &shared);
	return page;
}

/* Minor 3 of the memory devices is /dev/null. */
static int make_node(const char *path)
{
	int fd;

	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0)
		return -errno;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

const char *fake_bus_open(struct fake_bus *bus)
{
	int err;

	*bus = (struct fake_bus){ .page = NULL };
	if (process_make_dir(bus->dir, sizeof(bus->dir)))
		return "no directory";
	snprintf(bus->page_path, sizeof(bus->page_path), "%s/bus", bus->dir);
	bus->page = make_page(bus->page_path);
	err = bus->page ? 0 : -ENOMEM;
	for (unsigned int i = 0; !err && i < FAKE_BUS_DEVICES; i++) {
		/* A daemon looks who else has a device of this name open. */
		snprintf(bus->devices[i], sizeof(bus->devices[i]),
			 "%s/spidev%d.%u", bus->dir, (int)getpid(), i);
		err = make_node(bus->devices[i]);
	}
	if (!err)
		return NULL;
	fake_bus_close(bus);
	return "no device file can be made in /tmp (it takes root)";
}

void fake_bus_close(struct fake_bus *bus)
{
	if (bus->page)
		munmap(bus->page, sizeof(*bus->page));
	process_remove_dir(bus->dir);
}

const char *fake_bus_shims(void)
{
	static char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	return dirname(program);
}

void fake_bus_preload(const struct fake_bus *bus)
{
	char shim[PATH_MAX + 32];

	snprintf(shim, sizeof(shim), "%s/spidev-shim.so", fake_bus_shims());
	setenv("LD_PRELOAD", shim, 1);
	setenv(FAKE_BUS_PAGE_VARIABLE, bus->page_path, 1);
}

void fake_bus_unload(void)
{
	unsetenv("LD_PRELOAD");
	unsetenv(FAKE_BUS_PAGE_VARIABLE);
}
