/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A host program that changes the settings of a spidev, which are one for all
 * who have it open:
 *
 *	spi-settings DEVICE WORD...
 *
 *	mode=NUMBER, bits=NUMBER, speed=HZ	written
 *	lock=1, lock=2	flock(2), shared or exclusive, without waiting
 *	sleep=MS	the device stays open meanwhile
 *	times=N		the next word N times, a millisecond apart
 *
 * Prints the words that fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/spi/spidev.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>

static int change(int fd, const char *key, uint32_t number)
{
	uint8_t bits = (uint8_t)number;

	if (!strcmp(key, "mode"))
		return ioctl(fd, SPI_IOC_WR_MODE32, &number);
	if (!strcmp(key, "bits"))
		return ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &bits);
	if (!strcmp(key, "speed"))
		return ioctl(fd, SPI_IOC_WR_MAX_SPEED_HZ, &number);
	if (!strcmp(key, "lock"))
		return flock(fd, (int)number | LOCK_NB);
	errno = ENOENT;
	return -1;
}

static void sleep_ms(uint32_t ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static void do_word(int fd, const char *key, uint32_t number)
{
	if (!strcmp(key, "sleep"))
		sleep_ms(number);
	else if (change(fd, key, number) < 0)
		printf("%s=%u: %s\n", key, number, strerror(errno));
}

int main(int argc, char **argv)
{
	unsigned long times = 1;
	int fd;

	fd = argc > 1 ? open(argv[1], O_RDWR) : -1;
	if (fd < 0) {
		perror(argc > 1 ? argv[1] : "no device");
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		char *value = argv[i];
		const char *key = strsep(&value, "=");
		uint32_t number = value ? (uint32_t)strtoul(value, NULL, 0) : 0;

		if (!strcmp(key, "times")) {
			times = number;
			continue;
		}
		do_word(fd, key, number);
		while (--times) {
			sleep_ms(1);
			do_word(fd, key, number);
		}
		times = 1;
	}
	return 0;
}
