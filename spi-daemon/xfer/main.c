/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer: one SPI message through a vhost-user back end, from a shell. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/xfer/spi_front.h"
#include "spi-daemon/xfer/xfer_info.h"
#include "spi-daemon/xfer/xfer_options.h"
#include "vhost/front/front_setup.h"

#define DEFAULT_SPEED_HZ 1000000

enum exit_code {
	EXIT_DONE = 0,
	EXIT_USAGE = 1,
	EXIT_BACK_END = 2,
	EXIT_PARAM_ERR = 3,
	EXIT_TRANS_ERR = 4,
};

/* Where a part's answer is */
struct pending {
	uint16_t id;
	uint8_t *rx;
};

static int complain(const char *what, int err)
{
	const char *why = strerror(-err);

	if (err == -EREMOTEIO)
		why = "the back end refused";
	else if (err == -EIO)
		why = "the back end gave up the ring";
	else if (err == -ENOTSUP)
		why = "the back end is no virtio 1.x device";
	else if (err == -EPROTONOSUPPORT)
		why = "the back end offers no packed virtqueues";
	fprintf(stderr, "spi-xfer: %s: %s\n", what, why);
	return EXIT_BACK_END;
}

static int open_front(struct spi_front *sf, const struct xfer_options *options)
{
	struct spi_front_options front = spi_front_defaults(NULL);
	uint64_t bytes = 1 << 20; /* ring, heads, status bytes, rounding */
	int err;

	for (unsigned int i = 0; i < options->part_count; i++)
		bytes += (uint64_t)options->parts[i].tx_len +
			 options->parts[i].rx_len;
	front.path = options->socket_path;
	/* head, tx, rx, status of every part, all in flight */
	front.ring_size = 4 * XFER_MAX_PARTS;
	front.mem_size = (bytes + FRONT_MEM_PAGE - 1) & -FRONT_MEM_PAGE;
	front.timeout_ms = options->timeout_ms;
	if (options->packed)
		front.features |= FRONT_BIT(VIRTIO_F_RING_PACKED);
	err = spi_front_open(sf, &front);
	/* Who asks for it wants no other. */
	if (!err && options->packed && !sf->ring.packed) {
		spi_front_close(sf);
		err = -EPROTONOSUPPORT;
	}
	return err;
}

/*
 * Sends all parts at once: a chip is not held longer than its message takes,
 * however slowly this process is scheduled.
 */
static int submit_parts(struct spi_front *sf,
			const struct xfer_options *options,
			struct pending *pending)
{
	for (unsigned int i = 0; i < options->part_count; i++) {
		const struct xfer_part *part = &options->parts[i];
		struct spi_front_request request = {
			.head = options->head,
			.tx = part->tx,
			.tx_len = part->tx_len,
			.rx_len = part->rx_len,
		};
		int err;

		request.head.cs_change = options->cs_change[i];
		if (part->rx_len > 0) {
			pending[i].rx = malloc(part->rx_len);
			if (!pending[i].rx)
				return -ENOMEM;
			request.rx = pending[i].rx;
		}
		err = spi_front_add(sf, &request, NULL, &pending[i].id);
		if (err)
			return err;
	}
	spi_front_flush(sf);
	return 0;
}

static int judge(unsigned int part, uint8_t status)
{
	switch (status) {
	case VIRTIO_SPI_TRANS_OK:
		return EXIT_DONE;
	case VIRTIO_SPI_PARAM_ERR:
		fprintf(stderr,
			"spi-xfer: part %u: PARAM_ERR: the device does not "
			"allow these parameters\n",
			part);
		return EXIT_PARAM_ERR;
	case VIRTIO_SPI_TRANS_ERR:
		fprintf(stderr,
			"spi-xfer: part %u: TRANS_ERR: the transfer failed\n",
			part);
		return EXIT_TRANS_ERR;
	case SPI_FRONT_UNWRITTEN:
		fprintf(stderr,
			"spi-xfer: part %u: the device wrote no status\n",
			part);
		return EXIT_BACK_END;
	default:
		fprintf(stderr, "spi-xfer: part %u: unknown status %u\n", part,
			status);
		return EXIT_BACK_END;
	}
}

