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

#define WIDE_BITS                                                 \
	(SPI_TX_DUAL | SPI_TX_QUAD | SPI_TX_OCTAL | SPI_RX_DUAL | \
	 SPI_RX_QUAD | SPI_RX_OCTAL)

/* What a request says of the mode; the rest is as the chip comes up. */
#define REQUEST_BITS   (SPI_CPHA | SPI_CPOL | SPI_LSB_FIRST | SPI_LOOP)

#define BUFSIZ_FILE    "/sys/module/spidev/parameters/bufsiz"
#define BUFSIZ_DEFAULT 4096
/* The kernel counts each transfer rounded up to a cache line of DMA memory. */
#define DMA_ALIGN 128

/* Transfers of a message in which each word is one: bounds our stack. */
#define MAX_WORDS 32

/* Slower clocks are refused: some drivers divide by zero over them. */
#define MIN_SPEED_HZ 1000

struct spidev {
	struct spi_device dev;
	char *path;
	int fd;		       /* -1: the device is gone, for now */
	uint32_t base_mode;    /* SPI_... bits that no request changes */
	uint32_t request_bits; /* SPI_... bits that requests may change */
	uint32_t mode;	       /* what was set last */
	bool selected;	       /* left so by the last piece */
	bool lost_selected;    /* it was, when the device went */
};

static int get_mode(int fd, uint32_t *mode)
{
	uint8_t low;

	if (!ioctl(fd, SPI_IOC_RD_MODE32, mode))
		return 0;
	if (errno != ENOTTY || ioctl(fd, SPI_IOC_RD_MODE, &low) < 0)
		return -errno;
	*mode = low;
	return 0;
}

static int set_mode(int fd, uint32_t mode)
{
	return ioctl(fd, SPI_IOC_WR_MODE32, &mode) < 0 ? -errno : 0;
}

/*
 * The wide bits that the controller has: what it lacks is silently dropped.
 * One width at a time, as dual and quad together are refused.
 */
static uint32_t probe_lines(int fd, uint32_t base)
{
	static const uint32_t widths[] = {
		SPI_TX_DUAL | SPI_RX_DUAL,
		SPI_TX_QUAD | SPI_RX_QUAD,
		SPI_TX_OCTAL | SPI_RX_OCTAL,
	};
	uint32_t lines = 0, mode;

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (!set_mode(fd, base | widths[i]) && !get_mode(fd, &mode))
			lines |= mode & widths[i];
	return lines;
}

/* The mode's bits for these lines: with quad set, dual is allowed too. */
static uint32_t lines_mode(uint32_t lines)
{
	if (lines & SPI_TX_QUAD)
		lines &= ~SPI_TX_DUAL;
	if (lines & SPI_RX_QUAD)
		lines &= ~SPI_RX_DUAL;
	return lines;
}

/* Is @mode taken as it is? */
static bool takes_mode(int fd, uint32_t mode)
{
	uint32_t got;

	return !set_mode(fd, mode) && !get_mode(fd, &got) &&
	       (got & ~SPI_CS_HIGH) == (mode & ~SPI_CS_HIGH);
}

static uint32_t probe_modes(int fd, uint32_t base)
{
	static const struct {
		uint32_t clear, set;
		uint32_t can;
	} tries[] = {
		{ SPI_CPHA, 0, VIRTIO_SPI_CAN_CPHA_0 },
		{ 0, SPI_CPHA, VIRTIO_SPI_CAN_CPHA_1 },
		{ SPI_CPOL, 0, VIRTIO_SPI_CAN_CPOL_0 },
		{ 0, SPI_CPOL, VIRTIO_SPI_CAN_CPOL_1 },
		{ 0, SPI_LSB_FIRST, VIRTIO_SPI_CAN_LSB_FIRST },
		{ 0, SPI_LOOP, VIRTIO_SPI_CAN_LOOP },
	};
	uint32_t can = 0;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if (takes_mode(fd, (base & ~tries[i].clear) | tries[i].set))
			can |= tries[i].can;
	return can;
}

