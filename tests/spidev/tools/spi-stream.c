/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A stream of requests to a vhost-user SPI back end, one after the other, as
 * a guest's driver sends them; spi-xfer sends one message and is gone.
 *
 *	spi-stream SOCKET WORD...
 *
 *	tx:HEX, rx:N, dup:HEX	send, receive N bytes, both; prints what was
 *				received, and a status that is not OK
 *	send:N			send N bytes
 *	KEY=NUMBER		of the requests that follow: change (cs_change),
 *				chip, mode, bits, speed, setup, hold,
 *				inactive, word (delays in ns), txn, rxn (lines)
 *	times:N			the next request N times
 *	sleep:MS		wait
 *	await:PATH		wait until the file is there
 *	stop:, start:		the ring
 *	shape:joined|split|spec	how the operations below are cut
 *	erase:A, program:A,N,S, check:A,N,S
 *				4 KiB at A; N bytes of pattern S at A
 *
 * Exits with 0 if all could be asked, whatever the device said; but erase,
 * program and check have to succeed.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/spidev/tools/stream.h"
#include "vhost/front/front_setup.h"

#define MAX_LEN	  (4u << 20)
#define SHOWN_LEN 64

int stream_transfer(struct stream *s, const uint8_t *tx, uint8_t *rx,
		    uint32_t len)
{
	struct spi_front_request request = {
		.head = s->head,
		.tx = tx,
		.tx_len = tx ? len : 0,
		.rx = rx,
		.rx_len = rx ? len : 0,
	};
	struct spi_front_result result;
	int err = spi_front_transfer(&s->front, &request, NULL, &result);

	return err ? err : result.status;
}

static const char *status_name(int status)
{
	switch (status) {
	case VIRTIO_SPI_PARAM_ERR:
		return "PARAM_ERR";
	case VIRTIO_SPI_TRANS_ERR:
		return "TRANS_ERR";
	default:
		return "NO_STATUS";
	}
}

static uint32_t from_hex(const char *hex, uint8_t *bytes)
{
	uint32_t len = 0;
	unsigned int byte;

	while (len < MAX_LEN && sscanf(hex + 2 * len, "%2x", &byte) == 1)
		bytes[len++] = (uint8_t)byte;
	return len;
}

/* One of tx, rx, dup, send; 0 or a negative errno. */
static int request(struct stream *s, const char *kind, const char *value)
{
	static uint8_t tx[MAX_LEN], rx[MAX_LEN];
	bool sends = strcmp(kind, "rx") != 0;
	bool receives = !sends || !strcmp(kind, "dup");
	uint32_t len = (uint32_t)strtoul(value, NULL, 10);
	int status;

	if (sends && strcmp(kind, "send") != 0)
		len = from_hex(value, tx);
	else
		for (uint32_t i = 0; i < len && i < MAX_LEN; i++)
			tx[i] = (uint8_t)(i * 7);
	if (!len || len > MAX_LEN)
		return -EINVAL;

	status = stream_transfer(s, sends ? tx : NULL, receives ? rx : NULL,
				 len);
	if (status < 0)
		return status;
	if (status)
		printf("%s\n", status_name(status));
	for (uint32_t i = 0; !status && receives && i < len; i++)
		if (i < SHOWN_LEN)
			printf("%02x%s", rx[i],
			       i + 1 == len || i + 1 == SHOWN_LEN ? "\n" : "");
	return 0;
}

/* KEY=NUMBER; false if there is no such key. */
static bool set_field(struct stream *s, const char *key, uint32_t number)
{
	struct virtio_spi_wire_head *head = &s->head;
	const struct {
		const char *key;
		uint8_t *byte;
		uint32_t *word;
	} fields[] = {
		{ "change", &head->cs_change, NULL },
		{ "chip", &head->chip_select_id, NULL },
		{ "bits", &head->bits_per_word, NULL },
		{ "txn", &head->tx_nbits, NULL },
		{ "rxn", &head->rx_nbits, NULL },
		{ "mode", NULL, &head->mode },
		{ "speed", NULL, &head->freq },
		{ "word", NULL, &head->word_delay_ns },
		{ "setup", NULL, &head->cs_setup_ns },
		{ "hold", NULL, &head->cs_delay_hold_ns },
		{ "inactive", NULL, &head->cs_change_delay_inactive_ns },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].key, key) != 0)
			continue;
		if (fields[i].byte)
			*fields[i].byte = (uint8_t)number;
		else
			*fields[i].word = htole32(number);
		return true;
	}
	return false;
}

