/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/xfer_options.h"

#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/long_option.h"
#include "spi-daemon/xfer/xfer_parse.h"

const char xfer_options_help[] =
	"Usage: spi-xfer --socket PATH [--info] [OPTION]... [PART]...\n"
	"Sends one SPI message to a vhost-user SPI back end and prints what is\n"
	"received, in hex, a line for each part that receives.\n"
	"\n"
	"Parts, in this order on the bus, one request each:\n"
	"  --tx HEX            send these bytes, such as 9f or \"03 00 10 00\"\n"
	"  --rx N              receive N bytes\n"
	"  --duplex HEX        send these bytes and receive as many\n"
	"  --tx-file FILE      send the bytes of FILE (-: standard input)\n"
	"\n"
	"Options:\n"
	"  -s, --socket PATH   the back end's socket\n"
	"  -i, --info          print the features and the config space\n"
	"  --rx-file FILE      write the received bytes to FILE, unprinted\n"
	"  --cs N              chip select (0)\n"
	"  --mode 0..3         SPI mode: clock polarity and phase (0)\n"
	"  --cs-high           the chip select is active high\n"
	"  --lsb-first         least significant bit first\n"
	"  --loop              loopback\n"
	"  --speed HZ          clock, with k or M (1M, or the device's maximum)\n"
	"  --bits N            bits per word (8)\n"
	"  --tx-nbits N        lines to send on: 1, 2, 4, 8 (1)\n"
	"  --rx-nbits N        lines to receive on (1)\n"
	"  --word-delay NS     delay between words, ns (0)\n"
	"  --cs-setup NS       delay after the chip is selected, ns (0)\n"
	"  --cs-hold NS        delay before it is released, ns (0)\n"
	"  --cs-inactive NS    delay after it is released, ns (0)\n"
	"  --cs-change WAY     what cs_change is: spec (1 on the last part only;\n"
	"                      the default), linux (0 on all, as Linux's driver\n"
	"                      has it), or 0 and 1 for each part: 0,0,1; the\n"
	"                      last goes for the parts that follow\n"
	"  --packed            use a packed virtqueue (a split one)\n"
	"  --timeout MS        wait this long for each answer (10000)\n"
	"  -h, --help          print this\n"
	"  -V, --version       print the version\n"
	"\n"
	"Exit status: 0 done; 1 bad usage; 2 no connection, or the back end\n"
	"broke the protocol; 3 the device refused the request (PARAM_ERR);\n"
	"4 the transfer failed (TRANS_ERR).\n";

enum {
	OPT_TX = 256,
	OPT_RX,
	OPT_DUPLEX,
	OPT_TX_FILE,
	OPT_RX_FILE,
	OPT_CS,
	OPT_MODE,
	OPT_CS_HIGH,
	OPT_LSB_FIRST,
	OPT_LOOP,
	OPT_SPEED,
	OPT_BITS,
	OPT_TX_NBITS,
	OPT_RX_NBITS,
	OPT_WORD_DELAY,
	OPT_CS_SETUP,
	OPT_CS_HOLD,
	OPT_CS_INACTIVE,
	OPT_CS_CHANGE,
	OPT_PACKED,
	OPT_TIMEOUT,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "info", no_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "tx", required_argument, NULL, OPT_TX },
	{ "rx", required_argument, NULL, OPT_RX },
	{ "duplex", required_argument, NULL, OPT_DUPLEX },
	{ "tx-file", required_argument, NULL, OPT_TX_FILE },
	{ "rx-file", required_argument, NULL, OPT_RX_FILE },
	{ "cs", required_argument, NULL, OPT_CS },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "cs-high", no_argument, NULL, OPT_CS_HIGH },
	{ "lsb-first", no_argument, NULL, OPT_LSB_FIRST },
	{ "loop", no_argument, NULL, OPT_LOOP },
	{ "speed", required_argument, NULL, OPT_SPEED },
	{ "bits", required_argument, NULL, OPT_BITS },
	{ "tx-nbits", required_argument, NULL, OPT_TX_NBITS },
	{ "rx-nbits", required_argument, NULL, OPT_RX_NBITS },
	{ "word-delay", required_argument, NULL, OPT_WORD_DELAY },
	{ "cs-setup", required_argument, NULL, OPT_CS_SETUP },
	{ "cs-hold", required_argument, NULL, OPT_CS_HOLD },
	{ "cs-inactive", required_argument, NULL, OPT_CS_INACTIVE },
	{ "cs-change", required_argument, NULL, OPT_CS_CHANGE },
	{ "packed", no_argument, NULL, OPT_PACKED },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ NULL, 0, NULL, 0 },
};

