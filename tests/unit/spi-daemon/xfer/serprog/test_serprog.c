/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/serprog/serprog.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define MAX_LEN 16
#define NAK	0x15
#define ACK	0x06

/* A bus that answers with the bytes 1, 2, 3, ..., but not to 0xee */
struct bus {
	unsigned int transfers;
	uint8_t tx[MAX_LEN];
	uint32_t tx_len, rx_len;
	uint8_t cs;
};

static bool transfer(void *arg, const uint8_t *tx, uint32_t tx_len, uint8_t *rx,
		     uint32_t rx_len)
{
	struct bus *bus = arg;

	bus->transfers++;
	memcpy(bus->tx, tx, tx_len);
	bus->tx_len = tx_len;
	bus->rx_len = rx_len;
	for (uint32_t i = 0; i < rx_len; i++)
		rx[i] = i + 1;
	return tx_len == 0 || tx[0] != 0xee;
}

static uint32_t set_speed(void *arg, uint32_t hz)
{
	(void)arg;
	return hz < 0x01020304 ? hz : 0x01020304;
}

static bool select_chip(void *arg, uint8_t cs)
{
	struct bus *bus = arg;

	bus->cs = cs;
	return cs < 2;
}

static const struct serprog_ops ops = { transfer, set_speed, select_chip };

static struct bus bus;
static uint8_t answer[256];

/* Serves a client that sends @bytes and then closes. Returns what it got. */
static ssize_t converse(const uint8_t *bytes, size_t len)
{
	struct serprog_stream stream;
	struct serprog sp;
	int fds[2];
	ssize_t n;

	bus = (struct bus){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[0], bytes, len), len);
	shutdown(fds[0], SHUT_WR);
	assert_int_equal(serprog_init(&sp, &ops, &bus, MAX_LEN), 0);
	serprog_stream_init(&stream, fds[1]);
	serprog_serve(&sp, &stream);
	serprog_free(&sp);
	close(fds[1]);
	n = read(fds[0], answer, sizeof(answer));
	close(fds[0]);
	return n;
}

#define BYTES(...)                        \
	(const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ })

static void expect(const uint8_t *sent, size_t sent_len,
		   const uint8_t *expected, size_t len)
{
	assert_int_equal(converse(sent, sent_len), len);
	assert_memory_equal(answer, expected, len);
}

TEST(queries_have_their_answers)
{
	expect(BYTES(0x00), BYTES(ACK));
	expect(BYTES(0x10), BYTES(NAK, ACK));
	expect(BYTES(0x01), BYTES(ACK, 1, 0));
	expect(BYTES(0x03), BYTES(ACK, 's', 'p', 'i', '-', 'x', 'f', 'e', 'r',
				  0, 0, 0, 0, 0, 0, 0, 0));
	expect(BYTES(0x04), BYTES(ACK, 0xff, 0xff));
	expect(BYTES(0x05), BYTES(ACK, 8));
	expect(BYTES(0x08), BYTES(ACK, MAX_LEN, 0, 0));
	expect(BYTES(0x11), BYTES(ACK, MAX_LEN, 0, 0));
	assert_int_equal(bus.transfers, 0);
}

TEST(map_has_what_is_answered)
{
	uint8_t map[32];

	assert_int_equal(converse(BYTES(0x02)), 33);
	assert_int_equal(answer[0], ACK);
	memcpy(map, answer + 1, sizeof(map));
	for (unsigned int i = 0; i < 256; i++) {
		uint8_t bytes[7] = { i, 1 };

		if (i == SERPROG_O_SPIOP)
			bytes[1] = 0;
		converse(bytes, sizeof(bytes));
		/* The bytes behind an unknown command are NOPs and a Q_IFACE */
		if (!(map[i / 8] & 1u << i % 8))
			assert_int_equal(answer[0], NAK);
		else if (i != SERPROG_SYNCNOP && i != SERPROG_S_BUSTYPE)
			assert_int_equal(answer[0], ACK);
	}
}

TEST(operation_sends_and_then_receives)
{
	expect(BYTES(0x13, 2, 0, 0, 3, 0, 0, 0x9f, 0x77, 0x00),
	       BYTES(ACK, 1, 2, 3, ACK));
	assert_int_equal(bus.transfers, 1);
	assert_int_equal(bus.tx_len, 2);
	assert_memory_equal(bus.tx, "\x9f\x77", 2);
	assert_int_equal(bus.rx_len, 3);
}

TEST(operation_without_bytes_is_none)
{
	expect(BYTES(0x13, 0, 0, 0, 0, 0, 0), BYTES(ACK));
	assert_int_equal(bus.transfers, 0);
}

TEST(operation_that_fails_is_refused)
{
	expect(BYTES(0x13, 1, 0, 0, 2, 0, 0, 0xee, 0x00), BYTES(NAK, ACK));
}

TEST(operation_that_is_too_long_is_refused_and_its_bytes_are_dropped)
{
	expect(BYTES(0x13, 17, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
		     11, 12, 13, 14, 15, 16, 0x10),
	       BYTES(NAK, NAK, ACK));
	expect(BYTES(0x13, 1, 0, 0, 0xff, 0xff, 0xff, 0x9f, 0x00),
	       BYTES(NAK, ACK));
	assert_int_equal(bus.transfers, 0);
}

TEST(client_that_goes_in_the_middle_has_no_transfer)
{
	assert_int_equal(converse(BYTES(0x13, 4, 0, 0, 0, 0, 0, 2, 0)), 0);
	assert_int_equal(bus.transfers, 0);
	assert_int_equal(converse(BYTES(0x13, 0xff, 0xff, 0xff, 1, 0)), 0);
	assert_int_equal(converse(BYTES(0x14, 1)), 0);
	assert_int_equal(bus.transfers, 0);
}

TEST(speed_is_answered_as_it_was_set)
{
	expect(BYTES(0x14, 0x40, 0x42, 0x0f, 0),
	       BYTES(ACK, 0x40, 0x42, 0x0f, 0));
	expect(BYTES(0x14, 0, 0, 0, 0xff), BYTES(ACK, 4, 3, 2, 1));
	expect(BYTES(0x14, 0, 0, 0, 0), BYTES(NAK));
}

TEST(chip_select_is_used_if_it_is_there)
{
	expect(BYTES(0x16, 1), BYTES(ACK));
	assert_int_equal(bus.cs, 1);
	expect(BYTES(0x16, 2), BYTES(NAK));
}

TEST(only_the_spi_bus_can_be_set)
{
	expect(BYTES(0x12, 8, 0x12, 0x0f, 0x12, 1), BYTES(ACK, ACK, NAK));
}

TEST_MAIN(NULL, NULL)
