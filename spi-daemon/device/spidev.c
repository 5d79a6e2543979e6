/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/spi/spidev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/spidev_probe.h"

/* Transfers of a message in which each word is one: bounds our stack. */
#define MAX_WORDS 32

struct spidev {
	struct spi_device dev;
	char *path;
	int fd;		       /* -1: the device is gone, for now */
	uint32_t found_mode;   /* how the chip came up */
	uint32_t base_mode;    /* SPI_... bits that no request changes */
	uint32_t request_bits; /* SPI_... bits that requests may change */
	uint32_t mode;	       /* what was set last */
	bool selected;	       /* left so by the last piece */
	bool lost_selected;    /* it was, when the device went */
};

/* The chip is not selected. */
static int probe(struct spidev *spidev, enum cs_high cs_high)
{
	struct spi_caps *caps = &spidev->dev.caps;
	int ret;

	ret = spidev_get_mode(spidev->fd, &spidev->found_mode);
	if (ret < 0)
		return ret;
	ret = spidev_probe(spidev->fd, spidev->found_mode, caps, &spidev->mode);

	spidev->request_bits = SPIDEV_REQUEST_BITS;
	if (cs_high == CS_HIGH_YES ||
	    (cs_high == CS_HIGH_DEFAULT && spidev->mode & SPI_CS_HIGH)) {
		caps->modes |= VIRTIO_SPI_CAN_CS_HIGH;
		spidev->request_bits |= SPI_CS_HIGH;
	}
	spidev->base_mode = spidev->mode & ~spidev->request_bits;
	return ret;
}

static uint32_t to_spi_mode(const struct spidev *spidev, uint32_t mode)
{
	uint32_t bits = (mode & VIRTIO_SPI_MODE_CPHA ? SPI_CPHA : 0) |
			(mode & VIRTIO_SPI_MODE_CPOL ? SPI_CPOL : 0) |
			(mode & VIRTIO_SPI_MODE_CS_HIGH ? SPI_CS_HIGH : 0) |
			(mode & VIRTIO_SPI_MODE_LSB_FIRST ? SPI_LSB_FIRST : 0) |
			(mode & VIRTIO_SPI_MODE_LOOP ? SPI_LOOP : 0);

	return spidev->base_mode | (bits & spidev->request_bits);
}

static struct spidev *to_spidev(struct spi_device *dev)
{
	return (struct spidev *)(void *)dev;
}

/*
 * After an unbind a handle is dead for ever, though the device may be back.
 * A chip that was held then is selected still: writing the mode releases it.
 */
static int reopen(struct spidev *spidev)
{
	int ret;

	spidev->dev.failed_step = "open";
	spidev->fd = open(spidev->path, O_RDWR | O_CLOEXEC);
	if (spidev->fd < 0)
		return -errno;
	ret = spidev_get_mode(spidev->fd, &spidev->mode);
	if (!ret && spidev->lost_selected)
		ret = spidev_set_mode(spidev->fd, spidev->mode);
	if (!ret)
		spidev->lost_selected = false;
	if (ret < 0) {
		close(spidev->fd);
		spidev->fd = -1;
	}
	return ret;
}

static int send_message(struct spidev *spidev, struct spi_ioc_transfer *xfers,
			unsigned int count)
{
	/* SPI_IOC_MESSAGE(count) is for constants only. */
	unsigned long request =
		_IOC(_IOC_WRITE, SPI_IOC_MAGIC, 0, count * sizeof(*xfers));
	int ret = ioctl(spidev->fd, request, xfers) < 0 ? -errno : 0;

	if (ret < 0)
		spidev->dev.failed_step = "SPI_IOC_MESSAGE";
	if (ret == -ESHUTDOWN || ret == -ENODEV) {
		close(spidev->fd);
		spidev->fd = -1;
		spidev->lost_selected |= spidev->selected;
		spidev->selected = false;
	}
	return ret;
}

static int spidev_release(struct spi_device *dev)
{
	struct spidev *spidev = to_spidev(dev);
	/* Moves chip select and nothing else. */
	struct spi_ioc_transfer nothing = { .cs_change = 0 };
	int ret;

	if (!spidev->selected)
		return 0;
	ret = send_message(spidev, &nothing, 1);
	spidev->selected = false;
	return ret;
}

/*
 * Writing the mode releases a held chip and takes as long as a short
 * transfer, so it is done only for a change, and never inside a message.
 */
static int prepare(struct spidev *spidev, uint32_t mode)
{
	int ret;

	if (spidev->fd < 0) {
		ret = reopen(spidev);
		if (ret < 0)
			return ret;
	}
	if (mode == spidev->mode)
		return 0;
	spidev->dev.failed_step = "change of mode inside a message";
	if (spidev->selected)
		return -EINVAL;
	spidev->dev.failed_step = "SPI_IOC_WR_MODE32";
	ret = spidev_set_mode(spidev->fd, mode);
	if (!ret)
		spidev->mode = mode;
	return ret;
}

/* Delays are whole microseconds here, and never shorter than asked. */
static uint32_t to_us(uint32_t ns)
{
	return ns / 1000 + (ns % 1000 ? 1 : 0);
}

