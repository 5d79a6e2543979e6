/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/fake_bus.h"

#define PAGE_SIZE (FLOOR_GUESTS * sizeof(struct floor_guest))

static struct floor_guest *map_page(int fd)
{
	void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

int floor_open(struct floor *floor, unsigned int count)
{
	*floor = (struct floor){ .page_fd = memfd_create("floor", 0) };
	if (floor->page_fd < 0 || ftruncate(floor->page_fd, PAGE_SIZE) < 0)
		return -errno;
	floor->guests = map_page(floor->page_fd);
	if (!floor->guests)
		return -ENOMEM;
	for (; floor->count < count; floor->count++) {
		floor->kick_fds[floor->count] = eventfd(0, 0);
		floor->call_fds[floor->count] = eventfd(0, 0);
		if (floor->call_fds[floor->count] < 0)
			return -errno;
	}
	return 0;
}

void floor_close(struct floor *floor)
{
	for (unsigned int i = 0; i < floor->count; i++) {
		close(floor->kick_fds[i]);
		close(floor->call_fds[i]);
	}
	if (floor->guests)
		munmap(floor->guests, PAGE_SIZE);
	close(floor->page_fd);
}

void floor_command(const struct floor *floor, const struct floor_work *work,
		   const char *argv[FLOOR_ARGS])
{
	static char page[12], len[12], polled[2], fds[FLOOR_GUESTS * 24];
	size_t at = 0;

	snprintf(page, sizeof(page), "%d", floor->page_fd);
	snprintf(len, sizeof(len), "%u", work->len);
	snprintf(polled, sizeof(polled), "%d", work->polled);
	for (unsigned int i = 0; i < floor->count; i++)
		at += (size_t)snprintf(fds + at, sizeof(fds) - at, "%d,%d,",
				       floor->kick_fds[i], floor->call_fds[i]);
	memcpy(argv,
	       (const char *[FLOOR_ARGS]){ "/proc/self/exe", "--floor",
					   work->device, page, len, polled, fds,
					   NULL },
	       FLOOR_ARGS * sizeof(*argv));
}

/* One guest, as its thread has it */
struct server {
	struct floor_guest *guest;
	int spi_fd, kick_fd, call_fd;
	uint32_t len;
	bool polled;
};

/* One request: as many messages as the kernel's buffers need */
static void transfer(const struct server *s, uint8_t *buffer)
{
	for (uint32_t done = 0; done < s->len; done += FAKE_BUS_BUFSIZ) {
		uint32_t left = s->len - done;
		const struct spi_ioc_transfer xfer = {
			.tx_buf = (uintptr_t)buffer + done,
			.rx_buf = (uintptr_t)buffer + s->len + done,
			.len = left < FAKE_BUS_BUFSIZ ? left : FAKE_BUS_BUFSIZ,
		};

		if (ioctl(s->spi_fd, SPI_IOC_MESSAGE(1), &xfer) < 0)
			bench_die("floor: no message");
	}
}

static void *serve(void *arg)
{
	const struct server *s = arg;
	uint8_t *buffer = calloc(2, s->len);
	eventfd_t kicks;

	while (buffer && !eventfd_read(s->kick_fd, &kicks)) {
		for (eventfd_t i = 0; i < kicks; i++) {
			transfer(s, buffer);
			atomic_fetch_add(&s->guest->done, 1);
		}
		if (!s->polled)
			eventfd_write(s->call_fd, kicks);
	}
	free(buffer);
	return NULL;
}

/* @args: device, page, length, polled, descriptors */
void floor_main(char **args)
{
	static struct server servers[FLOOR_GUESTS];
	struct floor_guest *guests = map_page(atoi(args[1]));
	char *fds = args[4];
	pthread_t thread;

	if (!guests)
		bench_die("floor: no memory");
	for (unsigned int i = 0; *fds; i++) {
		servers[i] = (struct server){
			.guest = &guests[i],
			.spi_fd = open(args[0], O_RDWR | O_CLOEXEC),
			.len = (uint32_t)strtoul(args[2], NULL, 10),
			.polled = args[3][0] == '1',
		};
		servers[i].kick_fd = (int)strtol(fds, &fds, 10);
		servers[i].call_fd = (int)strtol(fds + 1, &fds, 10);
		fds++;
		if (pthread_create(&thread, NULL, serve, &servers[i]))
			bench_die("floor: no thread");
	}
	for (;;)
		pause();
}