static void sleep_ms(const char *value)
{
	long ms = strtol(value, NULL, 10);
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Also the way back from a ring that the device gave up. */
static int start_ring(struct stream *s)
{
	int err = spi_front_new_ring(&s->front, (uint16_t)s->base);

	return err ? err
		   : front_start_vring(&s->front.fe, 0, &s->front.ring,
				       (uint16_t)s->base);
}

/* erase, program, check */
static int flash(struct stream *s, const char *verb, const char *value)
{
	uint32_t arg[3] = { 0 };
	int ret;

	for (int i = 0; i < 3 && *value; i++) {
		char *end;

		arg[i] = (uint32_t)strtoul(value, &end, 0);
		value = *end == ',' ? end + 1 : "";
	}
	if (!strcmp(verb, "erase"))
		ret = flash_erase(s, arg[0]);
	else if (!strcmp(verb, "program"))
		ret = flash_program(s, arg[0], arg[1], arg[2]);
	else
		ret = flash_check(s, arg[0], arg[1], arg[2]);
	if (ret > 0)
		printf("%s: %s\n", verb, status_name(ret));
	return ret > 0 ? -EIO : ret;
}

/* VERB:VALUE; @times is of the next request. 0 or a negative errno. */
static int act(struct stream *s, const char *verb, const char *value,
	       unsigned long *times)
{
	int err = 0;

	if (!strcmp(verb, "times")) {
		*times = strtoul(value, NULL, 10);
	} else if (!strcmp(verb, "sleep")) {
		sleep_ms(value);
	} else if (!strcmp(verb, "await")) {
		while (access(value, F_OK) < 0)
			sleep_ms("10");
	} else if (!strcmp(verb, "stop")) {
		err = front_stop_vring(&s->front.fe, 0, &s->base);
	} else if (!strcmp(verb, "start")) {
		err = start_ring(s);
	} else if (!strcmp(verb, "shape")) {
		s->shape = !strcmp(value, "joined")  ? SHAPE_JOINED
			   : !strcmp(value, "split") ? SHAPE_SPLIT
						     : SHAPE_SPEC;
	} else if (!strcmp(verb, "tx") || !strcmp(verb, "rx") ||
		   !strcmp(verb, "dup") || !strcmp(verb, "send")) {
		for (; *times && !err; --*times)
			err = request(s, verb, value);
		*times = 1;
	} else {
		err = flash(s, verb, value);
	}
	fflush(stdout);
	return err;
}

static int do_word(struct stream *s, char *word, unsigned long *times)
{
	char *at = strpbrk(word, ":=");
	bool is_field = at && *at == '=';

	if (!at)
		return -EINVAL;
	*at = '\0';
	if (!is_field)
		return act(s, word, at + 1, times);
	return set_field(s, word, (uint32_t)strtoul(at + 1, NULL, 0)) ? 0
								      : -EINVAL;
}

int main(int argc, char **argv)
{
	struct stream s = {
		.head = { .bits_per_word = 8, .tx_nbits = 1, .rx_nbits = 1 },
	};
	struct spi_front_options options;
	unsigned long times = 1;
	int err;

	if (argc < 2)
		return 1;
	options = spi_front_defaults(argv[1]);
	s.head.freq = htole32(1000000);
	err = spi_front_open(&s.front, &options);
	if (err) {
		printf("%s: %s\n", argv[1], strerror(-err));
		return 2;
	}
	for (int i = 2; i < argc && !err; i++) {
		err = do_word(&s, argv[i], &times);
		if (err)
			printf("%s: %s\n", argv[i], strerror(-err));
	}
	spi_front_close(&s.front);
	return err ? 2 : 0;
}
