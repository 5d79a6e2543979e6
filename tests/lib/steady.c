/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/steady.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "vhost/front/deadline.h"

#define LOOPBACK 0
#define FLASH	 1

/* Opcodes of a NOR flash */
#define WRITE_ENABLE 0x06
#define PROGRAM	     0x02
#define READ	     0x03
#define READ_STATUS  0x05
#define BUSY	     0x01

#define ADDRESSED    4 /* bytes of a command with its address */

static int fail(struct steady *s, const char *what, int err)
{
	snprintf(s->error, sizeof(s->error), "exchange %lu: %s: %s", s->done,
		 what, strerror(-err));
	return -EIO;
}

static struct spi_front_request request_on(uint8_t chip)
{
	struct spi_front_request request = { .head = rig_head(chip) };

	request.head.freq = htole32(STEADY_SPEED);
	request.head.cs_change = 0; /* as Linux's drivers have it */
	return request;
}

static int wait_ok(struct steady *s, uint16_t id, uint32_t rx_len)
{
	struct spi_front_result result;
	int err = spi_front_wait(s->front, id, &result);

	if (err)
		return err;
	if (result.status != VIRTIO_SPI_TRANS_OK) {
		snprintf(s->error, sizeof(s->error), "exchange %lu: status %u",
			 s->done, result.status);
		return -EIO;
	}
	return result.used_len == rx_len + 1 ? 0 : -EPROTO;
}

/* A message of a part that sends, and one that receives, unless empty. */
static int message(struct steady *s, const uint8_t *tx, uint32_t tx_len,
		   uint8_t *rx, uint32_t rx_len)
{
	struct spi_front_request out = request_on(FLASH);
	struct spi_front_request in = request_on(FLASH);
	uint16_t out_id, in_id = 0;
	int err;

	out.tx = tx;
	out.tx_len = tx_len;
	in.rx = rx;
	in.rx_len = rx_len;
	err = spi_front_add(s->front, &out, NULL, &out_id);
	if (!err && rx_len)
		err = spi_front_add(s->front, &in, NULL, &in_id);
	if (err)
		return err;
	spi_front_flush(s->front);
	err = wait_ok(s, out_id, 0);
	if (!err && rx_len)
		err = wait_ok(s, in_id, rx_len);
	return err;
}

static int loop_back(struct steady *s)
{
	struct spi_front_request request = request_on(LOOPBACK);
	uint8_t tx[STEADY_LEN], rx[STEADY_LEN];
	uint16_t id;
	int err;

	rig_pattern(tx, sizeof(tx), (uint32_t)s->done);
	request.head.cs_change = 1;
	request.tx = tx;
	request.rx = rx;
	request.tx_len = request.rx_len = STEADY_LEN;
	err = spi_front_submit(s->front, &request, NULL, &id);
	if (!err)
		err = wait_ok(s, id, STEADY_LEN);
	if (!err && memcmp(tx, rx, STEADY_LEN) != 0)
		err = -EBADMSG;
	return err;
}

static int read_page(struct steady *s)
{
	static const uint8_t command[ADDRESSED] = { READ };
	uint8_t rx[STEADY_LEN];
	int err = message(s, command, ADDRESSED, rx, STEADY_LEN);

	if (!err && memcmp(rx, s->page, STEADY_LEN) != 0)
		err = -EBADMSG;
	return err;
}

static int write_page(struct steady *s)
{
	static const uint8_t enable = WRITE_ENABLE, ask = READ_STATUS;
	uint8_t program[ADDRESSED + STEADY_LEN] = { PROGRAM };
	uint8_t status = BUSY;
	int err;

	memcpy(program + ADDRESSED, s->page, STEADY_LEN);
	err = message(s, &enable, 1, NULL, 0);
	if (!err)
		err = message(s, program, sizeof(program), NULL, 0);
	while (!err && status & BUSY)
		err = message(s, &ask, 1, &status, 1);
	return err;
}

int steady_begin(struct steady *s, struct spi_front *front)
{
	int err;

	*s = (struct steady){ .front = front };
	rig_pattern(s->page, sizeof(s->page), 1);
	err = write_page(s);
	if (!err)
		err = read_page(s);
	return err ? fail(s, "the flash", err) : 0;
}

int steady_exchange(struct steady *s)
{
	int64_t begin = deadline_in(0);
	int err = s->done % 2 ? read_page(s) : loop_back(s);

	if (err && s->error[0])
		return -EIO;
	if (err)
		return fail(s, s->done % 2 ? "the flash" : "the loopback", err);
	latency_add(&s->latency, (uint64_t)(deadline_in(0) - begin));
	s->done++;
	return 0;
}

int steady_run(struct steady *s, int ms, unsigned long least)
{
	int64_t end = deadline_in(ms);
	unsigned long enough = s->done + least;

	while (deadline_left(end) || s->done < enough)
		if (steady_exchange(s))
			return -EIO;
	return 0;
}
