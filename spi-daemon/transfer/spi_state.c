/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/transfer/spi_state.h"
#include "virtio/spi/spi_validate.h"

/* What becomes of the guest's message on the other host. */
enum wire_message {
	WIRE_CLOSED, /* there is none */
	WIRE_CUT,    /* it was cut */
	WIRE_KEPT,   /* it goes on: its parts follow */
};

/* Little-endian. The frame around it has a version. */
struct wire_state {
	uint8_t message;   /* enum wire_message */
	uint8_t opcode;	   /* its first byte */
	uint8_t bounded;   /* no more than so many of the next */
	uint8_t parts;	   /* kept */
	uint16_t cut_left; /* requests can be of it */
	uint16_t chip;
	uint64_t len; /* bytes of it so far */
};
static_assert(sizeof(struct wire_state) == 16, "our layout");

/* One for each part that is kept; the bytes of all parts follow them. */
struct wire_part {
	struct virtio_spi_wire_head head;
	uint16_t len; /* bytes */
	uint16_t padding;
};
static_assert(sizeof(struct wire_part) == 36, "our layout");

/*
 * If a chip with cs=auto has shown anything, the lower 2 bits of that follow
 * for each chip; and if one has more bits, the upper 2 of all behind them.
 */
#define SHOWN_BITS     2
#define SHOWN_MASK     3u
#define SHOWN_PER_BYTE 4
#define SHOWN_MAX      (2 * (GUEST_MAX_DEVICES / SHOWN_PER_BYTE + 1))
static_assert(AUTO_LAST < 1 << 2 * SHOWN_BITS, "it has 4 bits");

static_assert(sizeof(struct wire_state) +
			      KEPT_PARTS_MAX * sizeof(struct wire_part) +
			      KEPT_BYTES_MAX + SHOWN_MAX <=
		      VHOST_DEVICE_STATE_MAX,
	      "whatever is saved fits");

/* A chip that is held here will not be held there. */
static enum wire_message wire_message(const struct spi_message *m)
{
	if (m->cs.message == CS_CLOSED)
		return WIRE_CLOSED;
	return spi_message_lead(m) ? WIRE_KEPT : WIRE_CUT;
}

static uint32_t save_parts(const struct kept_parts *kept, uint8_t *to)
{
	for (unsigned int i = 0; i < kept->count; i++) {
		struct wire_part part = {
			.len = htole16(kept->parts[i].len),
		};

		spi_head_encode(&kept->parts[i].head, &part.head);
		memcpy(to, &part, sizeof(part));
		to += sizeof(part);
	}
	memcpy(to, kept->bytes, kept->len);
	return kept->count * (uint32_t)sizeof(struct wire_part) + kept->len;
}

static uint32_t shown_size(const struct controller *controller)
{
	return (controller->chip_count + SHOWN_PER_BYTE - 1) / SHOWN_PER_BYTE;
}

/* Writes 2 bits of what was shown of all chips. Returns whether one is set. */
static bool save_bits(const struct controller *controller, unsigned int shift,
		      uint8_t *to)
{
	bool any = false;

	memset(to, 0, shown_size(controller));
	for (unsigned int i = 0; i < controller->chip_count; i++) {
		const struct chip *chip = &controller->chips[i];
		uint64_t shown = chip->shown ? counter_get(chip->shown) : 0;
		uint64_t bits = shown >> shift & SHOWN_MASK;

		to[i / SHOWN_PER_BYTE] |=
			(uint8_t)(bits << i % SHOWN_PER_BYTE * SHOWN_BITS);
		any |= bits;
	}
	return any;
}

/* Writes what was shown of all chips, if there is anything. */
static uint32_t save_shown(const struct controller *controller, uint8_t *to)
{
	uint32_t size = shown_size(controller);
	bool lower = save_bits(controller, 0, to);

	if (save_bits(controller, SHOWN_BITS, to + size))
		return 2 * size;
	return lower ? size : 0;
}

static unsigned int bits_of(const uint8_t *from, unsigned int chip)
{
	return from[chip / SHOWN_PER_BYTE] >>
		       chip % SHOWN_PER_BYTE * SHOWN_BITS &
	       SHOWN_MASK;
}

/* Chips that have another framing here do not care. */
static void load_shown(const struct controller *controller, const uint8_t *from,
		       uint32_t size)
{
	for (unsigned int i = 0; i < controller->chip_count; i++) {
		unsigned int shown = bits_of(from, i);

		if (size > shown_size(controller))
			shown |= bits_of(from + shown_size(controller), i)
				 << SHOWN_BITS;
		if (controller->chips[i].shown && shown <= AUTO_LAST)
			counter_set(controller->chips[i].shown, shown);
	}
}

uint32_t spi_state_save(void *service, uint8_t *to)
{
	const struct spi_message *m = &((struct spi_service *)service)->message;
	uint8_t *const start = to;
	const struct kept_parts *kept = spi_message_lead(m);
	bool bounded = m->cs.message == CS_CUT && m->cut_left != SPI_CUT_ANY;
	struct wire_state state = {
		.message = (uint8_t)wire_message(m),
		.opcode = m->cs.opcode,
		.bounded = bounded,
		.parts = kept ? (uint8_t)kept->count : 0,
		.cut_left = bounded ? htole16((uint16_t)m->cut_left) : 0,
		.chip = htole16((uint16_t)m->cs.chip),
		.len = htole64(m->cs.len),
	};

	memcpy(to, &state, sizeof(state));
	to += sizeof(state);
	if (kept)
		to += save_parts(kept, to);
	to += save_shown(m->controller, to);
	return (uint32_t)(to - start);
}

