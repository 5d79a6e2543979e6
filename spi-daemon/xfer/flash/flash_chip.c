/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_chip.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/xfer/link/xfer_report.h"

#define WRITE_ENABLE  0x06
#define READ_STATUS   0x05
#define READ_ID	      0x9f
#define READ_SFDP     0x5a
#define STATUS_BUSY   0x01
#define STATUS_ENABLE 0x02

#define MAX_HEADER    6	  /* command, address, dummy byte */
#define MAX_PAGE      512 /* what is programmed at once */

/* Far above what data sheets have */
#define PROGRAM_TIMEOUT_NS (5 * NS_PER_S)
#define ERASE_TIMEOUT_NS   (60 * NS_PER_S)

/* How long to sleep between two looks at the status */
#define FIRST_SLEEP_NS 20000
#define LAST_SLEEP_NS  5000000

static int send(struct flash_chip *chip, const uint8_t *tx, uint32_t tx_len,
		uint8_t *rx, uint32_t rx_len)
{
	struct xfer_link_result result;
	int err = xfer_link_write_read(chip->link, tx, tx_len, rx, rx_len,
				       &result);

	if (err)
		return xfer_report_error("the transfer", err);
	return xfer_report_status(result.part, result.status);
}

/* A command that is one byte, and what it receives, if anything */
static int send_command(struct flash_chip *chip, uint8_t command, uint8_t *rx,
			uint32_t rx_len)
{
	return send(chip, &command, 1, rx, rx_len);
}

/* Writes a command with an address. Returns its length. */
static uint32_t put_header(uint8_t *bytes, uint8_t command, uint32_t addr,
			   unsigned int addr_len)
{
	bytes[0] = command;
	for (unsigned int i = 0; i < addr_len; i++)
		bytes[1 + i] = addr >> 8 * (addr_len - 1 - i);
	return 1 + addr_len;
}

static int read_sfdp(void *arg, uint32_t addr, uint8_t *bytes, uint32_t len)
{
	uint8_t header[MAX_HEADER] = { 0 };
	uint32_t n = put_header(header, READ_SFDP, addr, 3);

	return send(arg, header, n + 1, bytes, len);
}

static int geometry_error(const struct flash_chip *chip, const char *why)
{
	xfer_report("the chip with the id %02x %02x %02x: %s", chip->id[0],
		    chip->id[1], chip->id[2], why);
	return XFER_EXIT_CHIP;
}

static int find_geometry(struct flash_chip *chip)
{
	int err = flash_sfdp_read(read_sfdp, chip, &chip->geometry);

	if (err == -ENOENT)
		err = flash_geometry_guess(chip->id, &chip->geometry);
	switch (err) {
	case -ENOENT:
		return geometry_error(chip, "its size is not known");
	case -EINVAL:
		return geometry_error(chip, "its SFDP is not valid");
	case -ENOTSUP:
		return geometry_error(
			chip, "it has no commands with 4-byte addresses");
	default:
		return err;
	}
}

int flash_chip_open(struct flash_chip *chip, struct xfer_link *link,
		    uint32_t chunk)
{
	static const uint8_t none[][3] = { { 0, 0, 0 }, { 0xff, 0xff, 0xff } };
	int code;

	chip->link = link;
	chip->chunk = chunk;
	code = send_command(chip, READ_ID, chip->id, 3);
	if (code)
		return code;
	if (!memcmp(chip->id, none[0], 3) || !memcmp(chip->id, none[1], 3))
		return geometry_error(chip, "no flash chip answers");
	return find_geometry(chip);
}

int flash_chip_status(struct flash_chip *chip, uint8_t *status)
{
	return send_command(chip, READ_STATUS, status, 1);
}

int flash_chip_read(struct flash_chip *chip, uint32_t addr, uint8_t *bytes,
		    uint32_t len)
{
	uint8_t header[MAX_HEADER] = { 0 };
	uint32_t n = put_header(header, chip->geometry.read, addr,
				chip->geometry.addr_len);

	return send(chip, header, n + 1, bytes, len);
}

static int wait_ready(struct flash_chip *chip, uint64_t timeout_ns)
{
	uint64_t deadline = clock_now() + timeout_ns;
	uint64_t sleep_ns = FIRST_SLEEP_NS;
	uint8_t status;

	for (;;) {
		struct timespec time = { 0, (long)sleep_ns };
		int code = flash_chip_status(chip, &status);

		if (code || !(status & STATUS_BUSY))
			return code;
		if (clock_now() > deadline) {
			xfer_report("the chip stays busy");
			return XFER_EXIT_CHIP;
		}
		nanosleep(&time, NULL);
		if (sleep_ns < LAST_SLEEP_NS)
			sleep_ns += sleep_ns / 2;
	}
}

/* Sends a command that changes the chip, and waits for its end. */
static int change(struct flash_chip *chip, const uint8_t *bytes, uint32_t len,
		  uint64_t timeout_ns)
{
	uint8_t status;
	int code = send_command(chip, WRITE_ENABLE, NULL, 0);

	if (!code)
		code = flash_chip_status(chip, &status);
	if (code)
		return code;
	if (!(status & STATUS_ENABLE)) {
		xfer_report("the chip takes no write enable: its status is "
			    "%02x",
			    status);
		return XFER_EXIT_CHIP;
	}
	code = send(chip, bytes, len, NULL, 0);
	return code ? code : wait_ready(chip, timeout_ns);
}

int flash_chip_program(struct flash_chip *chip, uint32_t addr,
		       const uint8_t *bytes, uint32_t len)
{
	uint8_t message[MAX_HEADER + MAX_PAGE];

	while (len > 0) {
		uint32_t n = len < MAX_PAGE ? len : MAX_PAGE;
		uint32_t header = put_header(message, chip->geometry.program,
					     addr, chip->geometry.addr_len);
		int code;

		memcpy(message + header, bytes, n);
		code = change(chip, message, header + n, PROGRAM_TIMEOUT_NS);
		if (code)
			return code;
		addr += n;
		bytes += n;
		len -= n;
	}
	return XFER_EXIT_DONE;
}

int flash_chip_erase(struct flash_chip *chip, uint32_t addr,
		     const struct flash_erase *erase)
{
	uint8_t header[MAX_HEADER];
	uint32_t n = put_header(header, erase->opcode, addr,
				chip->geometry.addr_len);

	return change(chip, header, n, ERASE_TIMEOUT_NS);
}
