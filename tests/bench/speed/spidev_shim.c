/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Preloaded (LD_PRELOAD) into programs that are measured: ioctl(2) of a spidev
 * without hardware. See bus.h. The chip is a loopback: it sends back what it
 * receives.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/speed/fake_bus.h"

#define MODE_BITS (SPI_MODE_X_MASK | SPI_CS_HIGH | SPI_LSB_FIRST | SPI_LOOP)

int ioctl(int fd, unsigned long request, ...);

static struct {
	struct fake_bus_page *page;
	uint32_t mode, speed_hz;
	uint8_t bits;
} shim = { .speed_hz = FAKE_BUS_MAX_HZ, .bits = 8 };

__attribute__((constructor)) static void find_page(void)
{
	const char *path = getenv(FAKE_BUS_PAGE_VARIABLE);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		abort();
	shim.page = mmap(NULL, sizeof(*shim.page), PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	close(fd);
	if (shim.page == MAP_FAILED)
		abort();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The bus is busy until @end. */
static void spin(uint64_t end)
{
	while (now_ns() < end)
		;
}

/* The kernel adds no slack to what a driver waits for. */
static void sleep_until(uint64_t end)
{
	const struct timespec time = {
		.tv_sec = (time_t)(end / 1000000000u),
		.tv_nsec = (long)(end % 1000000000u),
	};

	prctl(PR_SET_TIMERSLACK, 1);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL))
		;
	prctl(PR_SET_TIMERSLACK, 0); /* what it was */
}

static void occupy(unsigned int ns)
{
	if (!ns)
		return;
	if (atomic_load(&shim.page->sleeps))
		sleep_until(now_ns() + ns);
	else
		spin(now_ns() + ns);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static void loop_back(const struct spi_ioc_transfer *x)
{
	void *rx = (void *)(uintptr_t)x->rx_buf;

	if (rx && x->tx_buf)
		memcpy(rx, (const void *)(uintptr_t)x->tx_buf, x->len);
	else if (rx)
		memset(rx, 0, x->len);
}

static int message(const struct spi_ioc_transfer *xfers, unsigned int count)
{
	unsigned int tx = 0, rx = 0, total = 0;

	for (unsigned int i = 0; i < count; i++) {
		tx += xfers[i].tx_buf ? xfers[i].len : 0;
		rx += xfers[i].rx_buf ? xfers[i].len : 0;
		total += xfers[i].len;
	}
	if (tx > FAKE_BUS_BUFSIZ || rx > FAKE_BUS_BUFSIZ)
		return fail(EMSGSIZE);
	if (pthread_mutex_lock(&shim.page->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&shim.page->lock);
	for (unsigned int i = 0; i < count; i++)
		loop_back(&xfers[i]);
	occupy(atomic_load(&shim.page->message_ns));
	atomic_fetch_add(&shim.page->messages, 1);
	pthread_mutex_unlock(&shim.page->lock);
	return (int)total;
}

static int answer(unsigned long request, void *arg)
{
	switch (request) {
	case SPI_IOC_RD_MODE32:
		memcpy(arg, &shim.mode, sizeof(shim.mode));
		return 0;
	case SPI_IOC_WR_MODE32:
		shim.mode = *(const uint32_t *)arg & MODE_BITS;
		return 0;
	case SPI_IOC_RD_BITS_PER_WORD:
		*(uint8_t *)arg = shim.bits;
		return 0;
	case SPI_IOC_WR_BITS_PER_WORD:
		shim.bits = *(const uint8_t *)arg;
		return 0;
	case SPI_IOC_RD_MAX_SPEED_HZ:
		memcpy(arg, &shim.speed_hz, sizeof(shim.speed_hz));
		return 0;
	case SPI_IOC_WR_MAX_SPEED_HZ:
		memcpy(&shim.speed_hz, arg, sizeof(shim.speed_hz));
		return 0;
	default:
		if (_IOC_NR(request) || _IOC_DIR(request) != _IOC_WRITE)
			return fail(ENOTTY);
		return message(arg, _IOC_SIZE(request) /
					    sizeof(struct spi_ioc_transfer));
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	ret = (int)syscall(SYS_ioctl, fd, request, arg);
	if (_IOC_TYPE(request) != SPI_IOC_MAGIC || ret == 0 || errno != ENOTTY)
		return ret;
	return answer(request, arg);
}
