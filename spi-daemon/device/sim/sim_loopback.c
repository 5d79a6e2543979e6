// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/sim/sim_bus.h"

struct sim_loopback {
	struct spi_device dev;
	enum sim_timing timing;
	bool selected;
};

static int loopback_transfer(struct spi_device *dev,
			     const struct spi_piece *piece)
{
	struct sim_loopback *loopback = (struct sim_loopback *)dev;

	if (!loopback->selected)
		sim_bus_wait_setup(piece);
	for (; piece; piece = piece->next) {
		/* A guest's buffers may overlap: memcpy() is not allowed. */
		if (piece->rx && piece->tx)
			memmove(piece->rx, piece->tx, piece->len);
		else if (piece->rx)
			memset(piece->rx, 0, piece->len);
		sim_bus_wait_words(piece, loopback->timing);
		loopback->selected = piece->keep;
	}
	return 0;
}

static int loopback_release(struct spi_device *dev)
{
	((struct sim_loopback *)dev)->selected = false;
	return 0;
}

static void loopback_close(struct spi_device *dev)
{
	free(dev);
}

static const struct spi_device_ops loopback_ops = {
	.transfer = loopback_transfer,
	.release = loopback_release,
	.close = loopback_close,
};

int sim_loopback_open(enum sim_timing timing, struct spi_device **out)
{
	struct sim_loopback *loopback = calloc(1, sizeof(*loopback));

	if (!loopback)
		return -ENOMEM;
	loopback->dev.ops = &loopback_ops;
	loopback->dev.caps = sim_bus_caps(timing);
	loopback->timing = timing;
	*out = &loopback->dev;
	return 0;
}
