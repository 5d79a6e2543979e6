/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/script/script_exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/xfer/link/xfer_print.h"
#include "spi-daemon/xfer/link/xfer_report.h"

#define AGAIN_NS   (100 * NS_PER_US) /* between two tries of a message */
#define SHOWN_MAX  16		     /* bytes of a mismatch */
#define SHOWN_SIZE (3 * SHOWN_MAX + 5)

static void sleep_ns(uint64_t ns)
{
	struct timespec time = clock_left(0, ns);

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

/* Returns true if the part has received what it should. */
static bool matches(const struct script_part *part,
		    const struct xfer_link_part *got)
{
	for (uint32_t i = 0; part->expected && i < got->rx_len; i++)
		if ((got->rx[i] ^ part->expected[i]) & part->mask[i])
			return false;
	return true;
}

/* Writes the first bytes in hex, with x for what is not in @mask. */
static void show(char text[SHOWN_SIZE], const uint8_t *bytes,
		 const uint8_t *mask, uint32_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (uint32_t i = 0; i < len && i < SHOWN_MAX; i++) {
		uint8_t known = mask ? mask[i] : 0xff;

		*at++ = ' ';
		*at++ = known & 0xf0 ? digits[bytes[i] >> 4] : 'x';
		*at++ = known & 0x0f ? digits[bytes[i] & 0xf] : 'x';
	}
	snprintf(at, 5, "%s", len > SHOWN_MAX ? " ..." : "");
}

static void print_parts(const struct script_exec *exec,
			const struct script_line *line,
			const struct xfer_link_part *parts, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (line->parts[i].rx_len == 0)
			continue;
		if (exec->hexdump)
			xfer_print_dump(stdout, parts[i].rx, parts[i].rx_len);
		else
			xfer_print_hex(stdout, parts[i].rx, parts[i].rx_len);
	}
}

static int compare(const struct script_exec *exec,
		   const struct script_line *line,
		   const struct xfer_link_part *parts)
{
	char expected[SHOWN_SIZE], got[SHOWN_SIZE];

	for (unsigned int i = 0; i < line->part_count; i++) {
		const struct script_part *part = &line->parts[i];

		if (matches(part, &parts[i]))
			continue;
		show(expected, part->expected, part->mask, part->rx_len);
		show(got, parts[i].rx, NULL, part->rx_len);
		xfer_report("%s:%u: expected%s, received%s", exec->name,
			    line->number, expected, got);
		return XFER_EXIT_MISMATCH;
	}
	return XFER_EXIT_DONE;
}

static bool all_match(const struct script_line *line,
		      const struct xfer_link_part *parts)
{
	for (unsigned int i = 0; i < line->part_count; i++)
		if (!matches(&line->parts[i], &parts[i]))
			return false;
	return true;
}

/* Sends the message, again until it matches or the time is over. */
static int exchange(struct script_exec *exec, const struct script_line *line,
		    const struct xfer_link_part *parts)
{
	uint64_t deadline = clock_now() + line->within_ns;
	struct xfer_link_result result;
	int err;

	for (;;) {
		err = xfer_link_message(exec->link, parts, line->part_count,
					&result);
		if (err)
			return xfer_report_error("the transfer", err);
		if (result.status != VIRTIO_SPI_TRANS_OK ||
		    clock_now() >= deadline || all_match(line, parts))
			break;
		sleep_ns(AGAIN_NS);
	}
	print_parts(exec, line, parts, result.part);
	if (result.status == VIRTIO_SPI_TRANS_OK)
		return compare(exec, line, parts);
	xfer_report("%s:%u: the message fails", exec->name, line->number);
	return xfer_report_status(result.part, result.status);
}

static int send_message(struct script_exec *exec,
			const struct script_line *line)
{
	struct xfer_link_part parts[XFER_MAX_PARTS] = { { 0 } };
	uint8_t *rx = malloc(line->bytes + 1), *at = rx;
	int code;

	if (!rx)
		return xfer_report_error("the message", -ENOMEM);
	for (unsigned int i = 0; i < line->part_count; i++) {
		const struct script_part *part = &line->parts[i];

		parts[i] = (struct xfer_link_part){
			.tx = part->tx,
			.tx_len = part->tx_len,
			.rx = at,
			.rx_len = part->rx_len,
		};
		at += part->rx_len;
	}
	exec->link->head = line->head;
	code = exchange(exec, line, parts);
	free(rx);
	return code;
}

int script_exec_line(struct script_exec *exec, const struct script_line *line)
{
	if (line->part_count > 0)
		return send_message(exec, line);
	sleep_ns(line->wait_ns);
	return XFER_EXIT_DONE;
}
