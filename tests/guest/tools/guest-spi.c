// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * guest-spi - use spidev and mtd inside the test guest
 *
 * Everything goes through the guest kernel's own drivers; the exit status
 * says whether the bytes are right. See usage() for the commands. Numbers
 * may be decimal or 0x hexadecimal, bytes are hexadecimal digits.
 */
#include "tests/guest/tools/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/spi/spidev.h>
#include <linux/types.h>

#define MAX_PARTS 32

static void print_bytes(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

int spi_open(const struct options *o)
{
	int fd = open(o->device, O_RDWR);
	uint32_t mode;

	if (fd < 0)
		die(o->device);
	if (o->set_mode) {
		if (ioctl(fd, SPI_IOC_RD_MODE32, &mode) < 0)
			die("read mode");
		mode &= ~(uint32_t)(SPI_MODE_X_MASK | SPI_LSB_FIRST |
				    SPI_CS_HIGH);
		mode |= o->mode;
		if (ioctl(fd, SPI_IOC_WR_MODE32, &mode) < 0)
			die("write mode");
	}
	return fd;
}

static struct spi_ioc_transfer part(const struct options *o, const uint8_t *tx,
				    uint8_t *rx, size_t len)
{
	struct spi_ioc_transfer t = {
		.tx_buf = (uintptr_t)tx,
		.rx_buf = (uintptr_t)rx,
		.len = len,
		.speed_hz = o->speed,
		.bits_per_word = o->bits,
	};

	return t;
}

static int try_message(int fd, struct spi_ioc_transfer *parts,
		       unsigned int count)
{
	/* SPI_IOC_MESSAGE(), for a count known at run time only. */
	int ret = ioctl(fd,
			_IOC(_IOC_WRITE, SPI_IOC_MAGIC, 0, SPI_MSGSIZE(count)),
			parts);

	return ret < 0 ? -errno : 0;
}

static void message(int fd, struct spi_ioc_transfer *parts, unsigned int count)
{
	if (try_message(fd, parts, count))
		die("transfer");
}

int spi_duplex(int fd, const struct options *o, const uint8_t *tx, uint8_t *rx,
	       size_t len)
{
	struct spi_ioc_transfer t = part(o, tx, rx, len);

	return try_message(fd, &t, 1);
}

int spi_write_read(int fd, const struct options *o, const uint8_t *tx,
		   size_t tx_len, uint8_t *rx, size_t rx_len)
{
	struct spi_ioc_transfer t[] = {
		part(o, tx, NULL, tx_len),
		part(o, NULL, rx, rx_len),
	};

	return try_message(fd, t, 2);
}

static int run_xfer(const struct options *o, char **args)
{
	size_t len;
	uint8_t *tx = bytes(args[0], &len);
	uint8_t *rx = allocate(len);
	struct spi_ioc_transfer t = part(o, tx, rx, len);

	message(spi_open(o), &t, 1);
	print_bytes(rx, len);
	return 0;
}

static int run_duplex(const struct options *o, char **args)
{
	size_t len = length(args[0]);
	uint8_t *tx = allocate(len);
	uint8_t *rx = allocate(len);
	struct spi_ioc_transfer t = part(o, tx, rx, len);

	fill(tx, len, number(args[1]));
	/* No byte of rx is right before the transfer. */
	for (size_t i = 0; i < len; i++)
		rx[i] = ~tx[i];
	message(spi_open(o), &t, 1);
	return compare(tx, rx, len);
}

static int run_writeread(const struct options *o, char **args)
{
	size_t tx_len;
	size_t rx_len = length(args[1]);
	uint8_t *tx = bytes(args[0], &tx_len);
	uint8_t *rx = allocate(rx_len);
	struct spi_ioc_transfer t[] = {
		part(o, tx, NULL, tx_len),
		part(o, NULL, rx, rx_len),
	};

	message(spi_open(o), t, 2);
	print_bytes(rx, rx_len);
	return 0;
}

static struct spi_ioc_transfer parse_part(const struct options *o,
					  const char *text)
{
	const char *end = strchr(text, '!');
	struct spi_ioc_transfer t;
	uint8_t *tx = NULL;
	uint8_t *rx = NULL;
	size_t len = 0;

	if (!text[0] || text[1] != ':' || (end && end[1]))
		usage();
	if (text[0] == 't' || text[0] == 'd')
		tx = bytes(&text[2], &len);
	else if (text[0] == 'r')
		len = strtoul(&text[2], NULL, 0);
	else if (text[0] != 'z')
		usage();
	if (len > MAX_BYTES)
		usage();
	if (text[0] == 'r' || text[0] == 'd')
		rx = allocate(len);
	t = part(o, tx, rx, len);
	t.cs_change = end != NULL;
	return t;
}

static int run_multi(const struct options *o, char **args)
{
	struct spi_ioc_transfer t[MAX_PARTS];
	unsigned int count = 0;

	for (; args[count]; count++) {
		if (count == MAX_PARTS)
			usage();
		t[count] = parse_part(o, args[count]);
	}
	message(spi_open(o), t, count);
	for (unsigned int i = 0; i < count; i++) {
		if (t[i].rx_buf)
			print_bytes((void *)(uintptr_t)t[i].rx_buf, t[i].len);
	}
	return 0;
}

static const struct command {
	const char *name;
	int args; /* how many; negative: at least so many */
	int (*run)(const struct options *o, char **args);
} commands[] = {
	{ "xfer", 1, run_xfer },
	{ "duplex", 2, run_duplex },
	{ "writeread", 2, run_writeread },
	{ "multi", -1, run_multi },
	{ "mtd", 3, run_mtd },
	{ "mtdcheck", 3, run_mtdcheck },
	{ "mtdpart", 3, run_mtdpart },
	{ "can", 2, run_can },
	{ "soakread", 4, run_soakread },
	{ "soakwrite", 4, run_soakwrite },
	{ "soakecho", 2, run_soakecho },
	{ "soakregs", 3, run_soakregs },
};

static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:b:s:lc")) != -1) {
		switch (c) {
		case 'm':
			o->mode |= number(optarg) & SPI_MODE_X_MASK;
			break;
		case 'b':
			o->bits = number(optarg);
			break;
		case 's':
			o->speed = number(optarg);
			break;
		case 'l':
			o->mode |= SPI_LSB_FIRST;
			break;
		case 'c':
			o->mode |= SPI_CS_HIGH;
			break;
		default:
			usage();
		}
		if (c == 'm' || c == 'l' || c == 'c')
			o->set_mode = true;
	}
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int count;

	/* getopt() moves the options in front of the arguments. */
	parse_options(&o, argc, argv);
	count = argc - optind - 2;
	argv += optind;
	if (count < 0)
		usage();
	o.device = argv[1];
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(argv[0], c->name))
			continue;
		if (c->args < 0 ? count < -c->args : count != c->args)
			usage();
		return c->run(&o, argv + 2);
	}
	usage();
	return 2;
}
