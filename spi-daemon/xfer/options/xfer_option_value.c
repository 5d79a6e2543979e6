/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/options/xfer_option_value.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/xfer/options/xfer_parse.h"

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
	OPT_SERPROG,
	OPT_CHUNK,
	OPT_FLASH,
	OPT_OFFSET,
	OPT_LENGTH,
	OPT_REPEAT,
	OPT_RATE,
	OPT_HEXDUMP,
	OPT_SCRIPT,
	OPT_INTERACTIVE,
	OPT_WATCH,
	OPT_QEMU_ARGS,
	OPT_CLOUD_HYPERVISOR_ARGS,
};

const struct option xfer_long_options[] = {
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
	{ "serprog", required_argument, NULL, OPT_SERPROG },
	{ "chunk", required_argument, NULL, OPT_CHUNK },
	{ "flash", required_argument, NULL, OPT_FLASH },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "hexdump", no_argument, NULL, OPT_HEXDUMP },
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "interactive", no_argument, NULL, OPT_INTERACTIVE },
	{ "watch", required_argument, NULL, OPT_WATCH },
	{ "qemu-args", required_argument, NULL, OPT_QEMU_ARGS },
	{ "cloud-hypervisor-args", required_argument, NULL,
	  OPT_CLOUD_HYPERVISOR_ARGS },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "length", required_argument, NULL, OPT_LENGTH },
	{ NULL, 0, NULL, 0 },
};

/* What parsing a value needs besides it */
struct parser {
	struct xfer_options *options;
	const char *why; /* the mistake */
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

	p->options->link.head.freq = htole32(number);
	p->options->link.speed_given = true;
	return err;
}

static int parse_mode(struct parser *p, const char *text)
{
	uint32_t number = 0;
	int err = xfer_parse_number(text, 0, 3, &number, &p->why);

	/* The numbers of the four modes are CPOL << 1 | CPHA, as the bits. */
	p->options->link.head.mode |= htole32(number);
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
	options->part_bytes += (uint64_t)part->tx_len + part->rx_len;
	options->part_count++;
	return 0;
}

/* "0,0,1": one for each part */
static int parse_cs_list(struct parser *p, const char *text,
			 struct xfer_cs_change *cs_change)
{
	cs_change->way = XFER_CS_LIST;
	cs_change->count = 0;
	for (;; text += 2) {
		if ((text[0] != '0' && text[0] != '1') ||
		    (text[1] != ',' && text[1] != '\0') ||
		    cs_change->count == XFER_MAX_PARTS) {
			p->why =
				"not spec, linux, transfer, or a list of 0 and 1";
			return -EINVAL;
		}
		cs_change->list[cs_change->count++] = text[0] - '0';
		if (text[1] == '\0')
			return 0;
	}
}

static int parse_cs_change(struct parser *p, const char *text)
{
	struct xfer_cs_change *cs_change = &p->options->link.cs_change;

	if (!strcmp(text, "linux"))
		return parse_cs_list(p, "0", cs_change);
	if (!strcmp(text, "spec"))
		cs_change->way = XFER_CS_SPEC;
	else if (!strcmp(text, "transfer"))
		cs_change->way = XFER_CS_TRANSFER;
	else
		return parse_cs_list(p, text, cs_change);
	return 0;
}

/* "0,2": one or more */
static int parse_cs(struct parser *p, const char *text)
{
	struct xfer_options *options = p->options;
	unsigned int count = 0;

	do {
		size_t len = strcspn(text, ",");
		uint32_t number = 0;
		char word[8];

		if (count == XFER_MAX_CS || len >= sizeof(word)) {
			p->why = "not a chip select, or too many";
			return -EINVAL;
		}
		memcpy(word, text, len);
		word[len] = '\0';
		if (xfer_parse_number(word, 0, UINT8_MAX, &number, &p->why))
			return -EINVAL;
		options->cs[count++] = number;
		text += len;
	} while (*text++ == ',');
	options->cs_count = count;
	options->link.head.chip_select_id = options->cs[0];
	return 0;
}

