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
static_assert(sizeof(struct wire_state) +
			      KEPT_PARTS_MAX * sizeof(struct wire_part) +
			      KEPT_BYTES_MAX <=
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

uint32_t spi_state_save(void *service, uint8_t *to)
{
	const struct spi_message *m = &((struct spi_service *)service)->message;
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
	return (uint32_t)sizeof(state) + (kept ? save_parts(kept, to) : 0);
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

/* Takes @size bytes, all of them, as @count parts. */
static int load_parts(const struct controller *controller, unsigned int chip,
		      const uint8_t *from, uint32_t size, unsigned int count,
		      struct kept_parts *kept)
{
	const uint8_t *bytes = from + count * sizeof(struct wire_part);
	const uint8_t *end = from + size;
	int ret = 0;

	if (size < count * sizeof(struct wire_part))
		return -EINVAL;
	for (unsigned int i = 0; !ret && i < count; i++) {
		struct wire_part part;

		memcpy(&part, from + i * sizeof(part), sizeof(part));
		if (le16toh(part.len) > end - bytes)
			return -EINVAL;
		ret = load_part(controller, chip, &part, bytes, kept);
		bytes += le16toh(part.len);
	}
	return ret || bytes != end ? -EINVAL : 0;
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

int spi_state_load(void *service, const uint8_t *from, uint32_t size)
{
	struct spi_service *s = service;
	struct spi_message *m = &s->message;
	struct kept_parts kept = { .count = 0 };
	struct wire_state state;

	if (size < sizeof(state))
		return -EINVAL;
	memcpy(&state, from, sizeof(state));
	if (!is_sound(&state, s->controller) ||
	    load_parts(s->controller, le16toh(state.chip), from + sizeof(state),
		       size - (uint32_t)sizeof(state), state.parts, &kept) < 0)
		return -EINVAL;
	if (kept.count &&
	    (kept.bytes[0] != state.opcode || kept.len != le64toh(state.len)))
		return -EINVAL;
	/* With a request in hand, or a chip held, this is no fresh service. */
	if (s->job.phase != JOB_NONE ||
	    (m->cs.message == CS_HELD && !m->paused))
		return -EINVAL;
	spi_message_reset(m);
	m->kept = kept;
	m->cs = (struct chip_select){
		.message = messages[state.message],
		.chip = le16toh(state.chip),
		.opcode = state.opcode,
		.len = le64toh(state.len),
	};
	m->paused = true;
	m->cut_left = state.bounded ? le16toh(state.cut_left) : SPI_CUT_ANY;
	return 0;
}
