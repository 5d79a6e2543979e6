/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A command of a chip: which parts make up its message, and what it does. The
 * first byte of a message is its command. docs/framing.md has the notation.
 */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#define CS_PARTS_MAX 8

/*
 * What follows the command byte, in order. A part with a length has so many
 * bytes, in one transfer or in several, or ends within a transfer. A part
 * without one is a transfer; if it begins within one, nobody can tell where it
 * ends, and the transfer has all that is sent up to the next part received.
 */
struct cs_part {
	bool receives;
	/*
	 * Bytes; 0: it has no length. If they differ, the part ends with a
	 * transfer that ends in between, and else after ->min.
	 */
	uint16_t min, max;
};

/* What the command does to an operation of several messages. */
enum cs_effect {
	EFFECT_NONE,
	EFFECT_OPENS,	   /* write enable */
	EFFECT_CLOSES,	   /* write disable */
	EFFECT_STARTS,	   /* the chip works: program, erase, write */
	EFFECT_RESETS,	   /* the chip works; this needs no write enable */
	EFFECT_LOADS,	   /* the chip works: it reads a page into its cache */
	EFFECT_STATUS,	   /* tells whether the chip works */
	EFFECT_USES_CACHE, /* reads or writes that cache */
};

struct cs_command {
	uint8_t value, mask; /* first bytes whose bits of ->mask are ->value */
	enum cs_effect effect;
	bool again; /* without its last part it has no effect: what was sent */
		    /* may be sent once more, from the first byte on */
	bool held;  /* its parts are sent as they come, the chip selected */
	/* EFFECT_STATUS: the chip works if these bits of the last byte are */
	uint8_t busy_mask, busy;
	bool has_at; /* but only if the byte behind the command is ->at */
	uint8_t at;
	unsigned int part_count;
	struct cs_part parts[CS_PARTS_MAX];
};

/* Where a message is in its command. Zero-initialised: at its beginning. */
struct cs_place {
	uint8_t part;	/* the next one, or the one that goes on; 0: the */
			/* command byte, then ->parts[part - 1] */
	uint16_t bytes; /* of it so far */
};

/*
 * A transfer of @len bytes, 1 or more, follows; @receives: it also, or only,
 * receives. Moves @place behind it. Returns true if more of the message is to
 * come.
 */
bool cs_command_step(const struct cs_command *command, struct cs_place *place,
		     uint64_t len, bool receives);

/*
 * A message of EFFECT_STATUS was answered. @header are its first two bytes, as
 * far as it has them (0 for one that it lacks), @answer is the last byte
 * received. Returns true if the chip works.
 */
bool cs_command_says_busy(const struct cs_command *command,
			  const uint8_t header[2], uint8_t answer);

/* Returns true if @a and @b are the same. */
bool cs_command_equal(const struct cs_command *a, const struct cs_command *b);

#endif
