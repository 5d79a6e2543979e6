/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Preloaded into a daemon: it crashes at SPI messages that begin as crash.h
 * says. */
#include <linux/spi/spidev.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/daemon/keeper/state/crash.h"

int ioctl(int fd, unsigned long request, ...);

static void look(const struct spi_ioc_transfer *transfer)
{
	const uint8_t *tx = (const uint8_t *)(uintptr_t)transfer->tx_buf;

	if (tx && *tx == CRASH_TRAP)
		__builtin_trap();
	if (tx && *tx == CRASH_CALL)
		syscall(SYS_chroot, "");
	if (tx && (*tx == CRASH_ABORT || *tx == CRASH_CALL))
		abort();
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) == SPI_IOC_MAGIC && !_IOC_NR(request) &&
	    _IOC_SIZE(request))
		look(arg);
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
