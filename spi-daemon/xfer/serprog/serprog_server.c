/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/serprog/serprog_server.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/serprog/serprog.h"
#include "spi-daemon/xfer/serprog/serprog_place.h"

/* The bus of serprog.h: a link that is opened again after an error */
struct bus {
	const struct xfer_link_options *options;
	uint32_t max_len;
	struct xfer_link link;
	bool open;
	struct virtio_spi_wire_head initial; /* for each new client */
	struct virtio_spi_wire_head head;    /* with what the client has set */
};

static int bus_open(struct bus *bus)
{
	int err = xfer_link_open(&bus->link, bus->options,
				 2 * (uint64_t)bus->max_len);

	bus->open = !err;
	return err;
}

static void bus_close(struct bus *bus)
{
	if (bus->open)
		xfer_link_close(&bus->link);
	bus->open = false;
}

static bool bus_transfer(void *arg, const uint8_t *tx, uint32_t tx_len,
			 uint8_t *rx, uint32_t rx_len)
{
	struct xfer_link_result result;
	struct bus *bus = arg;
	int err = bus->open ? 0 : bus_open(bus);

	if (!err) {
		bus->link.head = bus->head;
		err = xfer_link_write_read(&bus->link, tx, tx_len, rx, rx_len,
					   &result);
	}
	if (!err)
		return !xfer_report_status(result.part, result.status);
	xfer_report_error(bus->options->socket_path, err);
	bus_close(bus);
	return false;
}

static uint32_t bus_set_speed(void *arg, uint32_t hz)
{
	struct bus *bus = arg;

	hz = xfer_link_speed(&bus->link, hz);
	bus->head.freq = htole32(hz);
	return hz;
}

static bool bus_select(void *arg, uint8_t cs)
{
	struct bus *bus = arg;
	uint8_t count = bus->link.config.cs_max_number;

	if (count && cs >= count)
		return false;
	bus->head.chip_select_id = cs;
	return true;
}

static const struct serprog_ops bus_ops = {
	.transfer = bus_transfer,
	.set_speed = bus_set_speed,
	.select = bus_select,
};

static void end(int signal)
{
	(void)signal;
	_exit(XFER_EXIT_DONE);
}

/* The daemon ends what a front end that is gone has begun. */
static void end_by_signals(void)
{
	struct sigaction action = { .sa_handler = end };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

static int serve_clients(struct bus *bus, struct serprog *sp,
			 struct serprog_place *place)
{
	struct serprog_stream stream;

	for (;;) {
		int fd = serprog_place_accept(place);

		if (fd < 0) {
			xfer_report("%s: %s", place->name, strerror(-fd));
			return XFER_EXIT_USAGE;
		}
		bus->head = bus->initial;
		serprog_stream_init(&stream, fd);
		serprog_serve(sp, &stream);
		serprog_place_drop(place, fd);
	}
}

static int serve_bus(struct bus *bus, struct serprog_place *place)
{
	struct serprog sp;
	int err = serprog_init(&sp, &bus_ops, bus, bus->max_len);
	int code = XFER_EXIT_USAGE;

	if (err)
		return xfer_report_error("--chunk", err);
	bus->initial = bus->link.head;
	printf("listening on %s\n", place->name);
	if (fflush(stdout))
		xfer_report("standard output: %s", strerror(errno));
	else
		code = serve_clients(bus, &sp, place);
	serprog_free(&sp);
	return code;
}

int serprog_server_run(const struct xfer_link_options *options,
		       const char *place_text, uint32_t max_len)
{
	struct bus bus = { .options = options, .max_len = max_len };
	struct serprog_place place;
	const char *why;
	int err, code;

	end_by_signals();
	if (serprog_place_open(&place, place_text, &why)) {
		xfer_report("--serprog=%s: %s", place_text, why);
		return XFER_EXIT_USAGE;
	}
	err = bus_open(&bus);
	if (err)
		code = xfer_report_error(options->socket_path, err);
	else
		code = serve_bus(&bus, &place);
	bus_close(&bus);
	serprog_place_close(&place);
	return code;
}
