/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest's SPI message: the stage between requests and the bus.
 *
 * Where a table knows that more follows, parts that only send are kept, and go
 * over the bus with the rest as one message. Where no table knows, the chip is
 * held between two requests, under a lease: cs-hold and docs/framing.md say for
 * how long. The guest's ring may be paused (stopped or disabled) in between.
 */
#ifndef SPI_MESSAGE_H
#define SPI_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/bus/controller.h"
#include "spi-daemon/framing/chip_select.h"
#include "spi-daemon/framing/table/cs_table.h"
#include "spi-daemon/system/guest_log.h"
#include "spi-daemon/framing/kept_parts.h"
#include "spi-daemon/transfer/spi_transfer.h"

/* Nobody knows how many requests the guest has queued of a message. */
#define SPI_CUT_ANY UINT32_MAX

struct spi_message {
	struct controller *controller;
	struct guest_stats *stats;
	struct guest_log *log;
	struct bus_user user;
	struct bus *bus; /* owned, or waited for; NULL: none */
	struct chip_select cs;
	struct kept_parts kept; /* the parts of a message KEPT or LATE, or of */
				/* one that is HELD and may become LATE */
	const struct cs_command *op; /* of the message on the bus; or NULL */
	struct spi_head head;	     /* of its first request, */
	uint8_t header[2];	     /* and its first bytes */
	uint64_t guest;	   /* a number that no other guest has had; its next */
			   /* driver, or guest, has another */
	bool paused;	   /* the ring is not active; leases go on */
	uint64_t start_at; /* monotonic ns: when the bus may be had */
	uint64_t hold_until;   /* monotonic ns, of a message KEPT or HELD */
	uint64_t linger_until; /* monotonic ns, with a bus and no message */
	uint32_t inactive_ns;  /* what follows the held chip's release */
	uint32_t cut_left;     /* so many of the next requests, at most, can */
			       /* be of the cut message; SPI_CUT_ANY */
};

/*
 * Begins with no message. All but @message must outlive it. Returns 0 or a
 * negative errno.
 */
int spi_message_init(struct spi_message *message, struct controller *controller,
		     struct guest_stats *stats, struct guest_log *log);

/* The guest has no bus, and waits for none. */
void spi_message_fini(struct spi_message *message);

/* The chip that the guest knows as chip select @index, which is valid. */
static inline struct chip *spi_message_chip(const struct spi_message *message,
					    unsigned int index)
{
	return &message->controller->chips[index];
}

/* The chip of the message, which is not closed. */
static inline struct chip *
spi_message_own_chip(const struct spi_message *message)
{
	return spi_message_chip(message, message->cs.chip);
}

/* Below, @chip is the chip of the request @framed. */

/*
 * The guest begins another message: ends the present one. Parts that were kept
 * are sent first, as the guest was told that they were. Returns false if that
 * has to wait for the bus; call again at ->start_at, or when ->user is woken.
 */
bool spi_message_close(struct spi_message *message, uint64_t now);

/*
 * Keeps @request, whose @plan says ->defers, if there is room for it. Its
 * message is closed, or not HELD. Returns 1 if it is kept, 0 if it has to be
 * sent, or -EFAULT if its bytes cannot be read.
 */
int spi_message_keep(struct spi_message *message, struct chip *chip,
		     const struct cs_request *framed,
		     const struct cs_plan *plan,
		     const struct spi_request *request,
		     const struct guest_mem *mem);

/*
 * Before the request @framed is planned, and has a framing: looks whether it
 * shows one, with cs=auto.
 */
void spi_message_look(struct spi_message *message, struct chip *chip,
		      const struct cs_request *framed);

/*
 * Returns true if what the request @framed receives is to be looked at, before
 * the guest can change it: see spi_message_part_done().
 */
bool spi_message_watches(const struct spi_message *message,
			 const struct cs_request *framed);

/*
 * Returns true if the request @framed must not reach its chip: that is a flash
 * which is served with cs=linux, and the request is a part of a command that
 * begins like a chip erase.
 */
bool spi_message_is_torn_erase(const struct chip *chip,
			       const struct cs_request *framed);

/*
 * The request is about to be sent, as the first of its message. Keeps a copy of
 * a write that a late read may have to follow (cs-late=again).
 */
void spi_message_copy(struct spi_message *message, const struct chip *chip,
		      const struct cs_request *framed,
		      const struct cs_plan *plan,
		      const struct spi_request *request,
		      const struct guest_mem *mem);

/*
 * The parts that go ahead of the message's next piece; NULL: none. When they
 * are on the wire, spi_message_lead_sent().
 */
static inline const struct kept_parts *
spi_message_lead(const struct spi_message *message)
{
	enum cs_message state = message->cs.message;

	return state == CS_KEPT || state == CS_LATE ? &message->kept : NULL;
}

void spi_message_lead_sent(struct spi_message *message);

/*
 * The request @framed was done as planned, at @now: the chip is held for the
 * next, or released. Then it is to stay so for the request's inactive delay,
 * and the bus is left, unless the guest's next message goes first.
 */
void spi_message_part_done(struct spi_message *message, struct chip *chip,
			   const struct cs_request *framed,
			   const struct cs_plan *plan,
			   const struct spi_transfer *transfer, uint64_t now);

/*
 * Sends the kept parts by themselves, with the bus. Their guest was told that
 * they were sent, so an error is that of the message's next request.
 */
void spi_message_send_kept(struct spi_message *message, struct chip *chip);

/* Releases the held chip, and leaves the bus; the message is not at its end. */
void spi_message_release(struct spi_message *message);

/* The device failed: releases the chip, and leaves the bus. */
void spi_message_fail(struct spi_message *message, struct chip *chip,
		      uint32_t inactive_ns);

/*
 * The request failed, on the bus or before. If its message was to go on, the
 * rest is lost; see spi_message_refuse() for @pending.
 */
void spi_message_request_failed(struct spi_message *message,
				const struct cs_request *framed,
				const struct cs_plan *plan, uint16_t pending);

/*
 * The message cannot go on, though the guest may think so: releases the chip
 * and drops what was kept.
 */
void spi_message_cut(struct spi_message *message);

/*
 * A request was not valid, so what its message was to be is not known. Cuts
 * one that is unfinished. What the guest queued before it can know of a
 * failure, @pending requests, may belong to the failed message. What it queues
 * later does not: drivers give a message up.
 */
void spi_message_refuse(struct spi_message *message, uint16_t pending);

/*
 * The guest is about to be told of an error. What it has queued by now,
 * @pending requests, may belong to a message that was cut for one.
 */
void spi_message_lose(struct spi_message *message, uint16_t pending);

/*
 * chip_select_note() of the message, for the ring; 0 if it was cut and no
 * request that is queued can be of it.
 */
uint32_t spi_message_note(const struct spi_message *message);

/*
 * A request was popped. Closes a message that was cut, if the request is
 * behind all that may belong to it.
 */
void spi_message_popped(struct spi_message *message);

/* And that was undone: it will be popped, and counted, once more. */
void spi_message_unpopped(struct spi_message *message);

/* Leaves the bus, if the guest has it or waits for it, unless it holds a chip.
 */
void spi_message_leave_bus(struct spi_message *message);

/* The guest begins anew, or is gone: ends the message without a trace. */
void spi_message_reset(struct spi_message *message);

#endif
