/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What no daemon can be faster than: a process that waits for the kick, makes
 * the ioctl and writes the call, and a driver that does nothing else.
 *
 *	spi-floor DEVICE COUNT LEN	COUNT messages of LEN bytes
 */
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LEN 4096

static int serve(int spi, int kick, int call, uint32_t count, uint32_t len)
{
	static uint8_t tx[MAX_LEN];
	const struct spi_ioc_transfer xfer = {
		.tx_buf = (uintptr_t)tx,
		.len = len,
	};
	eventfd_t value;

	while (count--)
		if (eventfd_read(kick, &value) < 0 ||
		    ioctl(spi, SPI_IOC_MESSAGE(1), &xfer) < 0 ||
		    eventfd_write(call, 1) < 0)
			return 1;
	return 0;
}

/* Waits as vhost/front does. */
static int drive(int kick, int call, uint32_t count)
{
	struct pollfd pfd = { .fd = call, .events = POLLIN };
	eventfd_t value;

	while (count--)
		if (eventfd_write(kick, 1) < 0 || poll(&pfd, 1, 10000) != 1 ||
		    eventfd_read(call, &value) < 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int spi = argc == 4 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	int kick = eventfd(0, 0), call = eventfd(0, 0), status = 0, failed;
	uint32_t count, len;
	pid_t child;

	if (spi < 0 || kick < 0 || call < 0) {
		perror("spi-floor");
		return 1;
	}
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	len = (uint32_t)strtoul(argv[3], NULL, 10);
	if (len > MAX_LEN)
		return 1;
	child = fork();
	if (child == 0)
		return serve(spi, kick, call, count, len);
	failed = child < 0 || drive(kick, call, count) ||
		 waitpid(child, &status, 0) != child || status;
	return failed;
}
