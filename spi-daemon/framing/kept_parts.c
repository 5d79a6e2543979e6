/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/framing/kept_parts.h"
#include "spi-daemon/framing/spi_piece.h"

static uint32_t round_up(uint32_t len)
{
	return (len + SPI_PIECE_ROOM - 1) / SPI_PIECE_ROOM * SPI_PIECE_ROOM;
}

static uint64_t part_ns(const struct kept_part *part, const struct chip *chip)
{
	return spi_words(part->len, part->head.bits_per_word) *
		       spi_piece_word_ns(&part->head, chip) +
	       part->head.cs_delay_hold_ns;
}

uint64_t kept_parts_ns(const struct kept_parts *kept, const struct chip *chip)
{
	uint64_t ns = kept->count ? kept->parts[0].head.cs_setup_ns : 0;

	for (unsigned int i = 0; i < kept->count; i++)
		ns += part_ns(&kept->parts[i], chip);
	return ns;
}

uint32_t kept_parts_room(const struct kept_parts *kept)
{
	uint32_t room = 0;

	for (unsigned int i = 0; i < kept->count; i++)
		room += round_up(kept->parts[i].len);
	return room;
}

uint8_t *kept_parts_add(struct kept_parts *kept, const struct spi_head *head,
			uint64_t len, const struct chip *chip)
{
	struct kept_part part = { .head = *head };
	uint64_t ns = kept_parts_ns(kept, chip);
	uint8_t *bytes = kept->bytes + kept->len;

	if (kept->count == KEPT_PARTS_MAX || len > KEPT_BYTES_MAX - kept->len)
		return NULL;
	part.len = (uint16_t)len;
	ns += part_ns(&part, chip) + (kept->count ? 0 : head->cs_setup_ns);
	if (ns > spi_piece_most_ns(chip) ||
	    kept_parts_room(kept) + round_up(part.len) > chip->caps.max_piece)
		return NULL;
	kept->parts[kept->count++] = part;
	kept->len += part.len;
	return bytes;
}

void kept_parts_clear(struct kept_parts *kept)
{
	kept->count = 0;
	kept->len = 0;
}

const struct spi_head *kept_parts_last(const struct kept_parts *kept)
{
	return &kept->parts[kept->count - 1].head;
}

const struct spi_piece *kept_parts_link(const struct kept_parts *kept,
					const struct chip *chip,
					struct spi_piece *pieces,
					const struct spi_piece *next)
{
	const uint8_t *bytes = kept->bytes;

	for (unsigned int i = 0; i < kept->count; i++) {
		const struct kept_part *part = &kept->parts[i];
		bool last = i + 1 == kept->count;

		pieces[i] = spi_piece_make(&part->head, chip);
		pieces[i].tx = bytes;
		pieces[i].len = part->len;
		pieces[i].hold_ns = part->head.cs_delay_hold_ns;
		pieces[i].setup_ns = i ? 0 : part->head.cs_setup_ns;
		pieces[i].keep = true;
		pieces[i].next = last ? next : &pieces[i + 1];
		bytes += part->len;
	}
	return kept->count ? &pieces[0] : next;
}
