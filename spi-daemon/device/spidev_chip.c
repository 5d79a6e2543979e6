/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <linux/spi/spidev.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "spi-daemon/device/spidev_chip.h"
#include "spi-daemon/device/node/spidev_node.h"
#include "spi-daemon/system/clock.h"

const char spidev_mode_change[] = "change of mode inside a message";

/* A failed step: it may have run in another mode, or been cut in two. */
static const char settings_change[] = "another program changed the settings";

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

void spidev_chip_read_back(struct spidev *spidev)
{
	uint32_t got;

	spidev->unread_bits = 0;
	if (!spidev_get_mode(spidev->fd, &got))
		spidev->unread_bits = spidev->mode & ~got &
				      ~SPIDEV_REQUEST_BITS;
}

int spidev_chip_write_mode(struct spidev *spidev, uint32_t mode)
{
	int ret = spidev_set_mode(spidev->fd, mode);

	if (ret < 0) {
		note_failure(spidev, "SPI_IOC_WR_MODE32", ret);
		return ret;
	}
	spidev->mode = mode;
	spidev->state = CHIP_RELEASED;
	spidev_chip_read_back(spidev);
	return 0;
}

static bool has_mode(const struct spidev *spidev, uint32_t mode)
{
	return !((mode ^ spidev->mode) & ~spidev->unread_bits);
}

/* Another program wrote a setting. Always returns -EIO. */
static int note_change(struct spidev *spidev, uint32_t mode)
{
	spidev_watch_changed(&spidev->watch, clock_now(), mode, spidev->mode);
	spidev->state = CHIP_UNKNOWN;
	spidev->dev.failed_step = settings_change;
	return -EIO;
}

/*
 * Looks whether another program has written the settings, if it is time to.
 * A write has released a held chip: then the message is over. Otherwise the
 * mode is written again before the next message.
 */
static int look_before(struct spidev *spidev)
{
	const bool always = spidev_watch_always(&spidev->watch);
	const struct spidev_settings before = spidev->seen;
	bool held = spidev->state == CHIP_SELECTED;
	int ret = 0;

	if (!spidev_watch_is_due(&spidev->watch))
		return 0;
	/* If that fails, so will the message. */
	if (spidev_get_settings(spidev->fd, &spidev->seen) < 0)
		return 0;
	if (!has_mode(spidev, spidev->seen.mode) ||
	    (held && always &&
	     (before.bits != spidev->seen.bits ||
	      before.speed_hz != spidev->seen.speed_hz)))
		ret = note_change(spidev, spidev->seen.mode);
	return held ? ret : 0;
}

int spidev_chip_look_after(struct spidev *spidev)
{
	uint32_t mode;

	if (!spidev_watch_always(&spidev->watch) ||
	    spidev_get_mode(spidev->fd, &mode) < 0 || has_mode(spidev, mode))
		return 0;
	return note_change(spidev, mode);
}

/* The device was gone. Another controller may be behind the file now. */
static int reopen(struct spidev *spidev)
{
	int ret;

	spidev->fd = spidev_node_open(spidev->path, spidev->watch.shared);
	if (spidev->fd < 0) {
		spidev->dev.failed_step = spidev->fd == -EWOULDBLOCK ? "flock"
								     : "open";
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

int spidev_chip_send(struct spidev *spidev, struct spi_ioc_transfer *xfers,
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

int spidev_chip_send_empty(struct spidev *spidev)
{
	struct spi_ioc_transfer nothing = { .cs_change = 0 };
	int ret = spidev_chip_send(spidev, &nothing, 1);

	if (!ret) {
		spidev->empty = EMPTY_TAKEN;
	} else if (spidev->fd >= 0) {
		ret = spidev_chip_write_mode(spidev, spidev->mode);
		if (!ret && spidev->empty == EMPTY_UNTRIED)
			spidev->empty = EMPTY_REFUSED;
	}
	return ret;
}

int spidev_chip_release(struct spidev *spidev)
{
	int ret;

	if (spidev->state == CHIP_SELECTED && spidev->empty != EMPTY_REFUSED) {
		ret = spidev_chip_send_empty(spidev);
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
	return spidev_chip_write_mode(spidev, spidev->mode);
}

int spidev_chip_prepare(struct spidev *spidev, uint32_t mode)
{
	int ret;

	if (spidev->fd < 0) {
		ret = reopen(spidev);
		if (ret < 0)
			return ret;
	}
	ret = look_before(spidev);
	if (ret < 0)
		return ret;
	if (spidev->state != CHIP_UNKNOWN && mode == spidev->mode)
		return 0;
	if (spidev->state == CHIP_SELECTED) {
		spidev->dev.failed_step = spidev_mode_change;
		return -EINVAL;
	}
	return spidev_chip_write_mode(spidev, mode);
}
