/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <string.h>

#include "virtio/spi/spi_request.h"

void spi_head_decode(const struct virtio_spi_wire_head *wire,
		     struct spi_head *head)
{
	*head = (struct spi_head){
		.chip_select_id = wire->chip_select_id,
		.bits_per_word = wire->bits_per_word,
		.cs_change = wire->cs_change,
		.tx_nbits = wire->tx_nbits,
		.rx_nbits = wire->rx_nbits,
		.mode = le32toh(wire->mode),
		.freq = le32toh(wire->freq),
		.word_delay_ns = le32toh(wire->word_delay_ns),
		.cs_setup_ns = le32toh(wire->cs_setup_ns),
		.cs_delay_hold_ns = le32toh(wire->cs_delay_hold_ns),
		.cs_change_delay_inactive_ns =
			le32toh(wire->cs_change_delay_inactive_ns),
	};
	memcpy(head->reserved, wire->reserved, sizeof(head->reserved));
}

void spi_head_encode(const struct spi_head *head,
		     struct virtio_spi_wire_head *wire)
{
	*wire = (struct virtio_spi_wire_head){
		.chip_select_id = head->chip_select_id,
		.bits_per_word = head->bits_per_word,
		.cs_change = head->cs_change,
		.tx_nbits = head->tx_nbits,
		.rx_nbits = head->rx_nbits,
		.mode = htole32(head->mode),
		.freq = htole32(head->freq),
		.word_delay_ns = htole32(head->word_delay_ns),
		.cs_setup_ns = htole32(head->cs_setup_ns),
		.cs_delay_hold_ns = htole32(head->cs_delay_hold_ns),
		.cs_change_delay_inactive_ns =
			htole32(head->cs_change_delay_inactive_ns),
	};
	memcpy(wire->reserved, head->reserved, sizeof(wire->reserved));
}

uint64_t spi_request_rx_len(const struct chain *chain)
{
	return chain->write_len ? chain->write_len - 1 : 0;
}

static void set_header(struct spi_request *request,
		       const struct virtio_spi_wire_head *wire)
{
	if (!memcmp(wire, &request->wire, sizeof(*wire)))
		return;
	request->wire = *wire;
	spi_head_decode(wire, &request->head);
	request->checked = false;
}

const char *spi_request_parse(const struct chain *chain,
			      const struct guest_mem *mem,
			      struct spi_request *request)
{
	struct virtio_spi_wire_head wire;

	if (!chain->write_len)
		return "no room for a status";
	if (chain->misordered)
		return "a readable descriptor follows a writable one";
	if (chain->read_len < sizeof(wire))
		return "the header is cut short";
	if (!chain_is_mapped(chain, mem))
		return "a buffer is not in guest memory";

	chain_reader(chain, &request->tx);
	chain_writer(chain, &request->rx);
	if (chain_read(&request->tx, mem, &wire, sizeof(wire)) < 0)
		return "the header is not in guest memory";
	set_header(request, &wire);
	request->tx_len = chain->read_len - sizeof(wire);
	request->rx_len = spi_request_rx_len(chain);
	return NULL;
}

uint32_t spi_request_finish(const struct chain *chain,
			    const struct guest_mem *mem,
			    enum virtio_spi_status status)
{
	struct chain_cursor last;
	uint8_t byte = (uint8_t)status;

	if (!chain->write_len)
		return 0;
	chain_last(chain, &last);
	if (chain_write(&last, mem, &byte, 1) < 0)
		return 0;
	return chain->write_len > UINT32_MAX ? UINT32_MAX
					     : (uint32_t)chain->write_len;
}