/* A part comes from anyone: it must be one that a guest could have sent. */
static int load_part(const struct controller *controller, unsigned int chip,
		     const struct wire_part *part, const uint8_t *bytes,
		     struct kept_parts *kept)
{
	struct spi_request request = { .tx_len = le16toh(part->len) };
	char reason[SPI_REASON_SIZE];
	uint8_t *to;

	spi_head_decode(&part->head, &request.head);
	if (part->padding || !request.tx_len ||
	    request.head.chip_select_id != chip ||
	    !spi_validate(&controller->config, &request, reason) ||
	    !spi_transfer_check(&request, &controller->chips[chip], reason))
		return -EINVAL;
	to = kept_parts_add(kept, &request.head, request.tx_len,
			    &controller->chips[chip]);
	if (!to)
		return -EINVAL;
	memcpy(to, bytes, request.tx_len);
	return 0;
}

/* Takes @count parts. Returns how many of the @size bytes they have. */
static int load_parts(const struct controller *controller, unsigned int chip,
		      const uint8_t *from, uint32_t size, unsigned int count,
		      struct kept_parts *kept)
{
	const uint8_t *bytes, *end = from + size;
	int ret = 0;

	if (size < count * sizeof(struct wire_part))
		return -EINVAL;
	bytes = from + count * sizeof(struct wire_part);
	for (unsigned int i = 0; !ret && i < count; i++) {
		struct wire_part part;

		memcpy(&part, from + i * sizeof(part), sizeof(part));
		if (le16toh(part.len) > end - bytes)
			return -EINVAL;
		ret = load_part(controller, chip, &part, bytes, kept);
		bytes += le16toh(part.len);
	}
	return ret ? -EINVAL : (int)(bytes - from);
}

static bool is_sound(const struct wire_state *state,
		     const struct controller *controller)
{
	bool kept = state->message == WIRE_KEPT;

	return state->message <= WIRE_KEPT && state->bounded <= 1 &&
	       kept == !!state->parts &&
	       le16toh(state->chip) < controller->chip_count;
}

static const enum cs_message messages[] = {
	[WIRE_CLOSED] = CS_CLOSED,
	[WIRE_CUT] = CS_CUT,
	[WIRE_KEPT] = CS_KEPT,
};

/*
 * Finds the place of the message in its command. Returns false if this host's
 * table has another idea of its kept parts than that of the one who kept them.
 */
static bool find_place(struct chip_select *cs, const struct kept_parts *kept,
		       const struct chip *chip)
{
	const struct cs_table *table = chip_table(chip);
	const struct cs_command *command = cs_table_find(table, cs->opcode);

	chip_select_find_place(cs, table);
	if (!kept->count)
		return true;
	/* A write that is kept for a late read: see cs-late= */
	if (chip_framing(chip) == CS_LINUX)
		return kept->count == 1;
	if (!command)
		return false;
	cs->place = (struct cs_place){ .part = 0 };
	for (unsigned int i = 0; i < kept->count; i++)
		if (!cs_command_step(command, &cs->place, kept->parts[i].len,
				     false))
			return false;
	return true;
}

/*
 * Reads what follows @state, @size bytes, all of them: parts, and perhaps what
 * was shown of the chips. Stores how much that is, at the end, in @shown.
 */
static int load_rest(const struct controller *controller,
		     const struct wire_state *state, const uint8_t *from,
		     uint32_t size, struct kept_parts *kept, uint32_t *shown)
{
	int len = load_parts(controller, le16toh(state->chip), from, size,
			     state->parts, kept);

	if (len < 0 || (kept->count && (kept->bytes[0] != state->opcode ||
					kept->len != le64toh(state->len))))
		return -EINVAL;
	*shown = size - (uint32_t)len;
	return !*shown || *shown == shown_size(controller) ||
			       *shown == 2 * shown_size(controller)
		       ? 0
		       : -EINVAL;
}

int spi_state_load(void *service, const uint8_t *from, uint32_t size)
{
	struct spi_service *s = service;
	struct spi_message *m = &s->message;
	struct kept_parts kept = { .count = 0 };
	struct wire_state state;
	uint32_t shown;

	if (size < sizeof(state))
		return -EINVAL;
	memcpy(&state, from, sizeof(state));
	if (!is_sound(&state, s->controller) ||
	    load_rest(s->controller, &state, from + sizeof(state),
		      size - (uint32_t)sizeof(state), &kept, &shown) < 0)
		return -EINVAL;
	/* With a request in hand, or a chip held, this is no fresh service. */
	if (s->job.phase != JOB_NONE ||
	    (m->cs.message == CS_HELD && !m->paused))
		return -EINVAL;
	spi_message_reset(m);
	s->new_guest = false;
	controller_resume_driver(s->controller);
	if (shown)
		load_shown(s->controller, from + size - shown, shown);
	m->kept = kept;
	m->cs = (struct chip_select){
		.message = messages[state.message],
		.chip = le16toh(state.chip),
		.opcode = state.opcode,
		.len = le64toh(state.len),
	};
	m->paused = true;
	m->cut_left = state.bounded ? le16toh(state.cut_left) : SPI_CUT_ANY;
	if (!find_place(&m->cs, &m->kept, spi_message_own_chip(m))) {
		spi_message_cut(m);
		chip_select_cut_foreign(&m->cs);
	}
	s->session->rings[SPI_REQUESTQ].note = spi_message_note(m);
	return 0;
}
