/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/spi/spidev.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/spidev_message.h"
#include "spi-daemon/device/spidev_probe.h"
#include "spi-daemon/system/log.h"

/* A failed step: writing the mode would release the chip. */
static const char mode_change[] = "change of mode inside a message";

/* A failed step: there is no other way to wait between select and clock. */
static const char no_setup[] =
	"setup delay, for which the driver takes no empty transfer";

/* What is known about the chip */
enum chip_state {
	CHIP_RELEASED, /* not selected, and in ->mode */
	CHIP_SELECTED, /* the last message left it selected, in ->mode */
	CHIP_UNKNOWN,  /* an ioctl failed: may be selected, in any mode */
};

/*
 * Whether the controller's driver takes a message that moves no data. Trying it
 * moves chip select, so the first such message that is needed tells.
 */
enum empty_messages {
	EMPTY_UNTRIED,
	EMPTY_TAKEN,
	EMPTY_REFUSED,
};

/*
 * ->state, and what leads to the next one:
 *
 *	any state  a message is done       SELECTED if it keeps the chip,
 *	                                   else RELEASED
 *	any state  the mode is written     RELEASED: the kernel releases
 *	any state  either fails            UNKNOWN
 *
 * In RELEASED, a message goes out at once if its mode is ->mode; in SELECTED,
 * it must be. In UNKNOWN, the mode is written before anything else.
 */
struct spidev {
	struct spi_device dev;
	char *path;
	int fd;		       /* -1: the device is gone; state is UNKNOWN */
	uint32_t found_mode;   /* how the chip came up */
	uint32_t base_mode;    /* SPI_... bits that no request changes */
	uint32_t request_bits; /* SPI_... bits that requests may change */
	uint32_t mode;	       /* what was written last, without an error */
	enum chip_state state;
	_Atomic enum empty_messages empty; /* written by the bus's owner */
};