/* What parsing needs besides the result */
struct parser {
	struct xfer_options *options;
	const char *cs_change; /* applied when the parts are known */
	const char *why;       /* the mistake */
};

static int parse_u8(struct parser *p, const char *text, uint8_t *value)
{
	uint32_t number = 0;
	int err = xfer_parse_number(text, 0, UINT8_MAX, &number, &p->why);

	*value = number;
	return err;
}

static int parse_le32(struct parser *p, const char *text, uint32_t *value)
{
	uint32_t number = 0;
	int err = xfer_parse_number(text, 0, UINT32_MAX, &number, &p->why);

	*value = htole32(number);
	return err;
}

static int parse_speed(struct parser *p, const char *text)
{
	uint32_t number = 0;
	int err = xfer_parse_speed(text, &number, &p->why);

	p->options->head.freq = htole32(number);
	p->options->speed_given = true;
	return err;
}

static int parse_mode(struct parser *p, const char *text)
{
	uint32_t number = 0;
	int err = xfer_parse_number(text, 0, 3, &number, &p->why);

	/* The numbers of the four modes are CPOL << 1 | CPHA, as the bits. */
	p->options->head.mode |= htole32(number);
	return err;
}

static int parse_part(struct parser *p, int opt, const char *text)
{
	struct xfer_options *options = p->options;
	struct xfer_part *part = &options->parts[options->part_count];
	int err;

	if (options->part_count == XFER_MAX_PARTS) {
		p->why = "too many parts";
		return -EINVAL;
	}
	if (opt == OPT_RX)
		err = xfer_parse_number(text, 1, XFER_MAX_LEN, &part->rx_len,
					&p->why);
	else if (opt == OPT_TX_FILE)
		err = xfer_read_file(text, XFER_MAX_LEN, &part->tx,
				     &part->tx_len, &p->why);
	else
		err = xfer_parse_hex(text, &part->tx, &part->tx_len, &p->why);
	if (err)
		return err;
	if (opt == OPT_DUPLEX)
		part->rx_len = part->tx_len;
	options->part_count++;
	return 0;
}

/* "0,0,1": one for each part; the last goes for the parts that follow. */
static int parse_cs_list(struct parser *p, const char *text)
{
	struct xfer_options *options = p->options;
	unsigned int count = 0;

	for (;; text += 2) {
		if ((text[0] != '0' && text[0] != '1') ||
		    (text[1] != ',' && text[1] != '\0') ||
		    count == XFER_MAX_PARTS) {
			p->why = "not spec, linux, or a list of 0 and 1";
			return -EINVAL;
		}
		options->cs_change[count++] = text[0] - '0';
		if (text[1] == '\0')
			break;
	}
	for (; count < XFER_MAX_PARTS; count++)
		options->cs_change[count] = options->cs_change[count - 1];
	return 0;
}

static int apply_cs_change(struct parser *p)
{
	struct xfer_options *options = p->options;

	if (p->cs_change && !strcmp(p->cs_change, "linux"))
		return 0;
	if (p->cs_change && strcmp(p->cs_change, "spec") != 0)
		return parse_cs_list(p, p->cs_change);
	if (options->part_count > 0)
		options->cs_change[options->part_count - 1] = 1;
	return 0;
}

static int parse_head(struct parser *p, int opt, const char *text)
{
	struct virtio_spi_wire_head *head = &p->options->head;

	switch (opt) {
	case OPT_CS:
		return parse_u8(p, text, &head->chip_select_id);
	case OPT_MODE:
		return parse_mode(p, text);
	case OPT_CS_HIGH:
		head->mode |= htole32(VIRTIO_SPI_MODE_CS_HIGH);
		return 0;
	case OPT_LSB_FIRST:
		head->mode |= htole32(VIRTIO_SPI_MODE_LSB_FIRST);
		return 0;
	case OPT_LOOP:
		head->mode |= htole32(VIRTIO_SPI_MODE_LOOP);
		return 0;
	case OPT_SPEED:
		return parse_speed(p, text);
	case OPT_BITS:
		return parse_u8(p, text, &head->bits_per_word);
	case OPT_TX_NBITS:
		return parse_u8(p, text, &head->tx_nbits);
	case OPT_RX_NBITS:
		return parse_u8(p, text, &head->rx_nbits);
	case OPT_WORD_DELAY:
		return parse_le32(p, text, &head->word_delay_ns);
	case OPT_CS_SETUP:
		return parse_le32(p, text, &head->cs_setup_ns);
	case OPT_CS_HOLD:
		return parse_le32(p, text, &head->cs_delay_hold_ns);
	default: /* OPT_CS_INACTIVE */
		return parse_le32(p, text, &head->cs_change_delay_inactive_ns);
	}
}