static int parse_head(struct parser *p, int opt, const char *text)
{
	struct virtio_spi_wire_head *head = &p->options->link.head;

	switch (opt) {
	case OPT_CS:
		return parse_cs(p, text);
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

static int parse_chunk(struct parser *p, const char *text)
{
	uint32_t chunk;
	int err = xfer_parse_size(text, XFER_MIN_CHUNK, &chunk, &p->why);

	if (!err && chunk > XFER_MAX_CHUNK) {
		p->why = "out of range";
		err = -EINVAL;
	}
	if (!err)
		p->options->chunk = chunk;
	return err;
}

/* There is one thing to do. */
static int set_action(struct parser *p, enum xfer_action action)
{
	if (p->options->action != XFER_MESSAGE) {
		p->why = "there is something else to do";
		return -EINVAL;
	}
	p->options->action = action;
	return 0;
}

static int parse_flash(struct parser *p, const char *text)
{
	static const char *const words[] = {
		[XFER_FLASH_ID] = "id",		[XFER_FLASH_READ] = "read",
		[XFER_FLASH_WRITE] = "write",	[XFER_FLASH_ERASE] = "erase",
		[XFER_FLASH_VERIFY] = "verify",
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			p->options->flash = i;
			return set_action(p, XFER_FLASH);
		}
	}
	p->why = "not id, read, write, erase or verify";
	return -EINVAL;
}

/* What is done, and with which part of a flash chip */
static int parse_task(struct parser *p, int opt, const char *text)
{
	struct xfer_options *options = p->options;

	switch (opt) {
	case OPT_SERPROG:
		options->serprog = text;
		return set_action(p, XFER_SERPROG);
	case OPT_FLASH:
		return parse_flash(p, text);
	case OPT_OFFSET:
		return xfer_parse_size(text, 0, &options->offset, &p->why);
	case OPT_LENGTH:
		return xfer_parse_size(text, 1, &options->length, &p->why);
	case OPT_CHUNK:
		return parse_chunk(p, text);
	case OPT_SCRIPT:
		options->file = text;
		return set_action(p, XFER_SCRIPT);
	case OPT_INTERACTIVE:
		return set_action(p, XFER_INTERACTIVE);
	case OPT_WATCH:
		options->file = text;
		return set_action(p, XFER_WATCH);
	case OPT_QEMU_ARGS:
		options->file = text;
		return set_action(p, XFER_QEMU_ARGS);
	case OPT_CLOUD_HYPERVISOR_ARGS:
		options->file = text;
		return set_action(p, XFER_CLOUD_HYPERVISOR_ARGS);
	default:
		return parse_head(p, opt, text);
	}
}

/* What is printed of a message, and how often it is sent */
static int parse_output(struct parser *p, int opt, const char *text)
{
	struct xfer_options *options = p->options;

	switch (opt) {
	case 'i':
		options->info = true;
		return 0;
	case OPT_RX_FILE:
		options->rx_file = text;
		return 0;
	case OPT_HEXDUMP:
		options->hexdump = true;
		return 0;
	case OPT_REPEAT:
		return xfer_parse_number(text, 0, UINT32_MAX, &options->repeat,
					 &p->why);
	case OPT_RATE:
		return xfer_parse_rate(text, &options->period_ns, &p->why);
	default:
		return parse_task(p, opt, text);
	}
}

static int parse_option(struct parser *p, int opt, const char *text)
{
	struct xfer_link_options *link = &p->options->link;

	switch (opt) {
	case 's':
		link->socket_path = text;
		return 0;
	case OPT_PACKED:
		link->packed = true;
		return 0;
	case OPT_TIMEOUT:
		return xfer_parse_number(text, 1, 86400000, &link->timeout_ms,
					 &p->why);
	case OPT_CS_CHANGE:
		return parse_cs_change(p, text);
	case OPT_TX:
	case OPT_RX:
	case OPT_DUPLEX:
	case OPT_TX_FILE:
		return parse_part(p, opt, text);
	default:
		return parse_output(p, opt, text);
	}
}

int xfer_option_value(struct xfer_options *options, int opt, const char *text,
		      const char **why)
{
	struct parser p = { .options = options };
	int err = parse_option(&p, opt, text);

	*why = p.why;
	return err;
}
