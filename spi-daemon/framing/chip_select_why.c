/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/chip_select_why.h"

static const char *why_linux(const struct cs_request *request,
			     const struct cs_plan *plan)
{
	if (plan->keep)
		return "it only sends, with cs_change 0: a read may follow";
	if (request->rx && request->tx)
		return "it sends and receives at once";
	if (request->rx)
		return plan->joins ? "it reads what the write before asked for"
				   : "it receives, and follows no write";
	return "it has cs_change 1";
}

static const char *why_table(const struct chip_select *cs,
			     const struct cs_request *request,
			     const struct cs_plan *plan)
{
	uint8_t opcode = plan->joins ? cs->opcode : request->opcode;

	if (!(plan->joins || request->tx) ||
	    !cs_table_find(request->table, opcode))
		return "no table has the command: it is framed as with "
		       "cs=linux";
	if (plan->keep)
		return plan->defers ? "the command has more parts: it is sent "
				      "with them"
				    : "the command has more parts";
	return request->cs_change ? "it has cs_change 1"
				  : "the command is complete";
}

static const char *why_flag(const struct cs_request *request)
{
	return request->cs_change ? "it has cs_change 1" : "it has cs_change 0";
}

struct cs_words chip_select_why(const struct chip_select *cs,
				const struct cs_request *request,
				const struct cs_plan *plan)
{
	struct cs_words words = {
		.framing = "",
		.why = "",
		.message = plan->lost	 ? "lost"
			   : plan->joins ? "joins"
					 : "new",
		.after = plan->defers ? "defers"
			 : plan->keep ? "keeps"
				      : "releases",
	};

	switch (request->framing) {
	case CS_LINUX:
		words.framing = "linux";
		words.why = why_linux(request, plan);
		break;
	case CS_TABLE:
		words.framing = "table";
		words.why = why_table(cs, request, plan);
		break;
	case CS_SPEC:
		words.framing = "spec";
		words.why = why_flag(request);
		break;
	case CS_TRANSFER:
		words.framing = "transfer";
		words.why = why_flag(request);
		break;
	case CS_AUTO: /* a request has what it stands for */
		break;
	}
	if (plan->lost)
		words.why = "its message was cut before: see the log";
	return words;
}
