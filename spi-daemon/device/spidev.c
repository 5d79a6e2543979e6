/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <linux/spi/spidev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/device/spidev.h"
#include "spi-daemon/device/spidev_chip.h"
#include "spi-daemon/device/spidev_message.h"
#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/device/spidev_probe.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"

/* A failed step: there is no other way to wait between select and clock. */
static const char no_setup[] =
	"setup delay, for which the driver takes no empty transfer";

/* How long the start may look for other processes with the device open */
#define SCAN_MAX_NS NS_PER_S

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
	if (ret < 0)
		return ret;
	spidev->state = CHIP_RELEASED;
	spidev_chip_read_back(spidev);
	return 0;
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

static int spidev_release(struct spi_device *dev)
{
	return spidev_chip_release(to_spidev(dev));
}

static int send_pieces(struct spidev *spidev, const struct spi_piece *first)
{
	struct spidev_cursor at = { .piece = first };
	int ret = 0;

	while (!ret && at.piece) {
		bool selects = spidev->state != CHIP_SELECTED;
		unsigned int count =
			spidev_build_message(&at, spidev->dev.caps.max_piece,
					     selects, spidev->xfers);

		ret = spidev_chip_send(spidev, spidev->xfers, count);
		if (!ret && !spidev->xfers[0].len)
			spidev->empty = EMPTY_TAKEN;
	}
	return ret;
}

/* After a message with a setup delay failed: tries an empty one alone. */
static void find_out_empty(struct spidev *spidev)
{
	const char *step = spidev->dev.failed_step;

	if (!spidev_chip_release(spidev) && spidev->empty == EMPTY_UNTRIED)
		spidev_chip_send_empty(spidev);
	spidev->dev.failed_step = spidev->empty == EMPTY_REFUSED ? no_setup
								 : step;
}

/* The mode is the chip's, so it is the same in all pieces of a message. */
static int check_modes(struct spidev *spidev, const struct spi_piece *piece)
{
	for (; piece->next; piece = piece->next) {
		if (piece->mode == piece->next->mode)
			continue;
		spidev->dev.failed_step = spidev_mode_change;
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
		ret = spidev_chip_prepare(spidev,
					  to_spi_mode(spidev, piece->mode));
	if (ret < 0)
		return ret;
	ret = send_pieces(spidev, piece);
	if (!ret)
		return spidev_chip_look_after(spidev);
	if (delays && spidev->empty == EMPTY_UNTRIED)
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
		spidev_chip_release(spidev);
		spidev_watch_failed(&spidev->watch, clock_now());
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
	return spidev_chip_write_mode(spidev, spidev->found_mode);
}

static void spidev_close(struct spi_device *dev)
{
	struct spidev *spidev = to_spidev(dev);
	int ret = spidev_chip_release(spidev);

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

int spidev_open(const char *path, enum cs_high cs_high, bool host_shared,
		struct spi_device **out)
{
	struct spidev *spidev = calloc(1, sizeof(*spidev));
	int ret;

	if (!spidev)
		return -ENOMEM;
	spidev->dev.ops = &spidev_ops;
	spidev->path = strdup(path);
	spidev->watch = (struct spidev_watch){
		.path = spidev->path,
		.shared = host_shared,
	};
	spidev->fd = spidev_node_open(path, host_shared);
	ret = spidev->fd < 0 ? spidev->fd : probe(spidev, cs_high);
	if (!spidev->path)
		ret = -ENOMEM;
	if (ret < 0) {
		restore_mode(spidev);
		free_spidev(spidev);
		/* Some devices fail an unknown ioctl with EINVAL. */
		return ret == -EINVAL ? -ENOTTY : ret;
	}
	spidev_watch_scan(&spidev->watch, SCAN_MAX_NS);
	*out = &spidev->dev;
	return 0;
}
