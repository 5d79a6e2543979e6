// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A chip that is another program: see docs/chip-protocol.md. */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/device/sim/chip_link.h"
#include "spi-daemon/device/sim/chip_wire.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/sim/sim_bus.h"

struct sim_socket {
	struct spi_device dev;
	enum sim_timing timing;
	struct chip_link link;
	bool selected; /* until the connection is lost, or released */
};

static uint8_t lines(uint8_t nbits)
{
	return nbits ? nbits : 1;
}

/* Sends the transfer of @piece, after the select edge if @select. */
static int send_piece(struct chip_link *link, const struct spi_piece *piece,
		      bool select)
{
	struct chip_header edge = { .size = sizeof(edge), .type = CHIP_SELECT };
	struct chip_transfer transfer = {
		.header = { .size = (uint32_t)sizeof(transfer) +
				    (piece->tx ? piece->len : 0),
			    .type = CHIP_TRANSFER },
		.speed_hz = piece->speed_hz,
		.mode = piece->mode,
		.bits_per_word = piece->bits_per_word,
		.tx_nbits = lines(piece->tx_nbits),
		.rx_nbits = lines(piece->rx_nbits),
		.flags = (piece->tx ? CHIP_SENDS : 0) |
			 (piece->rx ? CHIP_RECEIVES : 0),
		.len = piece->len,
	};
	struct iovec parts[] = {
		{ &edge, select ? sizeof(edge) : 0 },
		{ &transfer, sizeof(transfer) },
		{ (void *)(uintptr_t)piece->tx, piece->tx ? piece->len : 0 },
	};

	return chip_link_send(link, parts, 3);
}

/* Receives the result of @piece. Returns -EREMOTEIO if the program failed it.
 */
static int receive_result(struct chip_link *link, const struct spi_piece *piece)
{
	struct chip_result result;
	uint32_t bytes;
	int ret = chip_link_receive(link, &result, sizeof(result));

	if (ret)
		return ret;
	bytes = piece->rx && !result.error ? piece->len : 0;
	if (result.header.type != CHIP_RESULT ||
	    result.header.size != sizeof(result) + bytes)
		return chip_link_reject(link, "result of the program");
	if (result.error) {
		link->timeouts = 0;
		link->failed_step = "transfer in the program";
		return -EREMOTEIO;
	}
	ret = chip_link_receive(link, piece->rx, bytes);
	if (!ret)
		link->timeouts = 0;
	return ret;
}

/*
 * Sends the first piece of a message. A connection that the program closed
 * since the last message is made anew: it has seen nothing of this one.
 */
static int open_message(struct sim_socket *chip, const struct spi_piece *piece)
{
	bool was_connected = chip_link_is_connected(&chip->link);
	int ret = chip_link_connect(&chip->link);

	if (ret)
		return ret;
	ret = send_piece(&chip->link, piece, true);
	if (ret != -EPIPE || !was_connected)
		return ret;
	ret = chip_link_connect(&chip->link);
	return ret ? ret : send_piece(&chip->link, piece, true);
}

static int send_release(struct sim_socket *chip)
{
	struct chip_header edge = { .size = sizeof(edge),
				    .type = CHIP_DESELECT };
	struct iovec part = { &edge, sizeof(edge) };

	chip->selected = false;
	return chip_link_send(&chip->link, &part, 1);
}

static int run_pieces(struct sim_socket *chip, const struct spi_piece *piece)
{
	bool keep = false;
	int ret = 0;

	for (; piece && !ret; piece = piece->next) {
		if (!chip->selected)
			sim_bus_wait_setup(piece);
		chip_link_begin(&chip->link);
		if (chip->selected) {
			ret = send_piece(&chip->link, piece, false);
		} else {
			ret = open_message(chip, piece);
			chip->selected = !ret;
		}
		if (!ret)
			ret = receive_result(&chip->link, piece);
		if (!ret)
			sim_bus_wait_words(piece, chip->timing);
		keep = piece->keep;
	}
	if (ret || keep)
		return ret;
	return send_release(chip);
}

static int socket_release(struct spi_device *dev)
{
	struct sim_socket *chip = (struct sim_socket *)(void *)dev;

	chip_link_begin(&chip->link);
	/* A program that has gone has released its chip. */
	if (chip->selected)
		send_release(chip);
	return 0;
}

static int socket_transfer(struct spi_device *dev,
			   const struct spi_piece *piece)
{
	struct sim_socket *chip = (struct sim_socket *)(void *)dev;
	const char *step;
	int ret;

	ret = run_pieces(chip, piece);
	step = chip->link.failed_step;
	if (ret && chip_link_is_connected(&chip->link) && chip->selected)
		send_release(chip);
	chip->selected = !ret && chip->selected;
	dev->failed_step = ret ? step : NULL;
	return ret;
}

static void socket_close(struct spi_device *dev)
{
	struct sim_socket *chip = (struct sim_socket *)(void *)dev;

	chip_link_close(&chip->link);
	free(chip);
}

static const struct spi_device_ops socket_ops = {
	.transfer = socket_transfer,
	.release = socket_release,
	.close = socket_close,
};

int sim_socket_open(const struct sim_socket_config *config,
		    enum sim_timing timing, struct spi_device **out)
{
	struct sim_socket *chip = calloc(1, sizeof(*chip));
	int ret;

	if (!chip)
		return -ENOMEM;
	chip->dev.ops = &socket_ops;
	chip->dev.caps = sim_bus_caps(timing);
	chip->timing = timing;
	ret = chip_link_init(&chip->link, config->path, config->timeout_ms,
			     chip->dev.caps.max_piece);
	if (ret) {
		free(chip);
		return ret;
	}
	*out = &chip->dev;
	return 0;
}
