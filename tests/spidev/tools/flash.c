/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/spidev/tools/stream.h"

#define OP_WRITE_ENABLE 0x06
#define OP_READ_STATUS	0x05
#define OP_READ		0x03
#define OP_PROGRAM	0x02
#define OP_ERASE_4K	0x20

#define STATUS_BUSY	0x01
#define PAGE		256
#define MAX_POLLS	100000

/* What one message to the chip is made of */
struct flash_op {
	uint8_t opcode;
	bool has_addr;
	uint32_t addr;
	const uint8_t *tx; /* data out, ... */
	uint8_t *rx;	   /* ... or in, or neither */
	uint32_t len;	   /* of the data */
};

static void put_addr(uint8_t *bytes, uint32_t addr)
{
	bytes[0] = (uint8_t)(addr >> 16);
	bytes[1] = (uint8_t)(addr >> 8);
	bytes[2] = (uint8_t)addr;
}

static int part(struct stream *s, const uint8_t *tx, uint8_t *rx, uint32_t len,
		bool last)
{
	s->head.cs_change = last && s->shape == SHAPE_SPEC;
	return stream_transfer(s, tx, rx, len);
}

static int send_split(struct stream *s, const struct flash_op *op)
{
	uint8_t addr[3];
	int ret;

	ret = part(s, &op->opcode, NULL, 1, !op->has_addr && !op->len);
	if (!ret && op->has_addr) {
		put_addr(addr, op->addr);
		ret = part(s, addr, NULL, sizeof(addr), !op->len);
	}
	if (!ret && op->len)
		ret = part(s, op->tx, op->rx, op->len, true);
	return ret;
}

static int send_joined(struct stream *s, const struct flash_op *op)
{
	uint8_t bytes[1 + 3 + PAGE] = { op->opcode };
	uint32_t len = 1;
	int ret;

	if (op->has_addr) {
		put_addr(bytes + len, op->addr);
		len += 3;
	}
	for (uint32_t i = 0; op->tx && i < op->len; i++)
		bytes[len++] = op->tx[i];
	ret = part(s, bytes, NULL, len, false);
	if (!ret && op->rx)
		ret = part(s, NULL, op->rx, op->len, false);
	return ret;
}

static int send_op(struct stream *s, const struct flash_op *op)
{
	return s->shape == SHAPE_JOINED ? send_joined(s, op)
					: send_split(s, op);
}

static int wait_until_idle(struct stream *s)
{
	for (int i = 0; i < MAX_POLLS; i++) {
		uint8_t status;
		int ret = send_op(s, &(struct flash_op){
					     .opcode = OP_READ_STATUS,
					     .rx = &status,
					     .len = 1,
				     });

		if (ret || !(status & STATUS_BUSY))
			return ret;
	}
	return -ETIMEDOUT;
}

/* @op, which changes the chip, between write enable and idle. */
static int send_change(struct stream *s, const struct flash_op *op)
{
	int ret = send_op(s, &(struct flash_op){ .opcode = OP_WRITE_ENABLE });

	if (!ret)
		ret = send_op(s, op);
	return ret ? ret : wait_until_idle(s);
}

static uint8_t pattern(uint32_t seed, uint32_t addr)
{
	uint32_t x = (addr + 1) * 2654435761u ^ seed * 40503u;

	return (uint8_t)(x >> 24 ^ x >> 11);
}

int flash_erase(struct stream *s, uint32_t addr)
{
	return send_change(s, &(struct flash_op){
				      .opcode = OP_ERASE_4K,
				      .has_addr = true,
				      .addr = addr,
			      });
}

int flash_program(struct stream *s, uint32_t addr, uint32_t len, uint32_t seed)
{
	uint8_t page[PAGE];
	int ret = 0;

	while (len && !ret) {
		uint32_t n = PAGE - addr % PAGE;

		n = n < len ? n : len;
		for (uint32_t i = 0; i < n; i++)
			page[i] = pattern(seed, addr + i);
		ret = send_change(s, &(struct flash_op){
					     .opcode = OP_PROGRAM,
					     .has_addr = true,
					     .addr = addr,
					     .tx = page,
					     .len = n,
				     });
		addr += n;
		len -= n;
	}
	return ret;
}

int flash_check(struct stream *s, uint32_t addr, uint32_t len, uint32_t seed)
{
	uint8_t *bytes = malloc(len);
	int ret = -ENOMEM;

	if (bytes)
		ret = send_op(s, &(struct flash_op){
					 .opcode = OP_READ,
					 .has_addr = true,
					 .addr = addr,
					 .rx = bytes,
					 .len = len,
				 });
	for (uint32_t i = 0; !ret && i < len; i++) {
		if (bytes[i] == pattern(seed, addr + i))
			continue;
		printf("wrong at 0x%x: %02x, not %02x\n", addr + i, bytes[i],
		       pattern(seed, addr + i));
		ret = -EBADMSG;
	}
	free(bytes);
	return ret;
}
