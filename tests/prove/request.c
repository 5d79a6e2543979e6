/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI request: its header read from a chain and checked, its status written.
 *
 * Guest: chains of any lengths, headers of any bytes; each access may fail.
 * Bound: five masks of word sizes, those with the longest text among them.
 *
 * cbmc: --unwind 34 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include <stdio.h>

#include "virtio/ring/chain.h"
#include "virtio/spi/spi_wire.h"

static struct virtio_spi_wire_head any_head(void)
{
	struct virtio_spi_wire_head head;

	return head;
}

/* Accesses at a cursor: nothing of the chain itself is touched here. */
static int any_access(const struct chain_cursor *cursor, size_t len)
{
	return len <= cursor->left && nondet_bool() ? 0 : -EFAULT;
}

#define chain_read(cursor, mem, buf, len) \
	(*(buf) = any_head(), any_access(cursor, len))
#define chain_write(cursor, mem, buf, len) any_access(cursor, len)

/* The longest that "%s%u" gives with ", " and two digits; and that " to %u" */
static int longest_text(const char *to, size_t room, size_t len)
{
	assert(room && __CPROVER_w_ok(to, room));
	return (int)len;
}

#define snprintf(to, room, format, ...) \
	longest_text(to, room, sizeof(format) > sizeof("%s%u") ? 6 : 4)
#define vsnprintf(to, room, format, args) longest_text(to, room, room)

#include "virtio/spi/spi_request.c"
#include "virtio/spi/spi_validate.c"

bool chain_is_mapped(const struct chain *chain, const struct guest_mem *mem)
{
	(void)chain, (void)mem;
	return nondet_bool();
}

void chain_reader(const struct chain *chain, struct chain_cursor *cursor)
{
	*cursor = (struct chain_cursor){ .left = chain->read_len };
}

void chain_writer(const struct chain *chain, struct chain_cursor *cursor)
{
	*cursor = (struct chain_cursor){ .left = chain->write_len };
}

/* There must be a last byte. */
void chain_last(const struct chain *chain, struct chain_cursor *cursor)
{
	assert(chain->write_len);
	*cursor = (struct chain_cursor){ .left = 1 };
}

/* What spi_transfer.c relies on */
static void check_valid(const struct spi_config *config,
			const struct spi_request *request)
{
	const struct spi_head *head = &request->head;

	assert(head->chip_select_id < config->cs_max_number);
	assert(head->bits_per_word >= 1 && head->bits_per_word <= 32);
	assert(request->tx_len || request->rx_len);
	assert(!request->tx_len || !request->rx_len ||
	       request->tx_len == request->rx_len);
	assert(head->cs_change <= 1);
}

static void validate(uint32_t word_sizes, const struct spi_request *request)
{
	char reason[SPI_REASON_SIZE];
	struct spi_config config;

	config.bits_per_word_mask = word_sizes;
	if (spi_validate(&config, request, reason))
		check_valid(&config, request);
}

int main(void)
{
	struct guest_mem mem = { 0 };
	struct spi_request request;
	struct chain chain;

	spi_request_finish(&chain, &mem, VIRTIO_SPI_PARAM_ERR);
	if (spi_request_parse(&chain, &mem, &request))
		return 0;
	assert(request.tx_len == chain.read_len - 32);
	assert(request.rx_len == chain.write_len - 1);
	validate(0, &request);
	validate(0x80808080, &request);
	validate(0x55555555, &request);
	validate(0x77777777, &request);
	validate(0xdb6db6db, &request);
	return 0;
}