/* Takes one option. Returns 0, or a negative errno with ->why. */
static int parse_option(struct parser *p, int opt, const char *text)
{
	struct xfer_options *options = p->options;

	switch (opt) {
	case 's':
		options->socket_path = text;
		return 0;
	case 'i':
		options->info = true;
		return 0;
	case OPT_TX:
	case OPT_RX:
	case OPT_DUPLEX:
	case OPT_TX_FILE:
		return parse_part(p, opt, text);
	case OPT_RX_FILE:
		options->rx_file = text;
		return 0;
	case OPT_CS_CHANGE:
		p->cs_change = text;
		return 0;
	case OPT_PACKED:
		options->packed = true;
		return 0;
	case OPT_TIMEOUT:
		return xfer_parse_number(text, 1, 86400000,
					 &options->timeout_ms, &p->why);
	default:
		return parse_head(p, opt, text);
	}
}

static const char *option_name(int opt)
{
	const struct option *option = long_options;

	while (option->name && option->val != opt)
		option++;
	return option->name;
}

/* @word is a long option that does not exist. */
static int refuse_name(const char *word, char *error, size_t error_size)
{
	snprintf(error, error_size, "%.*s: no such option",
		 (int)strcspn(word, "="), word);
	return -EINVAL;
}

/* Writes the line for an option that getopt_long() refused. */
static int refuse_option(int opt, char *error, size_t error_size)
{
	const char *name = option_name(optopt);

	if (name)
		snprintf(error, error_size, "--%s: %s", name,
			 opt == ':' ? "needs a value" : "takes no value");
	else
		snprintf(error, error_size, "-%c: no such option", optopt);
	return -EINVAL;
}

/* Reads all words. Returns what is to be done, or a negative errno. */
static int parse_words(struct parser *p, int argc, char **argv, char *error,
		       size_t error_size)
{
	int opt, err;

	optind = 0; /* start anew, whoever used getopt before */
	opterr = 0;
	for (;;) {
		const char *word =
			long_option_unknown(argc, argv, long_options);

		if (word)
			return refuse_name(word, error, error_size);
		opt = getopt_long(argc, argv, "+:s:ihV", long_options, NULL);
		if (opt == -1)
			break;
		if (opt == 'h')
			return XFER_HELP;
		if (opt == 'V')
			return XFER_VERSION;
		if (opt == '?' || opt == ':')
			return refuse_option(opt, error, error_size);
		err = parse_option(p, opt, optarg);
		if (err) {
			snprintf(error, error_size, "--%s=%s: %s",
				 option_name(opt), optarg, p->why);
			return err;
		}
	}
	if (optind < argc) {
		snprintf(error, error_size, "%s: not an option", argv[optind]);
		return -EINVAL;
	}
	return XFER_RUN;
}

/* What can only be said when all words are known */
static int check_whole(struct parser *p, char *error, size_t error_size)
{
	if (!p->options->socket_path)
		snprintf(error, error_size, "--socket is missing");
	else if (!p->options->info && p->options->part_count == 0)
		snprintf(error, error_size,
			 "nothing to do: --tx, --rx, --duplex, --tx-file or "
			 "--info is missing");
	else if (apply_cs_change(p))
		snprintf(error, error_size, "--cs-change=%s: %s", p->cs_change,
			 p->why);
	else
		return XFER_RUN;
	return -EINVAL;
}

int xfer_options_parse(int argc, char **argv, struct xfer_options *options,
		       char *error, size_t error_size)
{
	struct parser p = { .options = options };
	int action;

	*options = (struct xfer_options){
		.head = { .bits_per_word = 8, .tx_nbits = 1, .rx_nbits = 1 },
		.timeout_ms = 10000,
	};
	action = parse_words(&p, argc, argv, error, error_size);
	if (action == XFER_RUN)
		action = check_whole(&p, error, error_size);
	if (action < 0)
		xfer_options_free(options);
	return action;
}

void xfer_options_free(struct xfer_options *options)
{
	for (unsigned int i = 0; i < options->part_count; i++)
		free(options->parts[i].tx);
	options->part_count = 0;
}
