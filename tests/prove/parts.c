/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The parts of a message that are kept: one more is added, and all are saved
 * for another host; and how far a part brings the message in its command.
 *
 * Guest, or front end with the state of one: parts of any head and length, and
 * messages that are anywhere. Operator: commands of any parts.
 * Bound: none but the product's, 8 parts of a message, 8 of a command, 256
 * bytes; 2 chips.
 *
 * cbmc: --unwind 10 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include "virtio/ring/chain.h"

#define memcpy(to, from, len) check_copy(to, from, len)
#define memset(to, byte, len) check_set(to, len)

#include "spi-daemon/framing/kept_parts.c"
#include "spi-daemon/framing/spi_piece.h"
#define send send_part /* not that of sockets */
#include "spi-daemon/framing/table/cs_command.c"
#undef send
#include "spi-daemon/transfer/spi_state.c"

#define CHIPS 2

/* A chip's clock and limits. Delays, and so sums, are anything in any case. */
uint64_t spi_piece_word_ns(const struct spi_head *head, const struct chip *chip)
{
	(void)head, (void)chip;
	return nondet_bool();
}

uint64_t spi_piece_most_ns(const struct chip *chip)
{
	(void)chip;
	return nondet_u64();
}

void spi_head_encode(const struct spi_head *head,
		     struct virtio_spi_wire_head *wire)
{
	struct virtio_spi_wire_head any;

	(void)head;
	*wire = any;
}

static void save(void)
{
	uint8_t bytes[VHOST_DEVICE_STATE_MAX];
	struct counter shown[CHIPS];
	struct chip chips[CHIPS];
	struct controller controller = { .chips = chips };
	struct spi_service s;
	struct spi_message *m = &s.message;

	controller.chip_count = nondet_bool() + 1u;
	m->controller = &controller;
	for (unsigned int i = 0; i < CHIPS; i++)
		chips[i].shown = nondet_bool() ? &shown[i] : NULL;
	assume(m->kept.count <= KEPT_PARTS_MAX && m->cs.chip < CHIPS);
	assume(m->kept.len <= KEPT_BYTES_MAX);
	assume(m->cut_left <= UINT16_MAX || m->cut_left == SPI_CUT_ANY);
	assert(spi_state_save(&s, bytes) <= sizeof(bytes));
}

static void keep(void)
{
	struct chip chip;
	struct spi_head head;
	struct kept_parts kept;
	const unsigned int count = kept.count;
	const uint32_t have = kept.len;
	const uint64_t len = nondet_u64();
	uint8_t *at;

	assume(count <= KEPT_PARTS_MAX && have <= KEPT_BYTES_MAX);
	at = kept_parts_add(&kept, &head, len, &chip);
	if (!at) {
		assert(kept.count == count && kept.len == have);
		return;
	}
	assert(len <= KEPT_BYTES_MAX - have && at == kept.bytes + have);
	assert(kept.count == count + 1 && kept.len == have + len);
	assert(kept.count <= KEPT_PARTS_MAX && kept.parts[count].len == len);
}

/* A place is within its command, or behind its last part. */
static bool is_place(const struct cs_command *c, const struct cs_place *place)
{
	const struct cs_part *part = part_at(c, place->part);

	return place->part <= c->part_count + 1 &&
	       (part ? !place->bytes || place->bytes < part->min
		     : !place->bytes);
}

static void step(void)
{
	struct cs_command command;
	struct cs_place place;
	const uint64_t len = nondet_u64();
	bool more;

	assume(command.part_count <= CS_PARTS_MAX);
	for (unsigned int i = 0; i < CS_PARTS_MAX; i++)
		assume(command.parts[i].min <= command.parts[i].max);
	assume(len && is_place(&command, &place));
	more = cs_command_step(&command, &place, len, nondet_bool());
	assert(is_place(&command, &place));
	assert(more == (place.part <= command.part_count));
}

int main(void)
{
	switch (nondet_u8()) {
	case 0:
		save();
		break;
	case 1:
		keep();
		break;
	default:
		step();
	}
	return 0;
}
