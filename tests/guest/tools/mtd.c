// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/tools/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/blkpg.h>
#include <mtd/mtd-user.h>

int mtd_open(const struct options *o)
{
	int fd = open(o->device, O_RDWR);

	if (fd < 0)
		die(o->device);
	return fd;
}

int mtd_erase(int fd, uint32_t off, uint32_t len)
{
	struct mtd_info_user info;
	struct erase_info_user range = { .start = off, .length = len };

	if (ioctl(fd, MEMGETINFO, &info) < 0)
		return -errno;
	range.length =
		(len + info.erasesize - 1) / info.erasesize * info.erasesize;
	return ioctl(fd, MEMERASE, &range) < 0 ? -errno : 0;
}

int mtd_read(int fd, uint8_t *data, size_t len, uint32_t off)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, data + done, len - done, off + done);

		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

int mtd_write(int fd, const uint8_t *data, size_t len, uint32_t off)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, data + done, len - done, off + done);

		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

static void check(int err, const char *what)
{
	if (!err)
		return;
	errno = -err;
	die(what);
}

static int compare_flash(int fd, const uint8_t *want, size_t len, uint32_t off)
{
	uint8_t *have = allocate(len);

	check(mtd_read(fd, have, len, off), "read");
	return compare(want, have, len);
}

int run_mtdpart(const struct options *o, char **args)
{
	struct blkpg_partition part = { .start = (long long)number(args[1]),
					.length = (long long)number(args[2]) };
	struct blkpg_ioctl_arg add = { .op = BLKPG_ADD_PARTITION,
				       .datalen = sizeof(part),
				       .data = &part };

	snprintf(part.devname, sizeof(part.devname), "%s", args[0]);
	if (ioctl(mtd_open(o), BLKPG, &add) < 0)
		die("add a partition");
	return 0;
}

int run_mtdcheck(const struct options *o, char **args)
{
	size_t len = number(args[1]);
	uint8_t *want = allocate(len);

	fill(want, len, number(args[2]));
	return compare_flash(mtd_open(o), want, len, number(args[0]));
}

int run_mtd(const struct options *o, char **args)
{
	unsigned long off = number(args[0]);
	size_t len = number(args[1]);
	uint8_t *want = allocate(len);
	int fd = mtd_open(o);

	check(mtd_erase(fd, off, len), "erase");
	/* Erased flash reads as all ones. */
	memset(want, 0xff, len);
	if (compare_flash(fd, want, len, off))
		return 1;
	fill(want, len, number(args[2]));
	check(mtd_write(fd, want, len, off), "write");
	return compare_flash(fd, want, len, off);
}