/* Leaves the chip released. */
static int probe(struct spidev *spidev, enum cs_high cs_high)
{
	struct spi_caps *caps = &spidev->dev.caps;
	int ret;

	ret = spidev_get_mode(spidev->fd, &spidev->found_mode);
	if (ret < 0)
		return ret;
	spidev->state = CHIP_UNKNOWN;
	ret = spidev_probe(spidev->fd, spidev->found_mode, caps, &spidev->mode);

	spidev->request_bits = SPIDEV_REQUEST_BITS;
	if (cs_high == CS_HIGH_YES ||
	    (cs_high == CS_HIGH_DEFAULT && spidev->mode & SPI_CS_HIGH)) {
		caps->modes |= VIRTIO_SPI_CAN_CS_HIGH;
		spidev->request_bits |= SPI_CS_HIGH;
	}
	spidev->base_mode = spidev->mode & ~spidev->request_bits;
	if (!ret)
		spidev->state = CHIP_RELEASED;
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

/* An ioctl failed. After an unbind, it fails until the file is reopened. */
static void note_failure(struct spidev *spidev, const char *step, int error)
{
	spidev->dev.failed_step = step;
	spidev->state = CHIP_UNKNOWN;
	if (error == -ESHUTDOWN || error == -ENODEV) {
		close(spidev->fd);
		spidev->fd = -1;
	}
}

/* Writes the mode, which takes as long as a short transfer. */
static int write_mode(struct spidev *spidev, uint32_t mode)
{
	int ret = spidev_set_mode(spidev->fd, mode);

	if (ret < 0) {
		note_failure(spidev, "SPI_IOC_WR_MODE32", ret);
		return ret;
	}
	spidev->mode = mode;
	spidev->state = CHIP_RELEASED;
	return 0;
}

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

/* The device was gone. Another controller may be behind the file now. */
static int reopen(struct spidev *spidev)
{
	int ret;

	spidev->fd = open_char_device(spidev->path);
	if (spidev->fd < 0) {
		spidev->dev.failed_step = "open";
		return spidev->fd;
	}
	spidev->empty = EMPTY_UNTRIED;
	ret = spidev_get_mode(spidev->fd, &spidev->mode);
	if (ret < 0) {
		spidev->dev.failed_step = "SPI_IOC_RD_MODE32";
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
		note_failure(spidev, "SPI_IOC_MESSAGE", ret);
	else
		spidev->state = xfers[count - 1].cs_change ? CHIP_SELECTED
							   : CHIP_RELEASED;
	return ret;
}

/*
 * An empty message moves chip select and nothing else, and leaves the chip
 * released. Where it fails, writing the mode releases the chip; if that works,
 * it is the empty message that the driver refuses.
 */
static int send_empty_message(struct spidev *spidev)
{
	struct spi_ioc_transfer nothing = { .cs_change = 0 };
	int ret = send_message(spidev, &nothing, 1);

	if (!ret) {
		spidev->empty = EMPTY_TAKEN;
	} else if (spidev->fd >= 0) {
		ret = write_mode(spidev, spidev->mode);
		if (!ret && spidev->empty == EMPTY_UNTRIED)
			spidev->empty = EMPTY_REFUSED;
	}
	return ret;
}

/* Releases the chip, if it may be selected. Never selects one. */
static int release(struct spidev *spidev)
{
	int ret;

	if (spidev->state == CHIP_SELECTED && spidev->empty != EMPTY_REFUSED) {
		ret = send_empty_message(spidev);
		if (spidev->fd >= 0)
			return ret;
	}
	if (spidev->state == CHIP_RELEASED)
		return 0;
	if (spidev->fd < 0) {
		ret = reopen(spidev);
		if (ret < 0)
			return ret;
	}
	return write_mode(spidev, spidev->mode);
}

static int spidev_release(struct spi_device *dev)
{
	return release(to_spidev(dev));
}

/* Makes the chip ready for a message in @mode. */
static int prepare(struct spidev *spidev, uint32_t mode)
{
	int ret;

	if (spidev->fd < 0) {
		ret = reopen(spidev);
		if (ret < 0)
			return ret;
	}
	if (spidev->state != CHIP_UNKNOWN && mode == spidev->mode)
		return 0;
	if (spidev->state == CHIP_SELECTED) {
		spidev->dev.failed_step = mode_change;
		return -EINVAL;
	}
	return write_mode(spidev, mode);
}

static int send_pieces(struct spidev *spidev, const struct spi_piece *first)
{
	struct spidev_cursor at = { .piece = first };
	int ret = 0;

	while (!ret && at.piece) {
		struct spi_ioc_transfer xfers[SPIDEV_MESSAGE_TRANSFERS];
		bool selects = spidev->state != CHIP_SELECTED;
		unsigned int count = spidev_build_message(
			&at, spidev->dev.caps.max_piece, selects, xfers);

		ret = send_message(spidev, xfers, count);
		if (!ret && !xfers[0].len)
			spidev->empty = EMPTY_TAKEN;
	}
	return ret;
}

/* After a message with a setup delay failed: tries an empty one alone. */
static void find_out_empty(struct spidev *spidev)
{
	const char *step = spidev->dev.failed_step;

	if (!release(spidev) && spidev->empty == EMPTY_UNTRIED)
		send_empty_message(spidev);
	spidev->dev.failed_step = spidev->empty == EMPTY_REFUSED ? no_setup
								 : step;
}

/* The mode is the chip's, so it is the same in all pieces of a message. */
static int check_modes(struct spidev *spidev, const struct spi_piece *piece)
{
	for (; piece->next; piece = piece->next) {
		if (piece->mode == piece->next->mode)
			continue;
		spidev->dev.failed_step = mode_change;
		return -EINVAL;
	}
	return 0;
}

static int run_pieces(struct spidev *spidev, const struct spi_piece *piece)
{
	bool delays = piece->setup_ns && spidev->state != CHIP_SELECTED;
	int ret;

	if (delays && spidev->empty == EMPTY_REFUSED) {
		spidev->dev.failed_step = no_setup;
		return -EOPNOTSUPP;
	}
	ret = check_modes(spidev, piece);
	if (!ret)
		ret = prepare(spidev, to_spi_mode(spidev, piece->mode));
	if (ret < 0)
		return ret;
	ret = send_pieces(spidev, piece);
	if (ret < 0 && delays && spidev->empty == EMPTY_UNTRIED)
		find_out_empty(spidev);
	return ret;
}

static int spidev_transfer(struct spi_device *dev,
			   const struct spi_piece *piece)
{
	struct spidev *spidev = to_spidev(dev);
	const char *step = NULL;
	int ret = run_pieces(spidev, piece);

	if (ret < 0) {
		step = dev->failed_step;
		release(spidev);
	}
	dev->failed_step = step;
	return ret;
}

static bool spidev_has_setup(const struct spi_device *dev)
{
	return ((const struct spidev *)(const void *)dev)->empty !=
	       EMPTY_REFUSED;
}

static void free_spidev(struct spidev *spidev)
{
	if (spidev->fd >= 0)
		close(spidev->fd);
	free(spidev->path);
	free(spidev);
}

/* Leaves the mode as it was found, for the next user of the device. */
static int restore_mode(struct spidev *spidev)
{
	if (spidev->fd < 0 || (spidev->state == CHIP_RELEASED &&
			       spidev->mode == spidev->found_mode))
		return 0;
	return write_mode(spidev, spidev->found_mode);
}

static void spidev_close(struct spi_device *dev)
{
	struct spidev *spidev = to_spidev(dev);
	int ret = release(spidev);

	if (!ret)
		ret = restore_mode(spidev);
	if (ret < 0)
		log_warning("%s: may be left selected: %s: %s", spidev->path,
			    dev->failed_step, strerror(-ret));
	free_spidev(spidev);
}

static const struct spi_device_ops spidev_ops = {
	.transfer = spidev_transfer,
	.release = spidev_release,
	.has_setup = spidev_has_setup,
	.close = spidev_close,
};

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
		restore_mode(spidev);
		free_spidev(spidev);
		/* Some devices fail an unknown ioctl with EINVAL. */
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
	/* The chip's directory is in its controller's: .../spi0/spi0.1 */
	if (realpath(link, real))
		strlcpy(name, basename(dirname(real)), size);
}
