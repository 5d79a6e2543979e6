/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/auto_framing.h"

#include <stddef.h>

#define READ_ID	   0x9f
#define READ_SFDP  0x5a
#define ID_LEN_MIN 3 /* Zephyr's; Linux, U-Boot and flashrom read up to 6 */
#define ID_LEN_MAX 6

/* JEDEC's numbers of those who make NOR flash with the usual commands */
static const uint8_t makers[] = {
	0x01, /* Spansion, Infineon */
	0x0b, /* XTX */
	0x1c, /* EON */
	0x1f, /* Atmel, Adesto */
	0x20, /* ST, Micron, XMC */
	0x2c, /* Micron */
	0x34, /* Cypress */
	0x5e, /* Zbit */
	0x68, /* Boya */
	0x85, /* Puya */
	0x89, /* Intel */
	0x8c, /* ESMT */
	0x9d, /* ISSI */
	0xa1, /* Fudan */
	0xba, /* Zetta */
	0xbf, /* SST, Microchip */
	0xc2, /* Macronix */
	0xc8, /* GigaDevice */
	0xef, /* Winbond */
	0xf8, /* Fidelix */
};

#define ATMEL	 0x1f
#define IS_AT45	 0x20 /* of its second byte, with this mask: */
#define AT45MASK 0xe0

/* The framing of a chip with that id; @shown if it tells nothing. */
static enum auto_framing framing_of(const uint8_t id[3],
				    enum auto_framing shown)
{
	/* A chip that repeats one byte says nothing. */
	if (id[0] == id[1] && id[1] == id[2])
		return shown;
	if (id[0] == ATMEL && (id[1] & AT45MASK) == IS_AT45)
		return AUTO_AT45;
	for (size_t i = 0; i < sizeof(makers); i++)
		if (id[0] == makers[i])
			return AUTO_NOR;
	return shown;
}

/* The first three bytes of Linux's spi-nand: a reset, then its status */
#define NAND_RESET	 0xff
#define NAND_GET_FEATURE 0x0f
#define NAND_STATUS	 0xc0

/*
 * A TPM's header: a bit for the direction, 0, and the length less 1 in 6 bits;
 * then an address, D4xxxxh.
 */
#define TPM_HEADER_LEN 4
#define TPM_NO_HEADER  0x40 /* of its first byte */
#define TPM_ADDRESS    0xd4 /* its second byte */

static bool only_sends(const struct cs_request *request)
{
	return request->tx && !request->rx;
}

/* Returns true if @request sends @byte, and nothing else. */
static bool is_lone(const struct cs_request *request, uint8_t byte)
{
	return only_sends(request) && request->len == 1 &&
	       request->opcode == byte && !request->cs_change;
}

static bool is_tpm_header(const struct cs_request *request)
{
	return request->tx && request->rx && request->len == TPM_HEADER_LEN &&
	       !(request->opcode & TPM_NO_HEADER) &&
	       request->second == TPM_ADDRESS;
}

/* Returns true if @request receives what may be an id. */
static bool receives_id(const struct cs_request *request,
			const struct chip_select *before)
{
	return !request->tx && !request->cs_change &&
	       before->message != CS_CLOSED && before->opcode == READ_ID &&
	       before->len == 1 && request->len >= ID_LEN_MIN &&
	       request->len <= ID_LEN_MAX;
}

static enum auto_trial first_trial(const struct cs_request *request)
{
	if (request->cs_change)
		return TRIAL_ENDS;
	if (is_lone(request, NAND_RESET))
		return TRIAL_RESET;
	if (only_sends(request))
		return TRIAL_FIRST;
	return request->tx ? TRIAL_DUPLEX : TRIAL_OVER;
}

static enum auto_trial next_trial(enum auto_trial trial,
				  const struct cs_request *request)
{
	switch (trial) {
	case TRIAL_NOTHING:
		return first_trial(request);
	case TRIAL_ENDS:
		if (request->cs_change)
			return TRIAL_ENDS;
		return only_sends(request) ? TRIAL_LATER : TRIAL_OVER;
	case TRIAL_LATER:
		return only_sends(request) && !request->cs_change ? TRIAL_LATER
								  : TRIAL_OVER;
	case TRIAL_RESET:
		return is_lone(request, NAND_GET_FEATURE) ? TRIAL_FEATURE
							  : TRIAL_OVER;
	case TRIAL_FEATURE:
		return is_lone(request, NAND_STATUS) ? TRIAL_STATUS
						     : TRIAL_OVER;
	case TRIAL_FIRST:
	case TRIAL_DUPLEX:
	case TRIAL_STATUS:
	case TRIAL_ID:
	case TRIAL_OVER:
		break;
	}
	return TRIAL_OVER;
}

/* What ends a message: @request only receives, and has cs_change=1. */
static bool shows_end(const struct chip *chip, const struct chip_select *before)
{
	switch (chip->trial) {
	case TRIAL_FIRST:
	case TRIAL_LATER:
	case TRIAL_RESET:
		return before->message != CS_CLOSED;
	case TRIAL_DUPLEX:
		return true;
	default:
		return false;
	}
}

static enum auto_framing find_framing(const struct chip *chip,
				      const struct cs_request *request,
				      const struct chip_select *before,
				      const uint8_t id[3])
{
	enum auto_framing shown = (enum auto_framing)counter_get(chip->shown);

	if (shown == AUTO_WAS_SPEC && request->cs_change)
		return AUTO_SPEC;
	if (request->tx)
		return shown;
	if (request->cs_change)
		return shows_end(chip, before) ? AUTO_SPEC : shown;
	if (chip->trial == TRIAL_FIRST && receives_id(request, before))
		return framing_of(id, shown);
	if (chip->trial == TRIAL_STATUS && request->len == 1)
		return AUTO_NAND;
	return shown;
}

/* A driver that does as the one before is none. */
static bool is_news(enum auto_framing was, enum auto_framing is)
{
	return was != is && !(was == AUTO_WAS_SPEC && is == AUTO_SPEC);
}

bool auto_framing_look(struct chip *chip, const struct cs_request *request)
{
	enum auto_framing was, is;

	if (!chip->shown)
		return false;
	was = is = (enum auto_framing)counter_get(chip->shown);
	if (chip->trial == TRIAL_ID && is_lone(request, READ_SFDP) &&
	    (was == AUTO_NOTHING || was == AUTO_WAS_SPEC))
		is = AUTO_NOR;
	if (chip->trial == TRIAL_NOTHING && is_tpm_header(request))
		is = request->cs_change ? AUTO_TPM : AUTO_SPEC;
	counter_set(chip->shown, is);
	return is_news(was, is);
}

bool auto_framing_note(struct chip *chip, const struct cs_request *request,
		       const struct chip_select *before, const uint8_t id[3])
{
	enum auto_framing was, is;

	if (!chip->shown)
		return false;
	was = (enum auto_framing)counter_get(chip->shown);
	is = find_framing(chip, request, before, id);
	chip->trial = receives_id(request, before)
			      ? TRIAL_ID
			      : next_trial(chip->trial, request);
	counter_set(chip->shown, is);
	return is_news(was, is);
}
