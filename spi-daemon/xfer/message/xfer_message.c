/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/message/xfer_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/xfer/link/xfer_print.h"
#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/message/xfer_info.h"

static void print_bytes(const struct xfer_options *options, FILE *out,
			const uint8_t *bytes, uint32_t len)
{
	if (options->rx_file)
		fwrite(bytes, 1, len, out);
	else if (options->hexdump)
		xfer_print_dump(out, bytes, len);
	else
		xfer_print_hex(out, bytes, len);
}

/*
 * Sends the message to the chip that the link has selected, and prints what
 * came before the first error.
 */
static int exchange(struct xfer_link *link, const struct xfer_options *options,
		    const struct xfer_link_part *parts, FILE *out)
{
	struct xfer_link_result result;
	int err = xfer_link_message(link, parts, options->part_count, &result);

	if (err)
		return xfer_report_error("the transfer", err);
	for (unsigned int i = 0; i < result.part; i++) {
		if (parts[i].rx_len == 0)
			continue;
		if (options->cs_count > 1 && !options->rx_file)
			fprintf(out, options->hexdump ? "cs%u:\n" : "cs%u: ",
				link->head.chip_select_id);
		print_bytes(options, out, parts[i].rx, parts[i].rx_len);
	}
	return xfer_report_status(result.part, result.status);
}

static int exchange_all(struct xfer_link *link,
			const struct xfer_options *options,
			const struct xfer_link_part *parts, FILE *out)
{
	int code = XFER_EXIT_DONE;

	for (unsigned int i = 0; !code && i < options->cs_count; i++) {
		link->head.chip_select_id = options->cs[i];
		code = exchange(link, options, parts, out);
	}
	return code;
}

/* A message that is late does not make the next one early. */
static void await_turn(uint64_t *turn, uint64_t period_ns)
{
	uint64_t now = clock_now();
	struct timespec time;

	*turn += period_ns;
	if (*turn < now)
		*turn = now;
	time = clock_left(now, *turn);
	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static int repeat(struct xfer_link *link, const struct xfer_options *options,
		  const struct xfer_link_part *parts, FILE *out)
{
	uint64_t turn = clock_now();
	int code = exchange_all(link, options, parts, out);

	for (uint32_t i = 1; !code && i != options->repeat; i++) {
		await_turn(&turn, options->period_ns);
		code = exchange_all(link, options, parts, out);
	}
	return code;
}

static int run_session(struct xfer_link *link,
		       const struct xfer_options *options, FILE *out)
{
	struct xfer_link_part parts[XFER_MAX_PARTS];
	uint8_t *rx = malloc(options->part_bytes + 1), *at = rx;
	int code = XFER_EXIT_DONE;

	if (!rx)
		return xfer_report_error("the message", -ENOMEM);
	for (unsigned int i = 0; i < options->part_count; i++) {
		const struct xfer_part *part = &options->parts[i];

		parts[i] = (struct xfer_link_part){
			.tx = part->tx,
			.tx_len = part->tx_len,
			.rx = at,
			.rx_len = part->rx_len,
		};
		at += part->rx_len;
	}
	/* Somebody reads along. */
	if (options->repeat != 1)
		setvbuf(out, NULL, _IOLBF, BUFSIZ);
	if (options->part_count > 0)
		code = repeat(link, options, parts, out);
	free(rx);
	return code;
}

static int run_linked(const struct xfer_options *options, FILE *out)
{
	struct xfer_link link;
	int err = xfer_link_open(&link, &options->link, options->part_bytes);
	int code;

	if (err)
		return xfer_report_error(options->link.socket_path, err);
	if (options->info &&
	    !front_end_has(&link.front.fe, VHOST_USER_PROTOCOL_F_CONFIG)) {
		code = xfer_report_error("--info", -EOPNOTSUPP);
	} else {
		if (options->info)
			xfer_info_print(stdout, &link.front.fe, &link.config);
		code = run_session(&link, options, out);
	}
	xfer_link_close(&link);
	return code;
}

int xfer_message_run(const struct xfer_options *options)
{
	FILE *out = stdout;
	int code;

	if (options->rx_file && strcmp(options->rx_file, "-") != 0) {
		out = fopen(options->rx_file, "we");
		if (!out) {
			xfer_report("--rx-file=%s: %s", options->rx_file,
				    strerror(errno));
			return XFER_EXIT_USAGE;
		}
	}
	code = run_linked(options, out);
	if (fflush(out) || (out != stdout && fclose(out))) {
		xfer_report("writing what was received: %s", strerror(errno));
		code = code == XFER_EXIT_DONE ? XFER_EXIT_USAGE : code;
	}
	return code;
}
