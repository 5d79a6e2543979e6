// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * An ADXL372 accelerometer for sim:socket=SOCKET: see ../chip-protocol.md.
 *
 *	cc -o adxl372 adxl372.c
 *	adxl372 SOCKET [X Y Z]		what it measures, in units of 100 mg
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MODE_BITS 3 /* CPOL and CPHA: this chip is for mode 0 */
#define SENDS	  1 /* flags of a transfer */
#define RECEIVES  2
#define BYTES_MAX 65536

enum {
	HELLO = 1,
	SELECT,
	TRANSFER,
	RESULT,
	DESELECT
};

struct message {
	uint32_t size;
	uint8_t type, zero[3];
	union {
		struct {
			char magic[4];
			uint16_t version, zero;
			uint32_t max_len;
		} hello;
		struct {
			uint32_t speed_hz, mode;
			uint8_t bits_per_word, tx_nbits, rx_nbits, flags;
			uint32_t len;
			uint8_t bytes[BYTES_MAX];
		} transfer;
		struct {
			uint32_t error;
			uint8_t bytes[BYTES_MAX];
		} result;
	};
};

static struct {
	uint8_t registers[128];
	bool begun; /* the first byte of the message has come */
	bool reads;
	uint8_t address;
} chip;

static uint8_t clock_byte(uint8_t byte)
{
	uint8_t answer = 0;

	if (!chip.begun) {
		chip.begun = true;
		chip.address = byte >> 1;
		chip.reads = byte & 1;
		return 0;
	}
	if (chip.reads)
		answer = chip.registers[chip.address];
	else if (chip.address >= 0x20 && chip.address < 0x48)
		chip.registers[chip.address] = byte;
	chip.address = (chip.address + 1) & 0x7f;
	return answer;
}

/* Reads all of it. Returns false at the end of the connection. */
static bool read_all(int fd, void *to, size_t len)
{
	return !len || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

static bool greet(int fd)
{
	static const struct message hello = {
		.size = 20,
		.type = HELLO,
		.hello = { .magic = { 'S', 'P', 'I', 'C' }, .version = 1 },
	};

	return send(fd, &hello, hello.size, MSG_NOSIGNAL) == hello.size;
}

static bool transfer(int fd, const struct message *in)
{
	static struct message out = { .type = RESULT };
	bool sends = in->transfer.flags & SENDS;

	for (uint32_t i = 0; i < in->transfer.len; i++) {
		uint8_t byte = sends ? in->transfer.bytes[i] : 0;

		out.result.bytes[i] =
			in->transfer.mode & MODE_BITS ? 0xff : clock_byte(byte);
	}
	out.size = 12;
	if (in->transfer.flags & RECEIVES)
		out.size += in->transfer.len;
	return send(fd, &out, out.size, MSG_NOSIGNAL) == out.size;
}

static void serve(int fd)
{
	static struct message in;
	bool ok = true;

	while (ok && read_all(fd, &in, 8) && in.size <= sizeof(in) &&
	       read_all(fd, &in.hello, in.size - 8)) {
		if (in.type == HELLO)
			ok = greet(fd);
		else if (in.type == SELECT)
			chip.begun = false;
		else if (in.type == TRANSFER)
			ok = transfer(fd, &in);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc < 2)
		return 2;
	memcpy(chip.registers, "\xad\x1d\xfa\x03", 4); /* DEVID, PARTID... */
	chip.registers[0x04] = 0x01;		       /* STATUS: DATA_RDY */
	chip.registers[0x0d] = 10 << 4;		       /* 1 g, down */
	for (int axis = 0; axis < 3 && argc > 2 + axis; axis++) {
		int value = atoi(argv[2 + axis]) * 16; /* 12 bits */

		chip.registers[0x08 + 2 * axis] = (uint8_t)(value >> 8);
		chip.registers[0x09 + 2 * axis] = (uint8_t)value;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	unlink(argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 1)) {
		perror(argv[1]);
		return 1;
	}
	for (;;)
		serve(accept(listener, NULL, NULL));
}