static void print_bytes(const struct xfer_options *options, FILE *out,
			const uint8_t *bytes, uint32_t len)
{
	if (options->rx_file) {
		fwrite(bytes, 1, len, out);
		return;
	}
	for (uint32_t i = 0; i < len; i++)
		fprintf(out, "%s%02x", i ? " " : "", bytes[i]);
	fputc('\n', out);
}

/* Waits for every part, and prints until one fails. The first error counts. */
static int collect_parts(struct spi_front *sf,
			 const struct xfer_options *options,
			 struct pending *pending, FILE *out)
{
	int code = EXIT_DONE;

	for (unsigned int i = 0; i < options->part_count; i++) {
		uint32_t rx_len = options->parts[i].rx_len;
		struct spi_front_result result;
		int err = spi_front_wait(sf, pending[i].id, &result);

		if (err)
			return complain("waiting for the transfer", err);
		if (code == EXIT_DONE)
			code = judge(i, result.status);
		if (code == EXIT_DONE && rx_len > 0)
			print_bytes(options, out, pending[i].rx, rx_len);
	}
	return code;
}

static int run_message(struct spi_front *sf, const struct xfer_options *options,
		       FILE *out)
{
	struct pending pending[XFER_MAX_PARTS] = { 0 };
	int err = submit_parts(sf, options, pending);
	int code;

	if (err)
		code = complain("sending the message", err);
	else
		code = collect_parts(sf, options, pending, out);
	for (unsigned int i = 0; i < options->part_count; i++)
		free(pending[i].rx);
	return code;
}

static void choose_speed(struct xfer_options *options,
			 const struct virtio_spi_wire_config *config)
{
	uint32_t max = le32toh(config->max_freq_hz);
	uint32_t speed = DEFAULT_SPEED_HZ;

	if (max && speed > max)
		speed = max;
	if (!options->speed_given)
		options->head.freq = htole32(speed);
}

static int run_session(struct spi_front *sf, struct xfer_options *options,
		       FILE *out)
{
	struct virtio_spi_wire_config config = { 0 };
	int err;

	if (front_end_has(&sf->fe, VHOST_USER_PROTOCOL_F_CONFIG)) {
		err = spi_front_config(sf, &config);
		if (err)
			return complain("reading the config space", err);
	} else if (options->info) {
		return complain("--info", -EOPNOTSUPP);
	}
	if (options->info)
		xfer_info_print(stdout, &sf->fe, &config);
	choose_speed(options, &config);
	return run_message(sf, options, out);
}

static int run(struct xfer_options *options)
{
	struct spi_front sf;
	FILE *out = stdout;
	int err, code;

	if (options->rx_file && strcmp(options->rx_file, "-") != 0) {
		out = fopen(options->rx_file, "we");
		if (!out) {
			fprintf(stderr, "spi-xfer: --rx-file=%s: %s\n",
				options->rx_file, strerror(errno));
			return EXIT_USAGE;
		}
	}
	err = open_front(&sf, options);
	if (err) {
		code = complain(options->socket_path, err);
	} else {
		code = run_session(&sf, options, out);
		spi_front_close(&sf);
	}
	if (fflush(out) || (out != stdout && fclose(out))) {
		perror("spi-xfer: writing what was received");
		code = code == EXIT_DONE ? EXIT_BACK_END : code;
	}
	return code;
}

int main(int argc, char **argv)
{
	struct xfer_options options;
	char error[512];
	int code = EXIT_DONE;

	switch (xfer_options_parse(argc, argv, &options, error,
				   sizeof(error))) {
	case XFER_RUN:
		code = run(&options);
		break;
	case XFER_HELP:
		fputs(xfer_options_help, stdout);
		break;
	case XFER_VERSION:
		puts("spi-xfer " VERSION);
		break;
	default:
		fprintf(stderr, "spi-xfer: %s\n", error);
		return EXIT_USAGE;
	}
	xfer_options_free(&options);
	return code;
}