/* The wide bits of @mode: 2, 4 and 8 lines, as the config space has them. */
static uint8_t wide(uint32_t mode, uint32_t dual, uint32_t quad, uint32_t octal)
{
	return (uint8_t)((mode & dual ? VIRTIO_SPI_CAN_DUAL : 0) |
			 (mode & quad ? VIRTIO_SPI_CAN_QUAD : 0) |
			 (mode & octal ? VIRTIO_SPI_CAN_OCTAL : 0));
}

static uint32_t probe_bits_per_word(int fd)
{
	uint32_t mask = 0;
	uint8_t before = 8;

	ioctl(fd, SPI_IOC_RD_BITS_PER_WORD, &before);
	for (uint8_t bits = 1; bits <= 32; bits++)
		if (!ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &bits))
			mask |= 1u << (bits - 1);
	ioctl(fd, SPI_IOC_WR_BITS_PER_WORD, &before);
	return mask;
}

static uint32_t max_piece(void)
{
	unsigned int bytes = BUFSIZ_DEFAULT;
	FILE *file = fopen(BUFSIZ_FILE, "re");

	if (file) {
		if (fscanf(file, "%u", &bytes) != 1)
			bytes = BUFSIZ_DEFAULT;
		fclose(file);
	}
	if (bytes < sizeof(uint32_t))
		return sizeof(uint32_t); /* one word of any size */
	return bytes < DMA_ALIGN ? bytes : bytes & ~(DMA_ALIGN - 1u);
}

/* Fills in ->dev.caps, ->base_mode and ->mode. The chip is not selected. */
static int probe(struct spidev *spidev, enum cs_high cs_high)
{
	struct spi_caps *caps = &spidev->dev.caps;
	uint32_t base, lines;
	int ret;

	ret = get_mode(spidev->fd, &base);
	if (ret < 0)
		return ret;
	base &= ~WIDE_BITS;
	lines = probe_lines(spidev->fd, base);
	/* The kernel checks a transfer's lines against the mode's. */
	base |= lines_mode(lines);

	*caps = (struct spi_caps){
		.tx_nbits = wide(lines, SPI_TX_DUAL, SPI_TX_QUAD, SPI_TX_OCTAL),
		.rx_nbits = wide(lines, SPI_RX_DUAL, SPI_RX_QUAD, SPI_RX_OCTAL),
		.bits_per_word_mask = probe_bits_per_word(spidev->fd),
		.modes = probe_modes(spidev->fd, base & ~REQUEST_BITS),
		.min_speed_hz = MIN_SPEED_HZ,
		.max_word_delay_ns = UINT8_MAX * 1000u,
		.max_setup_ns = UINT16_MAX * 1000u,
		.max_hold_ns = UINT16_MAX * 1000u,
		.max_inactive_ns = UINT16_MAX * 1000u,
		.max_piece = max_piece(),
	};
	ioctl(spidev->fd, SPI_IOC_RD_MAX_SPEED_HZ, &caps->max_speed_hz);

	spidev->request_bits = REQUEST_BITS;
	if (cs_high == CS_HIGH_YES ||
	    (cs_high == CS_HIGH_DEFAULT && base & SPI_CS_HIGH)) {
		caps->modes |= VIRTIO_SPI_CAN_CS_HIGH;
		spidev->request_bits |= SPI_CS_HIGH;
	}
	spidev->base_mode = base & ~spidev->request_bits;
	spidev->mode = base;
	return set_mode(spidev->fd, base);
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
	ret = get_mode(spidev->fd, &spidev->mode);
	if (!ret && spidev->lost_selected)
		ret = set_mode(spidev->fd, spidev->mode);
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
	ret = set_mode(spidev->fd, mode);
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
	unsigned int room = spidev->dev.caps.max_piece / DMA_ALIGN;
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
	if (spidev->fd >= 0)
		close(spidev->fd);
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
