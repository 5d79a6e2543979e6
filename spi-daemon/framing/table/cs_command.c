/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>

#include "spi-daemon/framing/table/cs_command.h"

/* The command byte */
static const struct cs_part first = { false, 1, 1 };

/* Part @at of the message, or NULL behind the last. */
static const struct cs_part *part_at(const struct cs_command *command,
				     unsigned int at)
{
	if (!at)
		return &first;
	return at <= command->part_count ? &command->parts[at - 1] : NULL;
}

static void next_part(struct cs_place *place)
{
	place->part++;
	place->bytes = 0;
}

/* Moves @place to the next part that is received, or behind the last. */
static const struct cs_part *seek_received(const struct cs_command *command,
					   struct cs_place *place)
{
	const struct cs_part *part;

	while ((part = part_at(command, place->part)) && !part->receives)
		next_part(place);
	return part;
}

/* Adds @len bytes to a part with a length. Returns how many are behind it. */
static uint64_t fill(const struct cs_part *part, struct cs_place *place,
		     uint64_t len)
{
	uint64_t lacks = part->min - place->bytes;

	if (len < lacks) {
		place->bytes = (uint16_t)(place->bytes + len);
		return 0;
	}
	next_part(place);
	return len - lacks <= (uint64_t)(part->max - part->min) ? 0
								: len - lacks;
}

static void receive(const struct cs_command *command, struct cs_place *place,
		    uint64_t len)
{
	const struct cs_part *part = seek_received(command, place);

	if (part && part->min)
		fill(part, place, len);
	else if (part)
		next_part(place);
}

static void send(const struct cs_command *command, struct cs_place *place,
		 uint64_t len)
{
	const struct cs_part *part = part_at(command, place->part);

	if (part && !part->receives && !part->min) {
		next_part(place);
		return;
	}
	while (len && part && !part->receives) {
		if (!part->min) {
			seek_received(command, place);
			return;
		}
		len = fill(part, place, len);
		part = part_at(command, place->part);
	}
}

bool cs_command_step(const struct cs_command *command, struct cs_place *place,
		     uint64_t len, bool receives)
{
	if (receives)
		receive(command, place, len);
	else
		send(command, place, len);
	return part_at(command, place->part);
}

bool cs_command_says_busy(const struct cs_command *command,
			  const uint8_t header[2], uint8_t answer)
{
	/* Other registers say nothing of it. */
	if (command->has_at && header[1] != command->at)
		return true;
	return (answer & command->busy_mask) == command->busy;
}

static bool is_same_part(const struct cs_part *a, const struct cs_part *b)
{
	return a->receives == b->receives && a->min == b->min &&
	       a->max == b->max;
}

bool cs_command_equal(const struct cs_command *a, const struct cs_command *b)
{
	if (a->value != b->value || a->mask != b->mask ||
	    a->effect != b->effect || a->again != b->again ||
	    a->held != b->held || a->busy_mask != b->busy_mask ||
	    a->busy != b->busy || a->has_at != b->has_at || a->at != b->at ||
	    a->part_count != b->part_count)
		return false;
	for (unsigned int i = 0; i < a->part_count; i++)
		if (!is_same_part(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}