/*
 * Few controllers have a delay between words, and the kernel takes one for the
 * others without a word. So where it matters, each word is a transfer of its
 * own, with the delay behind it that the SPI core sees to.
 */
static uint32_t transfer_len(const struct spi_piece *piece, uint32_t left)
{
	return piece->word_delay_ns ? spi_word_size(piece->bits_per_word)
				    : left;
}

/* Fills @xfers with the piece from @done on. Returns how many there are. */
static unsigned int build_message(const struct spidev *spidev,
				  const struct spi_piece *piece, uint32_t *done,
				  struct spi_ioc_transfer *xfers)
{
	unsigned int room = spidev->dev.caps.max_piece / SPIDEV_DMA_ALIGN;
	struct spi_ioc_transfer *x = xfers;
	struct spi_ioc_transfer common = {
		.speed_hz = piece->speed_hz,
		.bits_per_word = piece->bits_per_word,
	};

	/* An empty transfer ahead: its delay runs after the select edge. */
	if (piece->setup_ns && !spidev->selected) {
		*x = common;
		x++->delay_usecs = (uint16_t)to_us(piece->setup_ns);
	}
	if (room > MAX_WORDS)
		room = MAX_WORDS;
	do {
		uint32_t len = transfer_len(piece, piece->len - *done);
		bool last = *done + len == piece->len;

		*x = common;
		x->tx_buf = piece->tx ? (uintptr_t)piece->tx + *done : 0;
		x->rx_buf = piece->rx ? (uintptr_t)piece->rx + *done : 0;
		x->len = len;
		x->tx_nbits = piece->tx ? piece->tx_nbits : 0;
		x->rx_nbits = piece->rx ? piece->rx_nbits : 0;
		x->delay_usecs = (uint16_t)to_us(last ? piece->hold_ns
						      : piece->word_delay_ns);
		x++;
		*done += len;
	} while (*done < piece->len && x < xfers + room);
	x[-1].cs_change = piece->keep || *done < piece->len;
	return (unsigned int)(x - xfers);
}

static int send_piece(struct spidev *spidev, const struct spi_piece *piece)
{
	uint32_t done = 0;
	int ret = 0;

	while (!ret && done < piece->len) {
		struct spi_ioc_transfer xfers[1 + MAX_WORDS];
		unsigned int count = build_message(spidev, piece, &done, xfers);

		ret = send_message(spidev, xfers, count);
		/*
		 * A message that was refused leaves a held chip held; one
		 * whose bytes could not be stored was run all the same.
		 */
		if (!ret || ret == -EFAULT)
			spidev->selected = xfers[count - 1].cs_change;
	}
	return ret;
}

static int spidev_transfer(struct spi_device *dev,
			   const struct spi_piece *piece)
{
	struct spidev *spidev = to_spidev(dev);
	int ret;

	ret = prepare(spidev, to_spi_mode(spidev, piece->mode));
	if (!ret)
		ret = send_piece(spidev, piece);
	if (ret < 0) {
		const char *step = dev->failed_step;

		spidev_release(dev);
		dev->failed_step = step;
		return ret;
	}
	dev->failed_step = NULL;
	return 0;
}

static void spidev_close(struct spi_device *dev)
{
	struct spidev *spidev = to_spidev(dev);

	spidev_release(dev);
	if (spidev->fd >= 0) {
		/* Others find the chip as we did. */
		if (spidev->mode != spidev->found_mode)
			spidev_set_mode(spidev->fd, spidev->found_mode);
		close(spidev->fd);
	}
	free(spidev->path);
	free(spidev);
}

static const struct spi_device_ops spidev_ops = {
	.transfer = spidev_transfer,
	.release = spidev_release,
	.close = spidev_close,
};

static int open_char_device(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode)) {
		close(fd);
		return -ENOTTY;
	}
	return fd;
}

int spidev_open(const char *path, enum cs_high cs_high, struct spi_device **out)
{
	struct spidev *spidev = calloc(1, sizeof(*spidev));
	int ret;

	if (!spidev)
		return -ENOMEM;
	spidev->dev.ops = &spidev_ops;
	spidev->path = strdup(path);
	spidev->fd = open_char_device(path);
	ret = spidev->fd < 0 ? spidev->fd : probe(spidev, cs_high);
	if (!spidev->path)
		ret = -ENOMEM;
	if (ret < 0) {
		spidev_close(&spidev->dev);
		/* Other devices say EINVAL to an ioctl that is not theirs. */
		return ret == -EINVAL ? -ENOTTY : ret;
	}
	*out = &spidev->dev;
	return 0;
}

void spidev_bus_name(const char *path, char *name, size_t size)
{
	char link[64], real[PATH_MAX];
	struct stat st;

	strlcpy(name, path, size);
	if (stat(path, &st) < 0)
		return;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device",
		 major(st.st_rdev), minor(st.st_rdev));
	/* .../spi0/spi0.1: the chip's directory is in its controller's. */
	if (realpath(link, real))
		strlcpy(name, basename(dirname(real)), size);
}
